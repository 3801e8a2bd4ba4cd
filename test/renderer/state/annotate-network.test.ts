/** A network of the sample project is asked about the open image: what is shown, cleaned up, accepted and kept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Api } from '../../../renderer/api.ts';
import { drawHere } from '../../../renderer/canvas/post-processor.ts';
import { AnnotateNetwork } from '../../../renderer/state/annotate-network.svelte.ts';
import { AnnotateState } from '../../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../../renderer/state/annotate-habits.ts';
import { encodeClassScores } from '../../../shared/exchange.ts';
import { AS_DRAWN } from '../../../shared/post-processing.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

async function sitting() {
  const { engine, api } = await windowEngine();
  const project = join(temporaryFolder(), 'sample.graft');
  writeFileSync(project, gunzipSync(readFileSync('samples/graft-sample.graft.gz')));
  await engine.call('project.open', { path: project });
  const { db } = engine.project(project);
  const [network] = await engine.call('predict.networks', { project });
  const runId = network?.runId ?? 0;
  const items = db.snapshots.items(db.runs.get(runId)?.config.snapshotId ?? 0);
  const tested = items.filter(({ part }) => part === 'test').map(({ imageId }) => imageId);
  const said: string[] = [];
  const notify = (_: string, text: string) => said.push(text);
  const annotate = new AnnotateState({ api, project, habits: firstHabits(), notify });
  const stop = annotate.listen();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  annotate.editor.resize({ width: 320, height: 320 });
  await annotate.open(network?.datasetId ?? 0, tested);
  await annotate.show(0);
  const predicted = () =>
    annotate.prediction.layer?.toLabelMap().data.filter((value) => value !== 0).length ?? -1;
  return { engine, project, db, runId, annotate, said, predicted };
}

describe('a network that is asked', () => {
  it('is picked by itself, draws what the sliders say, and is accepted as one step', async () => {
    const { annotate, runId, predicted, said, project, engine, db } = await sitting();
    const { network, editor } = annotate;
    await annotate.overlay.predict();
    expect([annotate.prediction.runId, network.answer?.runId]).toEqual([runId, runId]);
    const layer = annotate.prediction.layer;
    await network.setRule(runId, { ...AS_DRAWN, threshold: 0.02 });
    const most = predicted();
    await network.setRule(runId, { ...AS_DRAWN, threshold: 0.98 });
    expect(predicted()).toBeLessThan(most);
    // Of what comes while one is drawn, only the last is.
    const rules = [0.5, 0.7, 0.02].map((threshold) => ({ ...AS_DRAWN, threshold }));
    await Promise.all(rules.map((rule) => network.setRule(runId, rule)));
    expect(predicted()).toBe(most);
    expect(annotate.prediction.layer).toBe(layer);

    const before = annotate.document?.layer.toLabelMap();
    // Accepted is what the slider says, though it is not drawn yet.
    await network.setRule(runId, { ...AS_DRAWN, threshold: 0.98 });
    const moved = network.setRule(runId, { ...AS_DRAWN, threshold: 0.02 });
    annotate.overlay.accept();
    expect(annotate.document?.layer.toLabelMap()).toEqual(before);
    await moved;
    await expect.poll(() => annotate.labels.history.position).toBe(1);
    expect(predicted()).toBe(most);
    expect(annotate.document?.layer.toLabelMap()).toEqual(layer?.toLabelMap());
    await annotate.saveAll();
    const imageId = annotate.image?.id ?? 0;
    expect(db.labelMaps.history(imageId)[0]).toMatchObject({ author: 'corrected', runId });
    editor.undo();
    expect(annotate.document?.layer.toLabelMap()).toEqual(before);

    await network.keep(runId, network.ruleOf(runId));
    const { postProcessing } = await engine.call('predict.choices', { project, runId });
    expect(postProcessing).toEqual({ ...AS_DRAWN, threshold: 0.02 });
    expect(said).toEqual([]);
  });

  it('predicts a region, which alone is accepted, and every image where that is wanted', async () => {
    const { annotate } = await sitting();
    const area = { x0: 4, y0: 6, x1: 20, y1: 18 };
    const before = annotate.document?.layer.toLabelMap();
    await annotate.overlay.predict(area);
    const { shown } = annotate.prediction;
    expect(shown?.area).toEqual(area);
    annotate.overlay.accept();
    const after = annotate.document?.layer.toLabelMap();
    const width = after?.width ?? 1;
    const changed = [...(after?.data.keys() ?? [])].filter(
      (i) => after?.data[i] !== before?.data[i],
    );
    expect(changed.every((i) => i % width >= 4 && i % width < 20)).toBe(true);
    expect(changed.every((i) => i >= 6 * width && i < 18 * width)).toBe(true);

    annotate.network.isAlways = true;
    await annotate.show(1);
    expect(annotate.network.answer?.region.left).toBe(undefined);
    await expect.poll(() => annotate.network.answer?.region.width).toBe(annotate.image?.widthPx);
  });

  it('says which networks can be asked, and is stopped without a word', async () => {
    const { annotate, db, said } = await sitting();
    const { network } = annotate;
    const lost = db.runs
      .list()
      .find(({ id, kind }) => kind === 'finetune' && !network.canPredict(id));
    if (lost !== undefined) {
      expect(() => network.pick(lost.id, null)).toThrow(/weights of this run are not kept/);
    }
    network.networks = [];
    expect(() => network.pick(null, null)).toThrow(/No network of this project can predict yet/);
    await network.load();
    const asked = annotate.overlay.predict();
    network.stop();
    await asked;
    expect([network.isAsking, network.answer, annotate.prediction.layer]).toEqual([
      false,
      null,
      null,
    ]);
    expect(said).toEqual([]);
  });
});

it('an answer of a network that tells objects apart has them, anew as the sliders move', async () => {
  // A part of 6 × 1 px at (1, 1): two that touch, the right one less sure.
  const likely = Uint8Array.of(1, 1, 1, 1, 1, 0);
  const scores = encodeClassScores({
    ...{ width: 6, height: 1, likely, foreground: Uint8Array.of(1, 1, 1, 1, 1, 1) },
    score: Uint8Array.of(250, 250, 250, 120, 120, 20),
    depths: Uint8Array.of(100, 255, 90, 90, 255, 0),
  });
  const image = { id: 1, widthPx: 8, heightPx: 3 };
  const answers: Readonly<Record<string, unknown>> = {
    'predict.choices': { postProcessing: null, ensemble: [1], hasBackground: true },
    'predict.image': { predictionId: 1, uncertainty: 0, unknown: [], seconds: 1, notes: null },
  };
  const api = {
    call: (name: string) => Promise.resolve(answers[name]),
    fetchPixels: () => Promise.resolve({ bytes: scores }),
  };
  const network = new AnnotateNetwork({
    ...{ api: api as unknown as Api, project: '/p.graft', startDrawing: drawHere },
  });
  const area = { x0: 1, y0: 1, x1: 7, y1: 2 };
  const shown = await network.ask({ runId: 1, image, area, blank: 0 });
  const row = () => Array.from({ length: 8 }, (_, x) => shown.objects?.get(x, 1));
  expect(row()).toEqual([0, 1, 1, 1, 2, 2, 0, 0]);
  await network.setRule(1, { ...AS_DRAWN, threshold: 0.7 });
  expect(row()).toEqual([0, 1, 1, 1, 0, 0, 0, 0]);
});
