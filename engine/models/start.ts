/** What a training starts from: its words, its configuration, and what its score could have seen. */
import type { ModelStart } from '../../shared/api.ts';
import type {
  FinetuneRunConfig,
  ImageRecord,
  Model,
  NetworkConfig,
  ObjectsConfig,
  Part,
  Run,
  SamplingConfig,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { findLeaks, type Placed } from '../../shared/leaks.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
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
  /** How a model that is gone on from tells objects apart; null: it does not. */
  readonly objects: ObjectsConfig | null;
}

const RANDOM: Start = {
  words: 'random weights',
  config: { transfer: 'random', pretrainRunId: null },
  dependsOn: null,
  network: null,
  sampling: null,
  objects: null,
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
    objects: null,
  };
}

/** Why the output layer of a run does not serve the dataset as it is now; null where it does: same dataset and classes. */
function headObstacle(db: Project, run: Run, datasetId: number): string | null {
  const had = pinnedDataset(db, run.config.snapshotId);
  const has = db.datasets.get(datasetId);
  if (had === undefined || has === undefined || had.id !== has.id) {
    return 'since it learned the classes of another dataset';
  }
  const indices = ({ classes, hasBackground }: typeof has) =>
    JSON.stringify([classes.map(({ index }) => index).sort((a, b) => a - b), hasBackground]);
  return indices(had) === indices(has) ? null : 'since the classes are others now';
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
  const headless = headObstacle(db, run, datasetId);
  const keepsHead = headless === null;
  return {
    words: `the model "${model.name}"${keepsHead ? '' : `, without its output layer, ${headless}`}`,
    config: {
      transfer: 'encoder+decoder',
      pretrainRunId: run.id,
      ...(keepsHead ? { keepsHead } : {}),
    },
    dependsOn: run.id,
    network: run.config.network,
    sampling: run.config.sampling,
    objects: (run.config.kind === 'finetune' ? run.config.objects : undefined) ?? null,
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

/** The run whose weights a start takes over. */
const runOfStart = (db: Project, from: Exclude<ModelStart, 'random'>): number | null | undefined =>
  'modelId' in from ? db.models.get(from.modelId)?.runId : db.encoders.get(from.encoderId)?.runId;

/** The runs whose weights have gone into those of a run, itself first. */
function lineage(db: Project, runId: number | null | undefined): readonly Run[] {
  const runs: Run[] = [];
  let run = runId == null ? undefined : db.runs.get(runId);
  while (run !== undefined && !runs.includes(run)) {
    runs.push(run);
    if (run.config.kind === 'pretrain') break;
    const { pretrainRunId, encoderId } = run.config;
    const before = pretrainRunId ?? (encoderId == null ? null : db.encoders.get(encoderId)?.runId);
    run = before == null ? undefined : db.runs.get(before);
  }
  return runs;
}

/** Images that a run learned from. */
function learnedFrom(db: Project, { config }: Run): readonly ImageRecord[] {
  const allowed =
    config.kind !== 'pretrain' || config.trainImageIds === undefined
      ? null
      : new Set(config.trainImageIds);
  return db.snapshots.items(config.snapshotId).flatMap((item) => {
    const image = db.datasets.image(item.imageId);
    const isSeen = item.part === 'train' && (allowed === null || allowed.has(item.imageId));
    return image === undefined || !isSeen ? [] : [image];
  });
}

/**
 * Of what was trained here, and of all that it was started from; of an encoder from a file nobody knows. Models of the
 * dataset itself share its rule of held-out images; those of another dataset may have learned from copies of them.
 */
export function seenByStart(
  db: Project,
  from: ModelStart,
  of: {
    readonly datasetId: number;
    readonly labelled: readonly ImageRecord[];
    readonly partOf: (image: ImageRecord) => Part;
  },
): Seen {
  if (from === 'random') return { labels: 0, images: 0 };
  const heldOut = of.labelled.filter((image) => of.partOf(image) !== 'train');
  const ids = new Set(heldOut.map(({ id }) => id));
  const seen = { labels: new Set<number>(), images: new Set<number>() };
  for (const run of lineage(db, runOfStart(db, from))) {
    const { config } = run;
    const isPretraining = config.kind === 'pretrain';
    if (!isPretraining && pinnedDataset(db, config.snapshotId)?.id === of.datasetId) continue;
    const placed: Placed<ImageRecord>[] = [
      ...learnedFrom(db, run).map((image) => ({ image, side: 'pretraining' as const })),
      ...heldOut.map((image) => ({ image, side: of.partOf(image) })),
    ];
    const found = !isPretraining || learnsFromLabels(config.task) ? seen.labels : seen.images;
    for (const { sides, images } of findLeaks(placed)) {
      if (!sides.includes('pretraining')) continue;
      for (const { id } of images) if (ids.has(id)) found.add(id);
    }
  }
  return { labels: seen.labels.size, images: seen.images.size };
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
        : `It was trained with labels of ${counted(labels, 'image')} that ${verbFor(labels, 'are')} held out here, or of their groups: no score would count. Start from random weights, or from an encoder or a model without these labels.`,
    warning:
      images === 0
        ? null
        : `It was trained on ${counted(images, 'image')} that ${verbFor(images, 'are')} held out here, or of their groups, without their labels: the score may flatter a little.`,
  };
}
