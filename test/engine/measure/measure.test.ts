/** Datasets that are measured: labels, predictions, pixel sizes, and what cannot be read. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodePng } from '../../../engine/data/encode.ts';
import { createEngine } from '../../../engine/engine.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { createRunWriter, encodeLabelMap } from '../../../shared/label-map.ts';
import { TABLE_KEYS } from '../../../shared/objects/measure/columns.ts';
import { decodeMeasures } from '../../../shared/objects/measure/table-code.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { PATIENCE_MS } from '../../fixtures/patience.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const SIDE = 16;
/** Two squares of 4×4 that touch no border, on grey 10; the squares are 100 and 200. */
function picture(squares: boolean) {
  const image = new Uint8Array(SIDE * SIDE).fill(10);
  const mask = new Uint8Array(SIDE * SIDE);
  for (let y = 2; y < 6; y++) {
    for (let x = 2; x < 6; x++) {
      image[y * SIDE + x] = 100;
      image[y * SIDE + x + 8] = 200;
      mask[y * SIDE + x] = mask[y * SIDE + x + 8] = squares ? 1 : 0;
    }
  }
  const size = { width: SIDE, height: SIDE, channels: 1 } as const;
  return { image: { ...size, data: image }, mask: { ...size, data: mask } };
}

/** Two labelled images and one that is not. */
async function measurable(link = false) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'images'));
  mkdirSync(join(folder, 'masks'));
  for (const [name, squares] of [
    ['a', true],
    ['b', true],
  ] as const) {
    const { image, mask } = picture(squares);
    writeFileSync(join(folder, 'images', `${name}.png`), await encodePng(image));
    writeFileSync(join(folder, 'masks', `${name}.png`), await encodePng(mask));
  }
  const { image } = picture(false);
  image.data[0] = 11;
  writeFileSync(join(folder, 'images', 'c.png'), await encodePng(image));
  // The second differs from the first, or both would be one.
  const second = picture(true);
  second.image.data[0] = 12;
  writeFileSync(join(folder, 'images', 'b.png'), await encodePng(second.image));
  const project = join(folder, 'p.graft');
  const engine = createEngine();
  onTestFinished(() => engine.close());
  await engine.call('project.create', { path: project });
  const { datasetId } = await engine.call('datasets.import', {
    ...{ project, name: 'd', path: folder, link },
  });
  return { folder, engine, of: { project, datasetId } };
}

const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\r\n');

