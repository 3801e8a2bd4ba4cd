/** What a run starts from: fresh weights, those of a pretrained network, or the checkpoint of where it was. */
import type { FinetuneRunConfig, LayerState, Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';
import { decodeCheckpoint, type TrainingCheckpoint } from './checkpoint.ts';
import { assertCheckpointOf } from './checkpoint-of-run.ts';
import {
  type FlatWeights,
  flattenWeights,
  type NetworkSpec,
  type Weights,
} from './network/parameters.ts';
import type { RunData } from './batches/run-data.ts';
import { NOT_STARTED, type TrainingProgress } from './train.ts';
import { freshState, splitSpec, type SplitSpec, type TrainingState } from './training-step.ts';
import { isFrozenGroup, transferWeights } from './network/transfer.ts';
import {
  assertSameView,
  encoderWeights,
  type PretrainedNetwork,
  runWeights,
} from './weights/encoder-weights.ts';

/** The checkpoint that a run resumes from; null where it starts at the beginning. Errors: corrupt, newer-version. */
export function resumeCheckpoint(project: Project, runId: number): TrainingCheckpoint | null {
  const stored = project.runs.checkpoint(runId, 'last');
  const run = project.runs.get(runId);
  if (stored === undefined || run === undefined) return null;
  const checkpoint = decodeCheckpoint(stored.bytes);
  assertCheckpointOf(run, checkpoint);
  return checkpoint;
}

/** Everything that training starts with, from the beginning or in the middle. */
export interface RunStart {
  readonly specs: SplitSpec;
  readonly state: TrainingState;
  readonly frozen: FlatWeights;
  readonly layers: readonly LayerState[];
  readonly progress: TrainingProgress;
  /** Weights of frozen layers whose running statistics were never measured; null: nothing to measure. */
  readonly unmeasured: Weights | null;
}

/** Errors: not-found, and invalid-input where the networks do not see images alike. */
function pretrainedWeights(project: Project, config: FinetuneRunConfig): PretrainedNetwork {
  const { pretrainRunId, encoderId, network } = config;
  if (encoderId !== undefined) {
    const pretrained = encoderWeights(project, encoderId);
    assertSameView(network, pretrained.network);
    return pretrained;
  }
  if (pretrainRunId !== null) return runWeights(project, pretrainRunId);
  throw new AppError('not-found', 'The run names no pretrained network. Plan the study again.');
}

/** Errors: those of pretrainedWeights, and the mismatch of a transfer after `onLayers` has seen the list that shows it. */
export function fromTheBeginning(
  project: Project,
  run: Run,
  data: RunData,
  onLayers: (layers: readonly LayerState[]) => void,
): RunStart {
  const { config } = run;
  const transfer = config.kind === 'finetune' ? config.transfer : 'random';
  const pretrained =
    config.kind === 'finetune' && transfer !== 'random' && transfer !== 'frozen-random'
      ? pretrainedWeights(project, config)
      : null;
  const { deepDecoderBlocks, keepsHead } = config.kind === 'finetune' ? config : {};
  const target = data.objective.spec;
  const { weights, layers, mismatch } = transferWeights({
    target,
    transfer,
    seed: config.seed,
    pretrained,
    ...(deepDecoderBlocks === undefined ? {} : { deepDecoderBlocks }),
    ...(keepsHead === undefined ? {} : { keepsHead }),
  });
  if (mismatch !== null) {
    onLayers(layers);
    throw mismatch;
  }
  const specs = splitSpec(target, (group) => isFrozenGroup(transfer, group));
  return {
    specs,
    state: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
    layers,
    progress: NOT_STARTED,
    unmeasured: transfer === 'frozen-random' && specs.frozen.statistics.length > 0 ? weights : null,
  };
}

/** Errors: corrupt. */
export function fromCheckpoint(
  checkpoint: TrainingCheckpoint,
  run: Run,
  target: NetworkSpec,
): RunStart {
  assertCheckpointOf(run, checkpoint, target);
  const { header, trained, frozen, moments, best } = checkpoint;
  if (moments === null || (header.best === null) !== (best === null)) {
    throw new AppError('corrupt', 'The checkpoint to resume from is incomplete. Start again.');
  }
  return {
    specs: { trained: header.trained, frozen: header.frozen },
    state: { ...trained, ...moments },
    frozen,
    layers: header.layers,
    progress: {
      step: header.step,
      trainedSeconds: header.trainedSeconds,
      best: header.best === null || best === null ? null : { ...header.best, weights: best },
    },
    unmeasured: null,
  };
}
