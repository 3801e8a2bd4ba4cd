/** How far a study is: reckoned from its runs alone, by the engine for who asks and by the window from what it has. */
import type { Run, RunStatus, Study } from './entities.ts';
import type { WireError } from './errors.ts';
import { secondsLeft } from './run-time.ts';
import { counted } from './number-format.ts';

export interface StudyProgress {
  readonly study: Study;
  readonly counts: Readonly<Record<RunStatus, number>>;
  readonly running: readonly {
    readonly runId: number;
    readonly label: string;
    readonly step: number;
    readonly steps: number;
  }[];
  /** Steps done and to do, over all runs. */
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly elapsedSeconds: number;
  readonly remainingSeconds: number | null;
  /** Why nothing of a running study is trained for now: the disk is full, the project cannot be written. */
  readonly held: WireError | null;
  readonly failures: readonly {
    readonly runId: number;
    readonly label: string;
    readonly message: string;
  }[];
}

/** Whether training that is held goes on by itself once there is room; else somebody has to ask for it. */
export const goesOnByItself = ({ code }: WireError): boolean =>
  code === 'no-space' || code === 'unreadable';

/** What a run is, for people. */
export function runLabel(run: Run): string {
  const labels = run.labels === null ? '' : ` · ${counted(run.labels, 'label')}`;
  if (run.kind === 'pretrain')
    return `pretrain ${run.pretraining ?? ''}${labels} · seed ${run.seed}`;
  const arm = run.pretraining === null ? 'random' : `${run.pretraining} → ${run.transfer ?? ''}`;
  return `${arm}${labels} · seed ${run.seed}`;
}

/** `runs`: all of the study; `held`: what holds the queue of its project. */
export function studyProgress(
  study: Study,
  { runs, held }: { readonly runs: readonly Run[]; readonly held: WireError | null },
): StudyProgress {
  const count = (status: RunStatus) => runs.filter((r) => r.status === status).length;
  const since = study.startedAt === null ? null : Date.parse(study.startedAt);
  const until = study.endedAt === null ? Date.now() : Date.parse(study.endedAt);
  return {
    study,
    counts: {
      queued: count('queued'),
      running: count('running'),
      done: count('done'),
      failed: count('failed'),
      cancelled: count('cancelled'),
    },
    running: runs
      .filter((r) => r.status === 'running')
      .map((r) => ({ runId: r.id, label: runLabel(r), step: r.step, steps: r.steps })),
    stepsDone: runs.reduce((sum, r) => sum + (r.status === 'done' ? r.steps : r.step), 0),
    stepsTotal: runs.reduce((sum, r) => sum + r.steps, 0),
    elapsedSeconds: since === null ? 0 : (until - since) / 1000,
    remainingSeconds: secondsLeft(runs, {
      parallel: study.config.execution?.parallel ?? 1,
      testSeconds: study.config.execution?.testSeconds,
    }),
    held: study.status === 'running' ? held : null,
    failures: runs
      .filter((r) => r.status === 'failed')
      .map((r) => ({ runId: r.id, label: runLabel(r), message: r.error?.message ?? '' })),
  };
}
