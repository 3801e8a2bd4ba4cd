/**
 * The network of a live training: its step and its predictions, which follow the weights. What a checkpoint holds of
 * it, and how its head grows with the classes. Knows no images.
 */
import type { Dataset } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { type Batch, type BatchPlan, planBatches } from '../batches/batches.ts';
import {
  checkpointWeights,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainingCheckpoint,
} from '../checkpoint.ts';
import {
  flattenWeights,
  type FlatWeights,
  initialWeights,
  type NetworkSpec,
  type Weights,
} from '../network/parameters.ts';
import type { Rectangle } from '../images/image-store.ts';
import { pixelClasses } from '../network/pixel-classes.ts';
import { transferWeights } from '../network/transfer.ts';
import type { Objective } from '../objectives/objective.ts';
import { segmentationObjective } from '../objectives/segmentation.ts';
import { stepScalars } from '../optimiser.ts';
import { type PredictionInput, predictLabelMaps } from '../scoring/predict.ts';
import { createSegmenter } from '../scoring/segmenter.ts';
import type { Engine } from '../tensorflow/backend.ts';
import { createTrainingStep, freshState, type TrainingState } from '../training-step.ts';
import { type LiveSettings, viewsOf } from './settings.ts';

const NO_WEIGHTS: FlatWeights = {
  theta: new Float32Array(),
  statistics: new Float32Array(),
};
const NO_LAYERS: NetworkSpec = { parameters: [], statistics: [] };

/** What it goes on from. */
interface LiveStart {
  readonly step: number;
  readonly trainedSeconds: number;
  readonly classes: number;
  readonly settings: LiveSettings;
  readonly state: TrainingState;
  readonly layers: TrainingCheckpoint['header']['layers'];
}

/** Random weights. */
export function fresh(settings: LiveSettings, dataset: Dataset): LiveStart {
  const classes = pixelClasses(dataset);
  const { spec } = objectiveOf(settings, { classes, hasBackground: dataset.hasBackground });
  const { weights, layers } = transferWeights({
    target: spec,
    transfer: 'random',
    seed: settings.seed,
    pretrained: null,
  });
  const state = freshState(flattenWeights(spec, weights));
  return { step: 0, trainedSeconds: 0, classes, settings, state, layers };
}

/** Errors: corrupt, newer-version. */
export function resumed(bytes: Uint8Array, settings: LiveSettings): LiveStart {
  const { header, trained, moments } = decodeCheckpoint(bytes);
  const { step, trainedSeconds, classes, layers, network, sampling } = header;
  return {
    ...{ step, trainedSeconds, layers, classes: classes ?? 0 },
    settings: {
      ...settings,
      ...{ network, sampling },
      optimisation: { ...settings.optimisation, batch: viewsOf(sampling.sizePx) },
    },
    state: moments === null ? freshState(trained) : { ...trained, ...moments },
  };
}

/**
 * Weights for another number of classes: everything stays, the head's outputs of the classes that are there as well, and
 * those of new ones start at random.
 */
function withHeadOf(
  old: { readonly spec: NetworkSpec; readonly weights: Weights },
  { target, seed }: { readonly target: NetworkSpec; readonly seed: number },
): Weights {
  const random = initialWeights(target, seed);
  const shapes = new Map(old.spec.parameters.map(({ name, shape }) => [name, shape]));
  const parameters = new Map(
    target.parameters.map(({ name, shape }) => {
      const values = random.parameters.get(name) ?? new Float32Array();
      const before = old.weights.parameters.get(name);
      if (before?.length === values.length) return [name, before] as const;
      // Only the head differs, and only in its last axis: the classes.
      const [now, then] = [shape.at(-1) ?? 1, shapes.get(name)?.at(-1) ?? 1];
      const grown = values.slice();
      for (let row = 0; row * now < grown.length; row++) {
        for (let c = 0; c < Math.min(now, then); c++) {
          grown[row * now + c] = before?.[row * then + c] ?? grown[row * now + c] ?? 0;
        }
      }
      return [name, grown] as const;
    }),
  );
  const statistics = new Map([...random.statistics, ...old.weights.statistics]);
  return { parameters, statistics };
}

