/** Predictions of one image, measured and chosen, with a network of the sample project and its warm process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { ensembleOf } from '../../../engine/handlers/predicting-run.ts';
import { AS_DRAWN } from '../../../shared/post-processing.ts';
import { decodeClassScores } from '../../../shared/exchange.ts';

const engine = createEngine();
afterAll(async () => {
  await engine.close();
  rmSync(dir, { recursive: true });
});
let path = '';
let runId = 0;
let imageId = 0;
const dir = mkdtempSync(join(tmpdir(), 'graft-test-'));
beforeAll(async () => {
  path = join(dir, 'sample.graft');
  writeFileSync(path, gunzipSync(readFileSync('samples/graft-sample.graft.gz')));
  await engine.call('project.open', { path });
  const { db } = engine.project(path);
  const run = db.runs
    .list()
    .find(({ id, kind }) => kind === 'finetune' && db.runs.checkpoint(id, 'best') !== undefined);
  runId = run?.id ?? 0;
  const items = db.snapshots.items(run?.config.snapshotId ?? 0);
  imageId = items.find(({ part }) => part === 'test')?.imageId ?? 0;
});

const predict = (more: { flips?: boolean; region?: Region } = {}) =>
  engine.call('predict.image', { project: path, runId, imageId, ...more });
interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}
const scoresOf = (predictionId: number) =>
  decodeClassScores(engine.project(path).predictor.scores(predictionId) ?? new Uint8Array());

describe('the open image', () => {
  it('is predicted as its run predicted it, and again in the same process', async () => {
    const { db } = engine.project(path);
    const before = db.labelMaps.history(imageId).length;
    const first = await predict();
    const again = await predict();
    expect(again.seconds).toBeLessThan(first.seconds / 2);
    const [one, other] = [scoresOf(first.predictionId), scoresOf(again.predictionId)];
    expect(other).toEqual(one);
    expect(one).toMatchObject({ width: first.region.width, height: first.region.height });
    expect(first.unknown).toEqual([]);
    // Nothing is stored.
    expect(db.labelMaps.history(imageId)).toHaveLength(before);
  });

  it('is predicted in a region alone, with its surroundings seen', async () => {
    const whole = scoresOf((await predict()).predictionId);
    const region = { left: 5, top: 9, width: 20, height: 12 };
    const part = scoresOf((await predict({ region })).predictionId);
    const rows = Array.from({ length: 12 }, (_, y) => [
      ...whole.score.subarray((9 + y) * whole.width + 5, (9 + y) * whole.width + 25),
    ]);
    expect([...part.score]).toEqual(rows.flat());
    const beyond = { ...region, width: 100_000 };
    await expect(predict({ region: beyond })).rejects.toThrow(/reaches beyond the image, which is/);
  });

  it('keeps the last two predictions, and is cancelled without harm', async () => {
    const { predictionId } = await predict();
    await predict();
    await predict({ flips: true });
    expect(engine.project(path).predictor.scores(predictionId)).toBeUndefined();
    const abort = new AbortController();
    const input = { project: path, runId, imageId };
    const cancelled = engine.call('predict.image', input, { signal: abort.signal });
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect((await predict()).uncertainty).toBeGreaterThan(0);
  });
});

describe('what becomes of what a network draws', () => {
  it('is measured on validation images, kept for the run, and used unless other is asked for', async () => {
    const ask = { project: path, runId };
    const found = await engine.call('predict.measure', { ...ask, flips: true });
    expect(found.images).toBeGreaterThan(0);
    expect(found.chosen.dice ?? 0).toBeGreaterThanOrEqual(found.averaged.dice ?? 1);
    expect(found.averaged.secondsPerImage).toBeGreaterThan(found.plain.secondsPerImage);

    const file = join(dir, 'grey.png');
    const pixels = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * 37) % 256);
    writeFileSync(file, encode({ width: 64, height: 64, channels: 1, data: pixels }));
    const masks = async (more: object = {}) => {
      const out = { paths: [file], dir: join(dir, 'out'), replace: true };
      await engine.call('predict.files', { ...ask, ...out, ...more });
      return readFileSync(join(dir, 'out', 'grey.png'));
    };
    const drawn = await masks();
    const everything = { threshold: 0, minObjectPx: 0, fillHolesPx: 0 };
    await engine.call('predict.keep', { ...ask, postProcessing: everything });
    expect((await engine.call('predict.choices', ask)).postProcessing).toEqual(everything);
    expect(await masks()).not.toEqual(drawn);
    expect(await masks({ asDrawn: true })).toEqual(drawn);
    expect(await masks({ postProcessing: { threshold: null } })).toEqual(drawn);
    await engine.call('predict.keep', { ...ask, postProcessing: null });
    expect(await masks()).toEqual(drawn);
    expect(await masks({ postProcessing: AS_DRAWN })).toEqual(drawn);
  });

  it('averages runs of one study, arm, label count and split', async () => {
    const { db } = engine.project(path);
    const run = db.runs.get(runId);
    if (run === undefined) throw new Error('there is a run');
    const { ensemble } = await engine.call('predict.choices', { project: path, runId });
    expect(ensemble[0]).toBe(runId);
    const networks = await engine.call('predict.networks', { project: path });
    expect(networks.map((one) => one.runId)).toEqual(expect.arrayContaining([...ensemble]));
    expect(networks.every((one) => db.runs.hasCheckpoint(one.runId))).toBe(true);
    expect(ensembleOf(db, { ...run, studyId: null })).toEqual([runId]);
    expect(ensembleOf(db, { ...run, labels: -1 })).toEqual([runId]);
  });

  it('is of finished runs, of images that there are', async () => {
    const input = { project: path, runId, imageId: 999_999 };
    await expect(engine.call('predict.image', input)).rejects.toThrow(/There is no image 999999/);
    const pretraining = engine
      .project(path)
      .db.runs.list()
      .find(({ kind }) => kind === 'pretrain');
    const ask = { project: path, runId: pretraining?.id ?? 0 };
    await expect(engine.call('predict.choices', ask)).rejects.toThrow(/only finished fine-tuning/);
  });
});
