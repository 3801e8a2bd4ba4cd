/** From a dataset and a time to a queued training. Writes model, parts and run. */
import type { ModelPlan } from '../../shared/api.ts';
import type { Dataset, Model } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import { counted, duration } from '../../shared/number-format.ts';
import { finetuningPreset } from '../../shared/presets.ts';
import { assertReadable } from '../data/readable-originals.ts';
import type { Project } from '../db/project.ts';
import { snapshotItem } from '../db/splits.ts';
import { type Preparation, prepare, type TrainingRequest } from './prepare.ts';
import { modelSchedule } from './settings.ts';
import { type Budget, budgetOf, mayTakeCard, type TimingHost } from './timing.ts';

/** A name that no model has; of one that came to nothing it is free again. Errors: conflict. */
export function assertFree(db: Project, wanted: string, exceptId: number | null = null): void {
  const holder = db.models
    .list()
    .find(({ id, name }) => id !== exceptId && sameName(name) === sameName(wanted));
  if (holder === undefined || isFruitless(db, holder)) return;
  throw new AppError(
    'conflict',
    holder.status === 'failed'
      ? `The training of "${wanted}" (run ${holder.runId}) failed and can go on from its last checkpoint, which another of its name would delete. Try it again, delete it first, or choose another name.`
      : `There is a model named "${wanted}" already. Choose another name.`,
  );
}

/** Whether nothing is lost with it: cancelled, or failed before there was anything to go on from. */
const isFruitless = (db: Project, { status, runId }: Pick<Model, 'status' | 'runId'>): boolean =>
  status === 'cancelled' || (status === 'failed' && !db.runs.hasCheckpoint(runId));

/** After the dataset, with the first number that no model has. */
export function freeName(db: Project, dataset: Dataset): string {
  const taken = new Set(
    db.models
      .list()
      .filter((model) => !isFruitless(db, model))
      .map(({ name }) => sameName(name)),
  );
  for (let n = 1; ; n++) {
    const name = `${dataset.name} ${n}`;
    if (!taken.has(sameName(name))) return name;
  }
}

const onCardWords = (computing: Budget['computing']): string[] =>
  computing?.adapter === undefined
    ? []
    : [`On the graphics card ${computing.adapter}, which was measured to be the fastest here.`];

const WORKED_OUT =
  'One step is so large that a smaller one was timed, and its time worked out from that.';

function planOf(preparation: Preparation, budget: Budget | null): ModelPlan {
  const { byPart, leftOut, helped, network, sampling, loss, objects, optimisation } = preparation;
  const { why, warnings } = preparation;
  const { batch } = optimisation;
  const { steps, seconds } = budget ?? { steps: 0, seconds: null };
  const mayEndEarly = byPart.val.length > 0 && modelSchedule(steps).patience < steps;
  return {
    images: { train: byPart.train.length, val: byPart.val.length, test: byPart.test.length },
    leftOut,
    helped,
    settings: { network, sampling, loss: loss.kind, objects: objects !== null, ...optimisation },
    steps,
    seconds: seconds === null ? null : Math.round(seconds),
    why: [
      ...why,
      ...(budget === null
        ? []
        : [
            ...onCardWords(budget.computing),
            ...(budget.isWorkedOut ? [WORKED_OUT] : []),
            `${counted(steps, 'step')} of ${counted(batch, 'image')}${seconds === null ? '' : `, some ${duration(seconds)} here`}${mayEndEarly ? '; it ends earlier where nothing is gained any more' : ''}.`,
          ]),
    ],
    warnings,
  };
}

/** Errors: as `prepare`; those of the trainer that times steps. */
export async function planModel(
  db: Project,
  request: TrainingRequest,
  host: TimingHost | null,
): Promise<ModelPlan> {
  const preparation = prepare(db, request);
  return planOf(preparation, host && (await budgetOf(request, preparation, host)));
}

export interface QueuedModel {
  readonly modelId: number;
  readonly runId: number;
  /** Models that came to nothing and had its name. */
  readonly replaced: readonly { readonly id: number; readonly runId: number }[];
  readonly plan: ModelPlan;
}

/**
 * Errors: invalid-input, where there is nothing to learn from or the start does not fit; not-found; conflict, where the
 * name is taken or the start has no weights; those of assertReadable.
 */
export async function trainModel(
  db: Project,
  request: TrainingRequest & { readonly name: string | null; readonly seed: number },
  host: TimingHost & Parameters<typeof assertReadable>[2],
): Promise<QueuedModel> {
  const { dataset, seed } = request;
  if (request.name !== null) assertFree(db, request.name);
  const timed = prepare(db, request);
  await assertReadable(db, Object.values(timed.byPart).flat(), host);
  const budget =
    request.steps === undefined || (await mayTakeCard(host))
      ? await budgetOf(request, timed, host)
      : { steps: request.steps, seconds: null, computing: null, isWorkedOut: false };
  return db.transaction(() => {
    // Anew: while steps were timed, labels were saved, and another training may have given parts and taken the name.
    const preparation = prepare(db, request);
    const { byPart, fresh, start, network, sampling, loss, objects, optimisation } = preparation;
    const name = request.name ?? freeName(db, dataset);
    assertFree(db, name);
    const replaced = db.models.list().filter((model) => sameName(model.name) === sameName(name));
    db.models.keepParts(fresh);
    const { patience, ...schedule } = modelSchedule(budget.steps);
    const { train, val, test } = byPart;
    const items = [
      ...train.map((image) => snapshotItem(image, 'train')),
      ...val.map((image) => snapshotItem(image, 'val')),
      ...test.map((image) => snapshotItem(image, 'test')),
    ];
    const runId = db.runs.create({
      studyId: null,
      config: {
        kind: 'finetune',
        ...start.config,
        network,
        sampling,
        optimisation: {
          ...finetuningPreset('default'),
          ...optimisation,
          ...schedule,
          schedule: 'cosine',
        },
        loss,
        ...(objects === null ? {} : { objects }),
        seed,
        trainImageIds: train.map(({ id }) => id),
        validationScore: 'classes',
        mayLackParts: true,
        patience,
        ...(budget.computing === null ? {} : { computing: budget.computing }),
        snapshotId: db.snapshots.take(dataset.id, items),
      },
      pretraining: null,
      labels: train.length,
      dependsOn: start.dependsOn,
    });
    // Deleted last, so that no id is given twice in one list of changes.
    for (const { id } of replaced) db.models.rename(id, `${name}, replaced (${id})`);
    const modelId = db.models.create({ name, runId, startedFrom: start.words });
    for (const one of replaced) db.runs.deleteSingle(one.runId);
    const plan = planOf(preparation, budget);
    for (const line of [...plan.why, ...plan.warnings]) db.runs.log(runId, line);
    return { modelId, runId, replaced, plan };
  });
}