describe('measuring a dataset', { timeout: PATIENCE_MS }, () => {
  it('writes a line an object and a line an image, in pixels and in the unit that was typed', async () => {
    const { folder, engine, of } = await measurable();
    await engine.call('measures.setPixelSize', { ...of, pixelSize: { size: 0.5, unit: 'um' } });
    const dir = join(folder, 'out');
    const report = await engine.call('measures.write', { ...of, dir });
    expect(report).toMatchObject({ objects: 4, unmeasured: 1, files: 2, notes: [] });
    const [header = '', first = ''] = linesOf(join(dir, 'objects.csv'));
    const value = (name: string) => first.split(',')[header.split(',').indexOf(name)];
    expect(value('image')).toBe('a.png');
    expect(value('class_name')).toBe('foreground');
    expect([value('area'), value('area_um2')]).toEqual(['16', '4']);
    expect([value('perimeter'), value('perimeter_um')]).toEqual(['12', '6']);
    expect([value('centroid-0'), value('centroid-1')]).toEqual(['3.5', '3.5']);
    expect(value('intensity_mean-0')).toBe('100');
    expect(value('touches_border')).toBe('0');
    const images = linesOf(join(dir, 'images.csv'));
    expect(images[1]).toBe('a.png,16,16,2,components,2,32,0.125,0.5,um,typed,8');
    expect(images).toHaveLength(3);
  });

  it('touches nothing in a folder that holds files', async () => {
    const { folder, engine, of } = await measurable();
    const dir = join(folder, 'images');
    const written = engine.call('measures.write', { ...of, dir });
    await expect(written).rejects.toThrow(/is not empty/);
    expect(existsSync(join(dir, 'objects.csv'))).toBe(false);
  });

  it('gives a window the same numbers as columns', async () => {
    const { engine, of } = await measurable();
    const { tableId, columns, images } = await engine.call('measures.table', of);
    const bytes = engine.project(of.project).measures.get(tableId) ?? new Uint8Array();
    const values = decodeMeasures(bytes.slice(), TABLE_KEYS.length + columns.length);
    expect(images.map(({ name, objects }) => [name, objects])).toEqual([
      ['a.png', 2],
      ['b.png', 2],
    ]);
    expect([...(values[0] ?? [])]).toEqual([0, 0, 1, 1]);
    const area = TABLE_KEYS.length + columns.findIndex(({ name }) => name === 'area');
    expect([...(values[area] ?? [])]).toEqual([16, 16, 16, 16]);
    const brightest = columns.findIndex(({ name }) => name === 'intensity_max-0');
    expect([...(values[TABLE_KEYS.length + brightest] ?? [])]).toEqual([100, 200, 100, 200]);
    // The one before may be on its way when the next is there.
    const next = await engine.call('measures.table', of);
    const held = () =>
      [tableId, next.tableId].map(
        (id) => engine.project(of.project).measures.get(id) !== undefined,
      );
    expect(held()).toEqual([true, true]);
    await engine.call('measures.table', of);
    expect(held()).toEqual([false, true]);
  });

  it('measures objects that were told apart as they are, and says so', async () => {
    const { engine, of } = await measurable();
    const { db } = engine.project(of.project);
    const [image] = db.datasets.images(of.datasetId);
    const { labelMapId = null } = image ?? {};
    if (image === undefined || labelMapId === null) throw new Error('the first image is labelled');
    const bytes = db.labelMaps.bytes(labelMapId) ?? new Uint8Array();
    const both = new Uint32Array(SIDE * SIDE);
    picture(true).mask.data.forEach((value, i) => (both[i] = value * 9));
    await engine.call('labelMaps.save', {
      ...{ project: of.project, imageId: image.id, author: 'human', runId: null, base: null },
      ...{ bytes, objects: encodeObjectMap({ width: SIDE, height: SIDE, data: both }) },
    });
    const { images, objects } = await engine.call('measures.table', of);
    expect(objects).toBe(3);
    expect(images[0]).toMatchObject({ from: 'stored', objects: 1 });
    expect(images[1]).toMatchObject({ from: 'components', objects: 2 });
  });

  it('measures shapes without intensities where an original is gone, and names it', async () => {
    const { folder, engine, of } = await measurable(true);
    rmSync(join(folder, 'images', 'a.png'));
    const dir = join(folder, 'out');
    const { notes, objects } = await engine.call('measures.write', { ...of, dir });
    expect(objects).toBe(4);
    expect(notes.join(' ')).toMatch(/a\.png: Without intensities: .*a\.png/);
    const [header = '', first = ''] = linesOf(join(dir, 'objects.csv'));
    expect(first.split(',')[header.split(',').indexOf('intensity_mean-0')]).toBe('');
    expect(first.split(',')[header.split(',').indexOf('area')]).toBe('16');
  });

  it('looks at the file before it unpacks labels that claim to be far larger, and names it', async () => {
    const { engine, of } = await measurable();
    const { db } = engine.project(of.project);
    const side = 32_768;
    const bytes = await encodePng(picture(true).image);
    const imageId = db.datasets.addImage({
      ...{ datasetId: of.datasetId, name: 'huge.png', widthPx: side, heightPx: side, channels: 1 },
      ...{ bitDepth: 8, page: 0, groupName: null, imageClass: null, source: { bytes } },
      hash: sha256(bytes),
    });
    // A gigabyte, once it is unpacked.
    const huge = createRunWriter({ width: side, height: side });
    huge.append(1, side * side);
    db.labelMaps.add({ imageId, author: 'human', bytes: huge.bytes() });
    const before = process.memoryUsage().rss;
    const { images, notes } = await engine.call('measures.table', of);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
    expect(images.map(({ name }) => name)).toEqual(['a.png', 'b.png']);
    expect(notes).toEqual([
      expect.stringMatching(/^huge\.png was not measured: .* has 16×16 px, but 32768×32768/),
    ]);
  });

  it('names labels whose value is no class', async () => {
    const { engine, of } = await measurable();
    const { db } = engine.project(of.project);
    const [image] = db.datasets.images(of.datasetId);
    const data = picture(true).mask.data.map((value) => value * 7);
    const bytes = encodeLabelMap({ width: SIDE, height: SIDE, data });
    db.labelMaps.add({ imageId: image?.id ?? 0, author: 'human', bytes });
    const { notes } = await engine.call('measures.table', of);
    expect(notes).toEqual([
      expect.stringMatching(/^The labels of a\.png hold the value 7, which is no class of "d"/),
    ]);
  });

  it('says what to do where there is nothing to measure, and can be stopped', async () => {
    const { engine, of } = await measurable();
    await expect(engine.call('measures.table', { ...of, runId: 77 })).rejects.toThrow(/no run 77/);
    const imageIds = engine
      .project(of.project)
      .db.datasets.images(of.datasetId)
      .map(({ id }) => id);
    await engine.call('images.exclude', { ...of, imageIds, reason: 'all of them' });
    await expect(engine.call('measures.table', of)).rejects.toThrow(
      /nothing to measure. Label some/,
    );
  });
});
