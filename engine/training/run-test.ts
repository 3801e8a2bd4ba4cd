/** What a run is asked once it has trained: its test images, and pictures of what a pretrained network answers. */
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Example } from '../db/examples.ts';
import type { RunData } from './batches/run-data.ts';
import { chooseExamples, drawExamples } from './examples.ts';
import { createImageStore } from './images/image-store.ts';
import { type AnyTile, readTile } from './images/tiles.ts';
import type { FlatWeights } from './network/parameters.ts';
import type { RunOptions } from './run-options.ts';
import type { RunStart } from './run-start.ts';
import { type TestCheckpoint, testImages } from './scoring/evaluation.ts';
import { disposeWeights, type Segmenter, toTensors } from './scoring/segmenter.ts';
import { predictionPrecision } from './tensorflow/precision.ts';

/** Pictures of what the pretrained network answers on a few of its images. */
export async function examplesOf(
  { project, run, engine }: RunOptions,
  { objective, train: images }: RunData,
  weights: FlatWeights,
): Promise<Example[]> {
  const { sampling, network, snapshotId, optimisation } = run.config;
  const tiles: AnyTile[] = [];
  const store = createImageStore({ folder: project.scratchFolder });
  const options = { sampling, channels: network.inputChannels, store };
  for (const request of chooseExamples(images)) {
    tiles.push(await readTile(project, request, options));
  }
  const examples = await drawExamples({
    engine,
    objective,
    spec: objective.spec,
    weights,
    tiles,
    sizePx: sampling.sizePx,
    classes: pinnedDataset(project, snapshotId)?.classes ?? [],
    precision: predictionPrecision(engine, optimisation.precision),
  });
  store.close();
  return examples;
}

export async function testRun(
  options: RunOptions,
  data: RunData,
  start: RunStart,
  segmenter: Segmenter,
  /** `best`: null where it is the last. */
  weights: { last: FlatWeights; best: FlatWeights | null },
): Promise<void> {
  const { project, run, emit } = options;
  const { sampling, network } = run.config;
  const frozen = start.specs.frozen.parameters.length === 0 ? [] : [start.frozen];
  const { last, best } = weights;
  const checkpoints: TestCheckpoint[] =
    best === null
      ? [{ kinds: ['best', 'last'], weights: toTensors([last, ...frozen]) }]
      : [
          { kinds: ['best'], weights: toTensors([best, ...frozen]) },
          { kinds: ['last'], weights: toTensors([last, ...frozen]) },
        ];
  await testImages({
    project,
    requests: data.test,
    segmenter,
    classes: { count: segmenter.classes, scored: data.scored },
    channels: network.inputChannels,
    sampling,
    checkpoints,
    onResult: (result, prediction) => emit({ type: 'result', result, prediction }),
  });
  for (const { weights: tensors } of checkpoints) disposeWeights(tensors);
}
