/** A live training in its real process, on generated images. */
import { expect, it, onTestFinished } from 'vitest';
import { LiveTraining } from '../../../../engine/live-training.ts';
import { type LiveProcess, spawnLive } from '../../../../engine/live-process.ts';
import { keepLive } from '../../../../engine/models/keep-live.ts';
import { decodeCheckpoint } from '../../../../engine/training/checkpoint.ts';
import type { TrainerEvent } from '../../../../engine/training/protocol.ts';
import { executeRun } from '../../../../engine/training/run.ts';
import { resumeCheckpoint } from '../../../../engine/training/run-start.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../../shared/label-map.ts';
import type { LiveState } from '../../../../shared/entities.ts';
import type { EngineEvent } from '../../../../shared/events.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { SIZE_PX, squaresProject } from '../squares-project.ts';

const engine = await nativeEngineOrSkip();

it('takes up new labels, answers, and goes on from its checkpoint after a pause and a crash', async () => {
  const { project, images } = squaresProject();
  const datasetId = images[0]?.datasetId ?? 0;
  const listeners = new Set<() => void>();
  let process: LiveProcess | undefined;
  const live = new LiveTraining({
    project,
    wish: { engine: 'tensorflow' },
    isQueueBusy: () => false,
    checkpointIntervalMs: 200,
    emit: () => {
      for (const listener of listeners) listener();
    },
    spawn: (onEvent) => (process = spawnLive(onEvent)),
  });
  onTestFinished(() => live.close());
  const until = (holds: (state: LiveState) => boolean) =>
    new Promise<LiveState>((resolve) => {
      const check = () => {
        if (!holds(live.state)) return;
        listeners.delete(check);
        resolve(live.state);
      };
      listeners.add(check);
      check();
    });
  const saved = () => project.live.list()[0]?.step ?? 0;

  await live.start(datasetId);
  const begun = await until(({ step, measured }) => step >= 5 && measured !== null);
  expect(begun).toMatchObject({ phase: 'training', images: 10, heldOut: 4, trouble: null });

  const [first] = images;
  const prediction = await live.predict(
    { imageId: first?.id ?? 0, area: null },
    new AbortController().signal,
  );
  expect(decodeLabelMap(prediction.bytes)).toMatchObject({ width: SIZE_PX, height: SIZE_PX });

  // A correction of an image that is trained on joins; whoever is held out stays so.
  const sides = new Map(project.live.takings(datasetId).map((t) => [t.imageId, t.heldOut]));
  const labels = { width: SIZE_PX, height: SIZE_PX, data: new Uint8Array(SIZE_PX ** 2) };
  const corrected = project.labelMaps.add({
    imageId: first?.id ?? 0,
    author: 'corrected',
    bytes: encodeLabelMap(labels),
  });
  const changed: EngineEvent = {
    type: 'changed',
    project: project.path,
    origin: null,
    changes: { images: { datasetId, labelled: [] } },
  };
  live.follow(changed);
  const joined = () => project.live.takings(datasetId).findLast((t) => t.labelMapId === corrected);
  await until(() => joined() !== undefined);
  expect(joined()).toMatchObject({ imageId: first?.id, heldOut: sides.get(first?.id ?? 0) });

  await live.pause();
  const paused = saved();
  expect(live.state).toMatchObject({ phase: 'paused', step: paused });
  const checkpoint = project.live.checkpoint(datasetId);
  expect(decodeCheckpoint(checkpoint ?? new Uint8Array()).header.step).toBe(paused);

  // Killed without a word: it goes on from what was stored, by itself.
  await live.start(datasetId);
  await until(({ step }) => step > paused);
  process?.kill();
  await until(({ phase }) => phase === 'starting');
  const kept = saved();
  const again = await until(({ phase, step }) => phase === 'training' && step > kept);
  expect(again).toMatchObject({ images: 10, heldOut: 4 });
  await live.pause();
  for (const { imageId, heldOut } of project.live.takings(datasetId)) {
    expect(heldOut).toBe(sides.get(imageId));
  }

  // Kept as a model, it is scored on the test images that it held out, and no step is made.
  const dataset = project.datasets.get(datasetId);
  if (dataset === undefined) throw new Error('the dataset is gone');
  const { modelId, runId } = keepLive(project, dataset);
  const run = project.runs.get(runId);
  if (run === undefined) throw new Error('the run is gone');
  expect(run).toMatchObject({ status: 'queued', step: saved(), steps: saved(), labels: 10 });
  const events: TrainerEvent[] = [];
  const { outcome } = await executeRun({
    ...{ project, run, engine, trainingData: null, checkpointInterval: 1e6 },
    resume: resumeCheckpoint(project, runId),
    emit: (event) => events.push(event),
    stopRequested: () => false,
  });
  expect(outcome).toBe('done');
  const scored = new Set(events.flatMap((e) => (e.type === 'result' ? [e.result.imageId] : [])));
  const tests = project.models.keptParts(datasetId).filter(({ part }) => part === 'test');
  expect([...scored].toSorted()).toEqual(tests.map(({ imageId }) => imageId).toSorted());
  expect(events.flatMap((e) => (e.type === 'metrics' ? e.points : []))).toEqual([]);
  expect(project.models.get(modelId)?.name).toBe('squares 1');
});