const objectiveOf = (
  { network, sampling }: LiveSettings,
  { classes, hasBackground }: { readonly classes: number; readonly hasBackground: boolean },
): Objective =>
  segmentationObjective({ network, sizePx: sampling.sizePx, classes, hasBackground, loss: null });

export interface LiveNetwork {
  readonly classes: number;
  /** Batches of so many images. */
  batches(count: number): BatchPlan;
  /** Loss before the update. `at`: the step's number. */
  train(batch: Batch, at: number): Promise<number>;
  /** By the weights of now. `area`: what of it; null: all. */
  predict(input: PredictionInput, area: Rectangle | null): Promise<LabelMap>;
  /** Probabilities of square views. [size, size, classes] each */
  probabilities(views: readonly Float32Array[]): Promise<Float32Array[]>;
  /** A checkpoint to resume from. */
  checkpoint(at: { readonly step: number; readonly trainedSeconds: number }): Promise<Uint8Array>;
  /** The same weights for other classes; this one is disposed of. Adam begins anew. */
  regrown(dataset: Dataset): Promise<LiveNetwork>;
  dispose(): void;
}

/** Errors: invalid-input, where the dataset has no class beside the background. */
export function createLiveNetwork(
  engine: Engine,
  start: Pick<LiveStart, 'settings' | 'state' | 'layers' | 'classes'> & {
    readonly hasBackground: boolean;
  },
): LiveNetwork {
  const { settings, layers, classes, hasBackground } = start;
  const { network, sampling, optimisation, seed } = settings;
  const objective = objectiveOf(settings, { classes, hasBackground });
  const { spec } = objective;
  const step = createTrainingStep({
    engine,
    objective,
    specs: { trained: spec, frozen: NO_LAYERS },
    initial: start.state,
    frozen: NO_WEIGHTS,
  });
  const segmenter = createSegmenter({
    ...{ engine, network, classes, sizePx: sampling.sizePx },
    specs: [spec],
  });
  const checkpoint: LiveNetwork['checkpoint'] = async ({ step: at, trainedSeconds }) => {
    const { theta, statistics, m, v } = await step.read();
    return encodeCheckpoint({
      header: {
        objective: 'finetune',
        ...{ network, sampling, classes, seed, trainedSeconds, layers },
        step: at,
        engine: engine.info,
        best: null,
        trained: spec,
        frozen: NO_LAYERS,
      },
      trained: { theta, statistics },
      frozen: NO_WEIGHTS,
      moments: { m, v },
      best: null,
    });
  };
  const dispose = () => {
    step.dispose();
    segmenter.dispose();
  };
  return {
    classes,
    batches: (count) =>
      planBatches({
        ...{ objective, augment: settings.augment, batch: optimisation.batch, seed, count },
        sizePx: sampling.sizePx,
      }),
    train: (batch, at) => step.run(batch, stepScalars(optimisation, at)),
    async predict(input, area) {
      const [prediction] = await predictLabelMaps(segmenter, [step.tensors()], [input], {
        labelsAlone: true,
        ...(area === null ? {} : { area }),
      });
      if (prediction === undefined) throw new Error('an image gave no label map');
      return prediction;
    },
    probabilities: (views) => segmenter.probabilities([step.tensors()], views),
    checkpoint,
    async regrown(dataset) {
      const now = await checkpoint({ step: 0, trainedSeconds: 0 });
      const old = checkpointWeights(decodeCheckpoint(now));
      const next = pixelClasses(dataset);
      const target = objectiveOf(settings, { ...dataset, classes: next }).spec;
      const state = freshState(flattenWeights(target, withHeadOf(old, { target, seed })));
      dispose();
      const { hasBackground: hasOne } = dataset;
      return createLiveNetwork(engine, {
        ...{ settings, layers, state },
        classes: next,
        hasBackground: hasOne,
      });
    },
    dispose,
  };
}
