/** What a training starts from: its words, its configuration, and what its score could have seen. */
import type { ModelStart } from '../../shared/api.ts';
import type {
  FinetuneRunConfig,
  ImageRecord,
  Model,
  NetworkConfig,
  Part,
  Run,
  SamplingConfig,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { findLeaks, type Placed } from '../../shared/leaks.ts';
import { counted } from '../../shared/number-format.ts';
import { learnsFromLabels, transferObstacle } from '../../shared/pretraining-tasks.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';

export interface Start {
  readonly words: string;
  readonly config: Pick<
    FinetuneRunConfig,
    'transfer' | 'pretrainRunId' | 'encoderId' | 'keepsHead'
  >;
  readonly dependsOn: number | null;
  /** What weights that are taken over were trained with; null: nothing is. */
  readonly network: NetworkConfig | null;
  readonly sampling: SamplingConfig | null;
}

const RANDOM: Start = {
  words: 'random weights',
  config: { transfer: 'random', pretrainRunId: null },
  dependsOn: null,
  network: null,
  sampling: null,
};

function encoderStart(
  db: Project,
  { encoderId, withDecoder = false }: { encoderId: number; withDecoder?: boolean | undefined },
): Start {
  const encoder = db.encoders.get(encoderId);
  if (encoder === undefined) throw new AppError('not-found', `There is no encoder ${encoderId}.`);
  const run = encoder.runId === null ? undefined : db.runs.get(encoder.runId);
  const transfer = withDecoder ? ('encoder+decoder' as const) : ('encoder' as const);
  const { network, task, name } = encoder;
  const skips = withDecoder ? network.skips : 'conv';
  const obstacle = task === null ? null : transferObstacle(task, transfer, skips);
  if (obstacle !== null) {
    throw new AppError('invalid-input', `${obstacle} Start from the encoder of "${name}" alone.`);
  }
  return {
    words: withDecoder ? `encoder and decoder of "${name}"` : `the encoder "${name}"`,
    config: { transfer, pretrainRunId: null, encoderId },
    dependsOn: encoder.runId,
    network: { ...network, skips },
    sampling: run?.config.sampling ?? null,
  };
}

/** Whether the classes that a run learned are those that the dataset has now: then its output layer serves on. */
function hasSameClasses(db: Project, run: Run, datasetId: number): boolean {
  const had = pinnedDataset(db, run.config.snapshotId);
  const has = db.datasets.get(datasetId);
  if (had === undefined || has === undefined || had.id !== has.id) return false;
  const indices = ({ classes, hasBackground }: typeof has) =>
    JSON.stringify([classes.map(({ index }) => index).sort((a, b) => a - b), hasBackground]);
  return indices(had) === indices(has);
}

/** Why a model cannot be gone on from; null where it can. */
function modelObstacle({ name, status }: Model): string | null {
  if (status === 'done') return null;
  const until = status === 'queued' || status === 'running' ? 'Wait for it, or start' : 'Start';
  return `"${name}" is ${status}, so there are no weights to go on from. ${until} from something else.`;
}

/** Errors: not-found; conflict, where a model has no weights yet; invalid-input, where a decoder does not fit. */
export function startOf(db: Project, from: ModelStart, datasetId: number): Start {
  if (from === 'random') return RANDOM;
  if ('encoderId' in from) return encoderStart(db, from);
  const model = db.models.get(from.modelId);
  const run = model && db.runs.get(model.runId);
  if (model === undefined || run === undefined) {
    throw new AppError('not-found', `There is no model ${from.modelId}.`);
  }
  const obstacle = modelObstacle(model);
  if (obstacle !== null) throw new AppError('conflict', obstacle);
  const keepsHead = hasSameClasses(db, run, datasetId);
  return {
    words: `the model "${model.name}"${keepsHead ? '' : ', without its output layer, since the classes are others now'}`,
    config: {
      transfer: 'encoder+decoder',
      pretrainRunId: run.id,
      ...(keepsHead ? { keepsHead } : {}),
    },
    dependsOn: run.id,
    network: run.config.network,
    sampling: run.config.sampling,
  };
}

/**
 * What a pretraining has seen of the images that are held out. labels: it learned from labels of some, so that no score
 * on them counts; images: it saw them without labels.
 */
export interface Seen {
  readonly labels: number;
  readonly images: number;
}

/** Of encoders that were trained here; of one from a file nobody knows, and models share the rule of held-out images. */
export function seenByStart(
  db: Project,
  from: ModelStart,
  { labelled, partOf }: { labelled: readonly ImageRecord[]; partOf: (image: ImageRecord) => Part },
): Seen {
  const nothing = { labels: 0, images: 0 };
  if (from === 'random' || 'modelId' in from) return nothing;
  const runId = db.encoders.get(from.encoderId)?.runId ?? null;
  const config = runId === null ? undefined : db.runs.get(runId)?.config;
  if (config?.kind !== 'pretrain') return nothing;
  const allowed = config.trainImageIds === undefined ? null : new Set(config.trainImageIds);
  const placed: Placed<ImageRecord>[] = db.snapshots.items(config.snapshotId).flatMap((item) => {
    const image = db.datasets.image(item.imageId);
    const isSeen = item.part === 'train' && (allowed === null || allowed.has(item.imageId));
    return image === undefined || !isSeen ? [] : [{ image, side: 'pretraining' as const }];
  });
  const heldOut = labelled.filter((image) => partOf(image) !== 'train');
  for (const image of heldOut) placed.push({ image, side: partOf(image) });
  const ids = new Set(heldOut.map(({ id }) => id));
  const seen = new Set(
    findLeaks(placed)
      .filter(({ sides }) => sides.includes('pretraining'))
      .flatMap(({ images }) => images.flatMap(({ id }) => (ids.has(id) ? [id] : []))),
  );
  return learnsFromLabels(config.task)
    ? { labels: seen.size, images: 0 }
    : { labels: 0, images: seen.size };
}

/** In words; null where nothing was seen. obstacle: it may not be started from. */
export function seenInWords({ labels, images }: Seen): {
  readonly obstacle: string | null;
  readonly warning: string | null;
} {
  return {
    obstacle:
      labels === 0
        ? null
        : `It was pretrained with labels of ${counted(labels, 'image')} that ${labels === 1 ? 'is' : 'are'} held out here, or of their groups: no score would count. Start from random weights, an earlier model, or an encoder without these labels.`,
    warning:
      images === 0
        ? null
        : `It was pretrained on ${counted(images, 'image')} that ${images === 1 ? 'is' : 'are'} held out here, or of their groups, without their labels: the score may flatter a little.`,
  };
}
