/** From a dataset and a time to a queued training: images by part, settings, start, steps. Writes model, parts and run. */
import { availableParallelism } from 'node:os';
import type { ModelStart } from '../../shared/api.ts';
import type {
  Dataset,
  EngineChoice,
  FinetuneRunConfig,
  ImageRecord,
  NetworkConfig,
  Part,
  SamplingConfig,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { foregroundObstacle, scoredClasses } from '../../shared/foreground.ts';
import { forEachRun } from '../../shared/label-map.ts';
import { sameName } from '../../shared/names.ts';
import { counted } from '../../shared/number-format.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { assertLabelsAreClasses, partLabels } from '../data/label-values.ts';
import type { Project } from '../db/project.ts';
import { snapshotItem, type SplitItem } from '../db/splits.ts';
import { runTrainer } from '../trainer.ts';
import { assertChannelsFit } from '../training/images/channels.ts';
import { assertInputSize } from '../training/network/unet.ts';
import { newParts } from './kept-parts.ts';
import { modelOptimisation, type WorkedOut, workedOut } from './settings.ts';

const TIMED_STEPS = 12;
/** Validation and checkpoints take the rest. */
const SHARE_OF_STEPS = 0.85;
const STEPS = { least: 20, most: 100_000 };

interface Start {
  readonly words: string;
  readonly config: Pick<FinetuneRunConfig, 'transfer' | 'pretrainRunId' | 'encoderId'>;
  readonly dependsOn: number | null;
  /** What weights that are taken over were trained with; null: nothing is. */
  readonly network: NetworkConfig | null;
  readonly sampling: SamplingConfig | null;
}

/** Errors: not-found, conflict. */
function startOf(db: Project, from: ModelStart): Start {
  if (from === 'random') {
    return {
      words: 'random weights',
      config: { transfer: 'random', pretrainRunId: null },
      dependsOn: null,
      network: null,
      sampling: null,
    };
  }
  if ('encoderId' in from) {
    const encoder = db.encoders.get(from.encoderId);
    if (encoder === undefined) {
      throw new AppError('not-found', `There is no encoder ${from.encoderId}.`);
    }
    const run = encoder.runId === null ? undefined : db.runs.get(encoder.runId);
    return {
      words: `the encoder "${encoder.name}"`,
      config: { transfer: 'encoder', pretrainRunId: null, encoderId: encoder.id },
      dependsOn: encoder.runId,
      network: { ...encoder.network, skips: 'conv' },
      sampling: run?.config.sampling ?? null,
    };
  }
  const model = db.models.get(from.modelId);
  const run = model && db.runs.get(model.runId);
  if (model === undefined || run === undefined) {
    throw new AppError('not-found', `There is no model ${from.modelId}.`);
  }
  if (run.status !== 'done') {
    throw new AppError(
      'conflict',
      `"${model.name}" is ${run.status}, so there are no weights to go on from. Wait for it, or start from something else.`,
    );
  }
  return {
    words: `the model "${model.name}" (encoder and decoder; the output layer starts anew)`,
    config: { transfer: 'encoder+decoder', pretrainRunId: run.id },
    dependsOn: run.id,
    network: run.config.network,
    sampling: run.config.sampling,
  };
}

/** Of each class, its share of the pixels that are labelled. */
function classShares(db: Project, dataset: Dataset, images: readonly ImageRecord[]): number[] {
  const counts = new Map<number, number>();
  let all = 0;
  for (const { labelMapId } of images) {
    const bytes = labelMapId === null ? undefined : db.labelMaps.bytes(labelMapId);
    if (bytes === undefined) continue;
    forEachRun(bytes, (label, pixels) => {
      if (label === 255) return;
      all += pixels;
      counts.set(label, (counts.get(label) ?? 0) + pixels);
    });
  }
  return scoredClasses(dataset).flatMap((index) => {
    const own = counts.get(index);
    return own === undefined ? [] : [own / all];
  });
}

async function msPerStep(
  step: { network: NetworkConfig; sampling: SamplingConfig; batch: number },
  { engine, signal }: { engine: EngineChoice; signal: AbortSignal },
): Promise<number> {
  let ms = 0;
  await runTrainer(
    {
      type: 'calibrate',
      threads: availableParallelism(),
      engine,
      ...step,
      precision: 'float32',
      steps: TIMED_STEPS,
    },
    {
      signal,
      onEvent(event) {
        if (event.type === 'calibrated') ms = event.msPerStep;
      },
    },
  );
  return ms;
}

function freeName(db: Project, wanted: string | null, dataset: Dataset): string {
  const taken = new Set(db.models.list().map(({ name }) => sameName(name)));
  if (wanted !== null) {
    if (!taken.has(sameName(wanted))) return wanted;
    throw new AppError(
      'conflict',
      `There is a model named "${wanted}" already. Choose another name.`,
    );
  }
  for (let n = 1; ; n++) {
    const name = `${dataset.name} ${n}`;
    if (!taken.has(sameName(name))) return name;
  }
}

export interface TrainingRequest {
  readonly dataset: Dataset;
  readonly minutes: number;
  readonly steps: number | undefined;
  readonly from: ModelStart;
  readonly name: string | null;
  readonly seed: number;
}

interface Preparation {
  readonly labelled: readonly ImageRecord[];
  readonly train: readonly ImageRecord[];
  /** Parts of images that had none. */
  readonly fresh: readonly SplitItem[];
  readonly partOf: (image: ImageRecord) => Part;
  readonly start: Start;
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  readonly found: WorkedOut;
}

/** What is trained, from the labels of this moment. Errors: see trainModel. */
function prepare(db: Project, { dataset, from }: TrainingRequest): Preparation {
  // A prediction that nobody has looked at is no label.
  const labelled = db.datasets
    .images(dataset.id)
    .filter(takesPart)
    .filter(
      ({ labelMapId }) => labelMapId !== null && db.labelMaps.get(labelMapId)?.author !== 'model',
    );
  if (labelled.length === 0) {
    throw new AppError(
      'invalid-input',
      `No image of "${dataset.name}" is labelled yet. Label one or more in Annotate, or import masks.`,
      { subject: dataset.name },
    );
  }
  assertLabelsAreClasses(db, dataset, labelled);
  const start = startOf(db, from);
  const found = workedOut({ images: labelled, classShares: classShares(db, dataset, labelled) });
  const network = start.network ?? found.network;
  const sampling = start.sampling ?? found.sampling;
  assertInputSize(network, sampling.sizePx);
  assertChannelsFit(labelled, network.inputChannels);

  const kept = new Map(db.models.keptParts(dataset.id).map((item) => [item.imageId, item.part]));
  const fresh = newParts(labelled, kept);
  const parts = new Map<number, Part>([
    ...kept,
    ...fresh.map(({ imageId, part }) => [imageId, part] as const),
  ]);
  const partOf = ({ id }: ImageRecord): Part => parts.get(id) ?? 'train';
  const train = labelled.filter((image) => partOf(image) === 'train');
  if (train.length === 0) {
    throw new AppError(
      'invalid-input',
      `Every labelled image of "${dataset.name}" is held out for testing, and none is left to learn from. Label another image.`,
      { subject: dataset.name },
    );
  }
  const obstacle = foregroundObstacle(
    dataset.name,
    partLabels(
      db,
      train.map(({ labelMapId }) => ({ part: 'train' as const, labelMapId })),
    ),
    dataset.hasBackground,
  );
  if (obstacle !== null) throw new AppError('invalid-input', obstacle, { subject: dataset.name });
  return { labelled, train, fresh, partOf, start, network, sampling, found };
}

/**
 * Errors: invalid-input, where there is nothing to learn from or the start does not fit; not-found; conflict, where the
 * name is taken or the start has no weights.
 */
export async function trainModel(
  db: Project,
  request: TrainingRequest,
  host: { readonly engine: EngineChoice; readonly signal: AbortSignal },
): Promise<{ modelId: number; runId: number; why: string[] }> {
  const { dataset, seed } = request;
  freeName(db, request.name, dataset);
  const timed = prepare(db, request);
  const { network: timedNetwork, sampling: timedSampling } = timed;
  const { batch } = timed.found;
  // These alone: what else is prepared cannot be sent to another process.
  const step = { network: timedNetwork, sampling: timedSampling, batch };
  const ms = request.steps === undefined ? await msPerStep(step, host) : 0;
  const fitting = Math.round((request.minutes * 60_000 * SHARE_OF_STEPS) / ms);
  const steps = request.steps ?? Math.max(STEPS.least, Math.min(STEPS.most, fitting));
  return db.transaction(() => {
    // Anew: while steps were timed, labels were saved, and another training may have given parts and taken the name.
    const { labelled, train, fresh, partOf, start, network, sampling, found } = prepare(
      db,
      request,
    );
    const name = freeName(db, request.name, dataset);
    const count = (part: Part) => labelled.filter((image) => partOf(image) === part).length;
    const why = [
      `${counted(count('train'), 'image')} to learn from, ${count('val')} to choose the checkpoint by, ${count('test')} held out for the score; images never change sides.`,
      `Starts from ${start.words}.`,
      ...(start.network === null
        ? found.why
        : ['Network and sampling are those of the weights it starts from.']),
      `${counted(steps, 'step')} of ${counted(batch, 'image')}.`,
    ];
    db.models.keepParts(fresh);
    const runId = db.runs.create({
      studyId: null,
      config: {
        kind: 'finetune',
        ...start.config,
        network,
        sampling,
        optimisation: modelOptimisation({ steps, batch }),
        loss: found.loss,
        seed,
        trainImageIds: train.map(({ id }) => id),
        validationScore: 'classes',
        mayLackParts: true,
        snapshotId: db.snapshots.take(
          dataset.id,
          labelled.map((image) => snapshotItem(image, partOf(image))),
        ),
      },
      pretraining: null,
      labels: train.length,
      dependsOn: start.dependsOn,
    });
    const modelId = db.models.create({ name, runId, startedFrom: start.words });
    for (const line of why) db.runs.log(runId, line);
    return { modelId, runId, why };
  });
}
