/** What a handler is given, and the shape of a list of handlers. */
import type {
  CALL_CHANGES,
  CallName,
  CallOutputs,
  MutationName,
  ParsedInput,
  Progress,
  ShellInfo,
} from '../../shared/api.ts';
import type { Dataset, Run, Study } from '../../shared/entities.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import type { Changes, EngineEvent } from '../../shared/events.ts';
import type { Project } from '../db/project.ts';
import type { EngineWish } from '../engine-wish.ts';
import type { LiveTraining } from '../live-training.ts';
import type { KeptTables } from '../measure/kept-tables.ts';
import type { PendingTrainings } from '../models/pending-trainings.ts';
import type { Predictor } from '../predictor.ts';
import type { Prompter } from '../prompts/prompter.ts';
import type { SettingsStore } from '../settings.ts';
import type { Queue } from '../study/running/queue.ts';

export interface OpenProject {
  readonly db: Project;
  readonly queue: Queue;
  readonly live: LiveTraining;
  readonly pendingTrainings: PendingTrainings;
  readonly predictor: Predictor;
  readonly prompter: Prompter;
  readonly measures: KeptTables;
}

export interface CallContext {
  /** The open project of this path. Errors: not-found. */
  project(path: string): OpenProject;
  readonly projects: ProjectRegistry;
  readonly settings: SettingsStore;
  /** The engine that was asked for. */
  readonly wish: EngineWish;
  /** What the window is shown in; null where the host has none. */
  readonly shell: () => ShellInfo | null;
  readonly emit: (event: EngineEvent) => void;
  /** Tells of what stays changed although the call fails; what a call that succeeds has changed goes with its answer. */
  readonly changed: (changes: Changes) => void;
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

export interface ProjectRegistry {
  create(path: string): OpenProject;
  open(path: string): OpenProject;
  close(path: string): Promise<void>;
  /**
   * Closes a project, lets `work` put another file in its place, and opens it again; calls on it wait meanwhile.
   * Errors: conflict, where it trains; those of `work` and of opening.
   */
  replace(path: string, work: () => Promise<void>): Promise<void>;
  list(): OpenProject[];
}

/** The answer of a call that changes a project: engine.call tells everybody of the changes and the caller the output. */
export interface Changed<K extends MutationName> {
  readonly output: CallOutputs[K];
  readonly changes: Pick<Changes, (typeof CALL_CHANGES)[K][number]>;
}

type Answer<K extends CallName> = K extends MutationName ? Changed<K> : CallOutputs[K];

export type Handler<K extends CallName> = (
  input: ParsedInput<K>,
  context: CallContext,
) => Answer<K> | Promise<Answer<K>>;

export type Handlers<K extends CallName> = { readonly [N in K]: Handler<N> };

/**
 * Lets queued runs start because a user asked for it. Errors: what holds them, where that is still so; `changes`, which
 * were made for it and stay, are told then.
 */
export function startQueue(
  queue: Queue,
  { changed, changes }: Pick<CallContext, 'changed'> & { readonly changes: Changes },
): void {
  queue.start();
  if (queue.held === null) return;
  changed(changes);
  throw fromWireError(queue.held);
}

/** As changes: a study, where a run is of one. */
export const studyUpdated = (studyId: number | null): Pick<Changes, 'studies'> =>
  studyId === null ? {} : { studies: { updated: [studyId] } };

export function requireDataset(db: Project, id: number): Dataset {
  const dataset = db.datasets.get(id);
  if (dataset === undefined) throw new AppError('not-found', `There is no dataset ${id}.`);
  return dataset;
}

export function requireStudy(db: Project, id: number): Study {
  const study = db.studies.get(id);
  if (study === undefined) throw new AppError('not-found', `There is no study ${id}.`);
  return study;
}

export function requireRun(db: Project, id: number): Run {
  const run = db.runs.get(id);
  if (run === undefined) throw new AppError('not-found', `There is no run ${id}.`);
  return run;
}
