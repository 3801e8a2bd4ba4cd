/**
 * Word for the shell that started this engine (shared/engine-news.ts): what trains and how far it is, what has ended and
 * how, and which projects were open lately. Says what is different since the line before, and seldom.
 */
import type { Run } from '../../shared/entities.ts';
import type { Ended, EngineNews, UnderWay } from '../../shared/engine-news.ts';
import { studyProgress } from '../../shared/study-progress.ts';
import type { Engine } from '../engine.ts';
import type { OpenProject } from '../handlers/context.ts';

/** How often the shell hears of progress; for a bar in the taskbar that is plenty. */
const EVERY_MS = 2000;

type Training = Pick<UnderWay, 'project' | 'kind' | 'id' | 'name'>;

/** Something that trains, with the runs that it consists of. */
interface Watched {
  readonly training: Training;
  readonly runs: Run[];
  /** Of these runs. */
  readonly progress: () => Pick<UnderWay, 'share' | 'secondsLeft'>;
  readonly ended: () => Ended['how'];
}

const isUnderWay = ({ status }: Pick<Run, 'status'>): boolean =>
  status === 'queued' || status === 'running';

const HOW = { paused: 'stopped', cancelled: 'stopped', failed: 'failed', done: 'done' } as const;
const howOf = (status: string | undefined): Ended['how'] =>
  status !== undefined && status in HOW ? HOW[status as keyof typeof HOW] : 'stopped';

function studiesOf({ db, queue }: OpenProject): Watched[] {
  return db.studies
    .list()
    .filter(({ status }) => status === 'running')
    .map((study) => {
      const runs = db.runs.ofStudy(study.id);
      return {
        training: { project: db.path, kind: 'study', id: study.id, name: study.name },
        runs,
        progress() {
          const far = studyProgress(study, { runs, held: queue.held });
          const share = far.stepsTotal === 0 ? 0 : far.stepsDone / far.stepsTotal;
          return { share, secondsLeft: far.remainingSeconds };
        },
        ended: () => howOf(db.studies.get(study.id)?.status),
      };
    });
}

/** Trainings of no study: models, and encoders. */
function singleRuns({ db }: OpenProject): Watched[] {
  const named = [
    ...db.models.list().map(({ runId, name }) => ({ runId, name, kind: 'model' as const })),
    ...db.encoders.list().map(({ runId, name }) => ({ runId, name, kind: 'encoder' as const })),
  ];
  return db.runs
    .list()
    .filter((run) => run.studyId === null && isUnderWay(run))
    .map((run) => {
      const found = named.find(({ runId }) => runId === run.id);
      const kind = found?.kind ?? (run.kind === 'pretrain' ? 'encoder' : 'model');
      const runs = [run];
      return {
        training: { project: db.path, kind, id: run.id, name: found?.name ?? `run ${run.id}` },
        runs,
        progress() {
          const [{ step, steps, trainedSeconds } = run] = runs;
          const pace = step > 0 && trainedSeconds > 0 ? trainedSeconds / step : null;
          const secondsLeft = pace === null ? null : pace * (steps - step);
          return { share: Math.min(1, step / steps), secondsLeft };
        },
        ended: () => howOf(db.runs.get(run.id)?.status),
      };
    });
}

const keyOf = ({ project, kind, id }: Training): string => `${kind} ${id} ${project}`;

/** `print`: one line. Returns how to stop. */
export function tellShell(
  engine: Pick<Engine, 'call' | 'projects' | 'subscribe'>,
  print: (news: EngineNews) => void,
): () => void {
  let watched: Watched[] = [];
  let printed = '';
  let stale = true;
  let timer: NodeJS.Timeout | null = null;

  function tell(): void {
    const ended: Ended[] = [];
    if (stale) {
      stale = false;
      const isOpen = new Set(engine.projects.list().map(({ db }) => db.path));
      const now = engine.projects
        .list()
        .flatMap((open) => [...studiesOf(open), ...singleRuns(open)]);
      const goesOn = new Set(now.map(({ training }) => keyOf(training)));
      for (const one of watched) {
        if (goesOn.has(keyOf(one.training))) continue;
        // A project that was closed says no more.
        const how = isOpen.has(one.training.project) ? one.ended() : 'stopped';
        ended.push({ ...one.training, how });
      }
      watched = now;
    }
    const underWay = watched.map(({ training, progress }) => {
      const { share, secondsLeft } = progress();
      return {
        ...training,
        share: Math.floor(Math.min(1, share) * 100) / 100,
        secondsLeft: secondsLeft === null ? null : Math.round(secondsLeft),
      };
    });
    const told = JSON.stringify(underWay.map(({ secondsLeft: _, ...rest }) => rest));
    if (told === printed && ended.length === 0) return;
    printed = told;
    print({ underWay, ended });
  }

  function soon(): void {
    timer ??= setTimeout(() => {
      timer = null;
      tell();
    }, EVERY_MS);
  }

  async function tellRecent(): Promise<void> {
    const recent = await engine.call('project.recent', {});
    print({ recent: recent.filter(({ exists }) => exists).map(({ path }) => path) });
  }
  const recentNow = () => void tellRecent().catch(() => undefined);

  const unsubscribe = engine.subscribe((event) => {
    if (event.type === 'changed') {
      if (event.changes.projects !== undefined) recentNow();
      stale = true;
      soon();
    } else if (event.type === 'run.progress') {
      for (const { training, runs } of watched) {
        const at = runs.findIndex(({ id }) => id === event.runId);
        const run = runs[at];
        if (training.project === event.project && run !== undefined) {
          runs[at] = { ...run, step: event.step, trainedSeconds: event.trainedSeconds };
        }
      }
      soon();
    }
  });
  recentNow();
  soon();
  return () => {
    unsubscribe();
    if (timer !== null) clearTimeout(timer);
  };
}
