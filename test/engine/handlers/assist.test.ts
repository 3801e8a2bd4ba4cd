/** Scribbles on disk, and the pixel classifiers that are kept of them, on a real project and in real threads. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { decodeForest, encodeForest } from '../../../shared/assist/forest-code.ts';
import { growForest } from '../../../shared/assist/forest.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';

const [WIDTH, HEIGHT] = [300, 40];

/** Dark with a bright right half, and noise: two tiles, one of them narrow. */
function picture(): Uint8Array {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const noise = (i * 7919) % 23;
    return (i % WIDTH < WIDTH / 2 ? 40 : 160) + noise;
  });
  return encode({ width: WIDTH, height: HEIGHT, channels: 1, depth: 8, data });
}

function strokes(values: Readonly<Record<number, number>>): Uint8Array {
  const data = new Uint8Array(WIDTH * HEIGHT).fill(255);
  for (const [x, value] of Object.entries(values)) {
    for (let y = 10; y < 30; y++) data[y * WIDTH + Number(x)] = value;
  }
  return encodeLabelMap({ width: WIDTH, height: HEIGHT, data });
}

describe('classifiers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'graft-test-'));
  const engine = createEngine();
  let project = '';
  let datasetId = 0;
  let ids: number[] = [];
  const save = (at: number, bytes: Uint8Array) =>
    engine.call('scribbles.save', { project, imageId: ids[at] ?? 0, bytes });

  beforeAll(async () => {
    mkdirSync(join(folder, 'images'));
    for (const name of ['a', 'b', 'c'])
      writeFileSync(join(folder, 'images', `${name}.png`), picture());
    ({ path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') }));
    const imported = await engine.call('datasets.import', { project, name: 'd', path: folder });
    ({ datasetId } = imported);
    const { images } = await engine.call('images.list', { project, datasetId });
    ids = images.map(({ id }) => id);
    return async () => {
      await engine.close();
      rmSync(folder, { recursive: true });
    };
  });

  it('say what is missing, and keep the scribbles', async () => {
    const keep = () => engine.call('classifiers.keep', { project, datasetId, name: 'halves' });
    await expect(keep()).rejects.toMatchObject({ code: 'invalid-input' });
    await save(0, strokes({ 20: 1 }));
    await expect(keep()).rejects.toThrow(/scribbles of one class only/);
    expect(await engine.call('scribbles.images', { project, datasetId })).toEqual([ids[0]]);
    await save(0, strokes({}));
    expect(await engine.call('scribbles.images', { project, datasetId })).toEqual([]);
    await expect(save(0, strokes({ 20: 77 }))).rejects.toThrow(/no class of "d"/);
  });

  it('learn from all scribbles of a dataset, and propose labels where nobody labelled', async () => {
    await save(0, strokes({ 20: 0, 100: 0 }));
    await save(1, strokes({ 200: 1, 280: 1 }));
    const kept = await engine.call('classifiers.keep', { project, datasetId, name: 'halves' });
    expect(kept).toMatchObject({ channels: 1, classes: [0, 1], images: 2, pixels: 80, notes: [] });
    await expect(
      engine.call('classifiers.keep', { project, datasetId, name: 'halves' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    const human = encodeLabelMap({
      ...{ width: WIDTH, height: HEIGHT, data: new Uint8Array(WIDTH * HEIGHT).fill(1) },
    });
    await engine.call('labelMaps.save', {
      ...{ project, imageId: ids[2] ?? 0, author: 'human', runId: null, base: null, bytes: human },
    });
    const report = await engine.call('classifiers.dataset', {
      ...{ project, datasetId, classifierId: kept.id },
    });
    expect(report).toMatchObject({ predicted: 2, failed: [] });
    const { db } = engine.project(project);
    const [newest] = db.labelMaps.history(ids[0] ?? 0);
    expect(newest).toMatchObject({ author: 'model', helpers: ['scribbles'], runId: null });
    const { data } = decodeLabelMap(db.labelMaps.bytes(newest?.id ?? 0) ?? new Uint8Array());
    const right = data.filter((value, i) => value === (i % WIDTH < WIDTH / 2 ? 0 : 1)).length;
    expect(right / data.length).toBeGreaterThan(0.97);
    expect(db.labelMaps.latest(ids[2] ?? 0)?.author).toBe('human');
  });

  it('write masks of files, and name what has other channels', async () => {
    const [kept] = await engine.call('classifiers.list', { project });
    const colour = new Uint8Array(3 * 16 * 16);
    mkdirSync(join(folder, 'more'));
    writeFileSync(join(folder, 'more', 'grey.png'), picture());
    writeFileSync(
      join(folder, 'more', 'colour.png'),
      encode({ width: 16, height: 16, channels: 3, depth: 8, data: colour }),
    );
    const report = await engine.call('classifiers.files', {
      ...{ project, classifierId: kept?.id ?? 0, paths: [join(folder, 'more')] },
      dir: join(folder, 'masks'),
    });
    expect(report).toMatchObject({ predicted: 1, files: 2 });
    expect(report.failed[0]?.message).toMatch(/it has 3 channels/);
    expect(readdirSync(join(folder, 'masks')).sort()).toEqual(['grey.png', 'predictions.csv']);
    expect(readFileSync(join(folder, 'masks', 'predictions.csv'), 'utf8')).toContain('grey.png');
  });

  it('learn from the kind of image that was scribbled on most, and name the others', async () => {
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    const colour = new Uint8Array(3 * WIDTH * HEIGHT);
    writeFileSync(
      join(mixed, 'a.png'),
      encode({ width: WIDTH, height: HEIGHT, channels: 3, data: colour }),
    );
    for (const name of ['b', 'c']) writeFileSync(join(mixed, `${name}.png`), picture());
    const imported = await engine.call('datasets.import', { project, name: 'mixed', path: mixed });
    const of = { project, datasetId: imported.datasetId };
    const { images } = await engine.call('images.list', of);
    const bytes = strokes({ 20: 0, 280: 1 });
    for (const { id: imageId } of images)
      await engine.call('scribbles.save', { project, imageId, bytes });
    const kept = await engine.call('classifiers.keep', { ...of, name: 'grey' });
    expect(kept).toMatchObject({ channels: 1, images: 2 });
    expect(kept.notes).toEqual(['a.png: it has 3 channels, most of those scribbled on 1']);
    await engine.call('classifiers.remove', { project, classifierId: kept.id });
  });

  it('learn from labels as well where that is wanted, in the place of strokes on the same image', async () => {
    const keep = (name: string, labels: boolean) =>
      engine.call('classifiers.keep', { project, datasetId, name, labels });
    // The third image was labelled, all of it 1; the first two have strokes, and proposals that nobody looked at.
    const both = await keep('both', true);
    expect(both).toMatchObject({ images: 3, classes: [0, 1], notes: [] });
    const strokesAlone = await keep('strokes alone', false);
    expect(strokesAlone).toMatchObject({ images: 2, pixels: 80 });
    expect(both.pixels).toBeGreaterThan(80);
    expect(both.pixels).toBeLessThanOrEqual(80 + 500);
    await save(2, strokes({ 20: 0 }));
    const { db } = engine.project(project);
    const again = await keep('again', true);
    expect(again.pixels).toBe(both.pixels);
    expect(db.assist.forest(again.id)).toEqual(db.assist.forest(both.id));
    await save(2, strokes({}));
    for (const { id } of [both, strokesAlone, again])
      await engine.call('classifiers.remove', { project, classifierId: id });
  });

  it('are told apart by the case of their names, as datasets and models are, and not by its form', async () => {
    const keep = (name: string) => engine.call('classifiers.keep', { project, datasetId, name });
    const ids = [await keep('cafe\u0301'), await keep('Cafe\u0301')].map(({ id }) => id);
    await expect(keep('caf\u00e9')).rejects.toMatchObject({ code: 'conflict' });
    for (const classifierId of ids)
      await engine.call('classifiers.remove', { project, classifierId });
  });

  it('are renamed and deleted; what they made stays', async () => {
    const [kept] = await engine.call('classifiers.list', { project });
    const query = { project, classifierId: kept?.id ?? 0 };
    await engine.call('classifiers.rename', { ...query, name: 'light and dark' });
    expect(await engine.call('classifiers.list', { project })).toMatchObject([
      { name: 'light and dark' },
    ]);
    await engine.call('classifiers.remove', query);
    expect(await engine.call('classifiers.list', { project })).toEqual([]);
    expect(engine.project(project).db.labelMaps.latest(ids[0] ?? 0)?.author).toBe('model');
  });
});

it('refuses a forest that would never end, or asks for what is not there', () => {
  const features = Float32Array.from({ length: 40 }, (_, i) => i);
  const classes = Uint8Array.from({ length: 20 }, (_, i) => (i < 10 ? 0 : 1));
  const shape = { featureCount: 2, classCount: 2 };
  const forest = growForest({ features, classes, ...shape }, { seed: 1, to: 3 });
  expect(decodeForest(encodeForest(forest), shape)).toEqual(forest);
  const inner = forest.feature.findIndex((asked) => asked >= 0);
  const round = { ...forest, next: forest.next.with(inner, inner) };
  const beyond = { ...forest, feature: forest.feature.with(inner, 2) };
  for (const wrong of [round, beyond]) {
    expect(() => decodeForest(encodeForest(wrong), shape)).toThrow(/damaged/);
  }
  expect(() => decodeForest(encodeForest(forest), { featureCount: 3, classCount: 2 })).toThrow();
  expect(() => decodeForest(encodeForest(forest).slice(4), shape)).toThrow(/damaged/);
});
