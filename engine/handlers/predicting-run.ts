/** The run that a prediction is asked of: what it may be, who is averaged with it, and what becomes of what it draws. */
import { availableParallelism } from 'node:os';
import type { Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { AS_DRAWN, type PostProcessing } from '../../shared/post-processing.ts';
import type { EngineWish } from '../engine-wish.ts';
import type { TrainerEvent } from '../training/protocol.ts';
import type { Project } from '../db/project.ts';
import { type CallContext, requireRun } from './context.ts';

export const isPredictor = ({ kind, status }: Pick<Run, 'kind' | 'status'>): boolean =>
  kind === 'finetune' && status === 'done';

/** Errors: not-found; invalid-input, where it is no fine-tuning run that is done. */
export function requirePredictor(db: Project, runId: number): Run {
  const run = requireRun(db, runId);
  if (isPredictor(run)) return run;
  throw new AppError(
    'invalid-input',
    `Run ${run.id} is a ${run.kind} run that is ${run.status}; only finished fine-tuning runs predict. Choose one of those, or a model.`,
  );
}

/**
 * Runs of the same study, arm, label count and data whose weights are kept, this one first: of another split, its
 * validation images may be what they were trained on.
 */
export function ensembleOf(db: Project, run: Run): number[] {
  const { studyId, pretraining, transfer, labels, config } = run;
  if (studyId === null) return [run.id];
  const others = db.runs
    .ofStudy(studyId)
    .filter(
      (one) =>
        one.id !== run.id &&
        isPredictor(one) &&
        one.pretraining === pretraining &&
        one.transfer === transfer &&
        one.labels === labels &&
        one.config.snapshotId === config.snapshotId &&
        db.runs.hasCheckpoint(one.id),
    );
  return [run.id, ...others.map(({ id }) => id)];
}

/** What was asked for; where nothing was, the card that trained the network, if it is there. */
function computingOf({ engine }: Run, { engine: wished, adapter }: EngineWish) {
  if (wished !== 'auto') return { engine: wished, ...(adapter == null ? {} : { adapter }) };
  const card = engine?.adapter;
  return { engine: wished, ...(card === undefined ? {} : { adapter: card.name }) };
}

/**
 * What whoever asked for a prediction is told beside it: of the network, and what the engine said when it began, such as
 * that the card which trained it is not there and the processor computes.
 */
export const saidBeside = (event: TrainerEvent): string[] =>
  event.type === 'note' || event.type === 'log' ? [event.message] : [];

/** What every request of a prediction says. */
export function requestFor(
  run: Run,
  {
    db,
    context,
    looks,
  }: {
    readonly db: Project;
    readonly context: Pick<CallContext, 'wish'>;
    readonly looks: {
      readonly flips?: boolean | undefined;
      readonly ensemble?: boolean | undefined;
    };
  },
) {
  return {
    threads: run.engine?.threads ?? availableParallelism(),
    kernels: run.engine?.kernels,
    ...computingOf(run, context.wish),
    projectPath: db.path,
    runId: run.id,
    flips: looks.flips ?? false,
    members: looks.ensemble === true ? ensembleOf(db, run) : [run.id],
  };
}

/** What is asked for in the place of what is kept. */
export function postProcessingFor(
  db: Project,
  run: Run,
  asked: {
    readonly postProcessing?:
      | { readonly [K in keyof PostProcessing]?: PostProcessing[K] | undefined }
      | undefined;
    readonly asDrawn?: boolean | undefined;
  },
): PostProcessing {
  const kept = asked.asDrawn === true ? undefined : db.postProcessing.of(run.id);
  const {
    threshold = kept?.threshold ?? AS_DRAWN.threshold,
    minObjectPx = kept?.minObjectPx ?? AS_DRAWN.minObjectPx,
    fillHolesPx = kept?.fillHolesPx ?? AS_DRAWN.fillHolesPx,
  } = asked.postProcessing ?? {};
  return { threshold, minObjectPx, fillHolesPx };
}
