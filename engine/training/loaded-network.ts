/**
 * A trained network in the memory of its process, ready to predict: so that the second image takes no start-up. One at
 * a time: another one takes its place.
 */
import type { NetworkConfig, Precision, SamplingConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { inWords } from '../../shared/sentences.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { averaging, symmetriesOf } from './scoring/averaging.ts';
import {
  type Prediction,
  type PredictionInput,
  type PredictionOptions,
  predictLabelMaps,
} from './scoring/predict.ts';
import { createSegmenter, disposeWeights, toTensors } from './scoring/segmenter.ts';
import type { Engine } from './tensorflow/backend.ts';
import { predictionPrecision } from './tensorflow/precision.ts';

export interface LoadedNetwork {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  /** Not as it was trained, and why; null: as it was. */
  readonly note: string | null;
  /** Of the data that it was trained on. */
  readonly hasBackground: boolean;
  /** Several inputs where there are neither flips nor an area. `plain`: the first network alone. Errors: those of reading. */
  predict(
    inputs: readonly PredictionInput[],
    options: PredictionOptions & { readonly flips: boolean; readonly plain?: boolean },
  ): Promise<Prediction[]>;
}

/** Which runs can predict instead. */
function withWeights(project: Project): string {
  const ids = project.runs
    .list()
    .filter((run) => run.kind === 'finetune' && project.runs.hasCheckpoint(run.id))
    .map((run) => String(run.id));
  return ids.length === 0
    ? 'No fine-tuned run has its weights here: repeat the study to train them again.'
    : `Predict with a run whose weights are: ${inWords(ids)} (--run ID).`;
}

/** Errors: not-found. */
function storedFor(project: Project, runId: number) {
  const stored = project.runs.checkpoint(runId, 'best') ?? project.runs.checkpoint(runId, 'last');
  if (stored !== undefined) return { ...stored, runId };
  const why =
    project.runs.get(runId)?.status === 'done'
      ? `Run ${runId} is finished, but its weights are not kept in this project. ${withWeights(project)}`
      : `Run ${runId} has no checkpoint to predict with. Let it train first.`;
  throw new AppError('not-found', why);
}

type Stored = ReturnType<typeof storedFor>;

/** Errors: unsupported; corrupt, newer-version. */
function decode({ runId, bytes }: Stored) {
  const checkpoint = decodeCheckpoint(bytes);
  const { classes, objective } = checkpoint.header;
  if (classes === null) {
    throw new AppError(
      'unsupported',
      `Run ${runId} was trained by ${objective} and draws no label maps. Predict with a fine-tuned run.`,
    );
  }
  return { ...checkpoint, classes };
}

/** What two networks have in common where they can be averaged. */
const kindOf = ({ header, classes }: ReturnType<typeof decode>) =>
  JSON.stringify([classes, header.network, header.sampling, header.trained, header.frozen]);

/** bfloat16, where every one of them was trained in it. */
const trainedPrecision = (project: Project, stored: readonly Stored[]): Precision =>
  stored.every(({ runId }) => project.runs.get(runId)?.config.optimisation.precision === 'bfloat16')
    ? 'bfloat16'
    : 'float32';

const IN_FLOAT32 =
  'This network was trained in bfloat16, which is not to be had here; it predicts in float32, and single pixels may differ.';

function load(
  project: Project,
  engine: Engine,
  stored: readonly Stored[],
  { precision, isAsTrained }: { readonly precision: Precision; readonly isAsTrained: boolean },
) {
  const decoded = stored.map(decode);
  const [first] = decoded;
  if (first === undefined) throw new Error('nothing to predict with');
  const other = stored.find((_, i) => {
    const one = decoded[i];
    return one !== undefined && kindOf(one) !== kindOf(first);
  });
  if (other !== undefined) {
    throw new AppError(
      'invalid-input',
      `Run ${other.runId} is another kind of network than the others, and cannot be averaged with them. Average runs of one arm and label count of a study.`,
    );
  }
  const { header, classes } = first;
  const { network, sampling } = header;
  const hasFrozen = header.frozen.parameters.length > 0;
  const segmenter = createSegmenter({
    ...{ engine, network, classes, precision, sizePx: sampling.sizePx },
    specs: hasFrozen ? [header.trained, header.frozen] : [header.trained],
  });
  const members = decoded.map(({ trained, frozen }) =>
    toTensors(hasFrozen ? [trained, frozen] : [trained]),
  );
  const snapshotId = project.runs.get(stored[0]?.runId ?? 0)?.config.snapshotId;
  const dataset = snapshotId === undefined ? undefined : pinnedDataset(project, snapshotId);
  const loaded: LoadedNetwork = {
    network,
    sampling,
    note: isAsTrained ? null : IN_FLOAT32,
    hasBackground: dataset?.hasBackground ?? true,
    predict(inputs, { flips, plain = false, ...options }) {
      const [input] = inputs;
      const square = sampling.mode === 'patches' || input?.width === input?.height;
      const averaged = averaging(segmenter, {
        members: plain ? members.slice(0, 1) : members,
        symmetries: symmetriesOf({ flips, square }),
      });
      return predictLabelMaps(averaged, [], inputs, options);
    },
  };
  return {
    loaded,
    dispose: () => {
      members.forEach(disposeWeights);
      segmenter.dispose();
    },
  };
}

let kept: (ReturnType<typeof load> & { readonly key: string }) | null = null;

/**
 * The network of a run, or of several. It belongs to this file.
 * Errors: not-found, unsupported, invalid-input (networks that cannot be averaged), corrupt, newer-version.
 */
export function loadNetwork(
  project: Project,
  engine: Engine,
  { runId, members }: { readonly runId: number; readonly members?: readonly number[] | undefined },
): LoadedNetwork {
  const ids = [runId, ...(members ?? []).filter((id) => id !== runId)];
  const stored = ids.map((id) => storedFor(project, id));
  const trainedIn = trainedPrecision(project, stored);
  const precision = predictionPrecision(engine, trainedIn);
  const weights = stored.map((one) => [one.runId, one.sha256]);
  const key = JSON.stringify([project.path, precision, weights]);
  if (kept?.key === key) return kept.loaded;
  kept?.dispose();
  kept = null;
  const options = { precision, isAsTrained: precision === trainedIn };
  kept = { key, ...load(project, engine, stored, options) };
  return kept.loaded;
}
