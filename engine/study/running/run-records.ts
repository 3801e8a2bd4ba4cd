/**
 * Writes down what becomes of runs: what their trainers send, how they end, and what that means for the runs that wait for
 * them and for their study. Announces every change. The caller opens the transactions.
 */
import type { MetricPoint, Run } from '../../../shared/entities.ts';
import { AppError, fromWireError, toWireError } from '../../../shared/errors.ts';
import type { Changes, EngineEvent } from '../../../shared/events.ts';
import { counted } from '../../../shared/number-format.ts';
import type { Project } from '../../db/project.ts';
import type { TrainerEvent } from '../../training/protocol.ts';
import { extendUnconverged } from './extension.ts';

/** A trainer that dies without a word is started again from its checkpoint so many times before it gets any further. */
const MAX_RESTARTS = 2;

export class RunRecords {
  readonly #project: Project;
  readonly #emit: (event: EngineEvent) => void;
  /** How often the trainer of a run died without a word since it had last got further, and how far that was. */
  readonly #deaths = new Map<number, { readonly count: number; readonly step: number }>();

  constructor(project: Project, emit: (event: EngineEvent) => void) {
    this.#project = project;
    this.#emit = emit;
  }

  #changed(changes: Changes): void {
    this.#emit({ type: 'changed', project: this.#project.path, origin: null, changes });
  }

  runChanged(runId: number): void {
    this.#changed({ runs: { updated: [runId] } });
  }

  studyChanged(studyId: number): void {
    this.#changed({ studies: { updated: [studyId] } });
  }

  /** Errors: no-space where the trainer found the disk full, which the next run would as well; those of the database. */
  store(run: Run, event: TrainerEvent): void {
    const { runs, examples, path } = this.#project;
    switch (event.type) {
      case 'started':
        runs.dropMetricsAfter(run.id, event.firstStep);
        runs.started(run.id, event.engine, event.layers);
        this.runChanged(run.id);
        break;
      case 'progress':
        runs.progress(run.id, event);
        this.#emit({ ...event, type: 'run.progress', project: path, runId: run.id });
        break;
      case 'metrics':
        this.#addMetrics(run, event.points);
        break;
      case 'checkpoint':
        this.#addMetrics(run, event.points ?? []);
        runs.saveCheckpoint(run.id, event.kind, event.step, event.bytes);
        break;
      case 'result':
        runs.addResult(run.id, event.result, event.prediction);
        break;
      case 'example':
        examples.add(run.id, event.index, event.example);
        break;
      case 'log':
        runs.log(run.id, event.message);
        break;
      case 'done':
        this.#done(run, event);
        break;
      case 'stopped':
        this.requeue(run);
        break;
      case 'failed':
        if (event.error.code === 'no-space') throw fromWireError(event.error);
        this.#fail(run, fromWireError(event.error));
        break;
      case 'calibrated':
      case 'features':
      case 'measured':
      case 'note':
      case 'predicting':
      case 'prediction':
        throw new AppError('internal', `A training run sent "${event.type}".`);
    }
  }

  #addMetrics(run: Run, points: readonly MetricPoint[]): void {
    if (points.length === 0) return;
    const { runs, path } = this.#project;
    runs.addMetrics(run.id, points);
    this.#emit({ type: 'run.metrics', project: path, runId: run.id, points: [...points] });
  }

  /** Back into the queue; what it had reached stays. */
  requeue(run: Run): void {
    this.#project.runs.requeue(run.id);
    this.runChanged(run.id);
  }

  cancel(run: Run): void {
    this.#project.runs.ended(run.id, 'cancelled');
    this.runChanged(run.id);
    this.#failDependents(run, 'was cancelled');
  }

  /** A trainer that ended without a word: killed, out of memory, crashed. */
  diedSilently(run: Run, detail: string): void {
    const step = this.#project.runs.resumesAt(run.id);
    const before = this.#deaths.get(run.id);
    // What gets further between its deaths ends some time, and a run of days may well meet a few.
    const deaths = before === undefined || step > before.step ? 1 : before.count + 1;
    this.#deaths.set(run.id, { count: deaths, step });
    if (deaths <= MAX_RESTARTS) {
      this.#project.runs.log(run.id, `The trainer ended unexpectedly (${detail}); resuming.`);
      this.requeue(run);
      return;
    }
    this.#fail(
      run,
      new AppError(
        'internal',
        `The trainer ended unexpectedly ${deaths} times without getting further. Last: ${detail}. Fewer parallel runs or a smaller batch may help if memory ran out; then retry the run.`,
      ),
    );
  }

  /** Marks a study as done when nothing of it is left to run, and its baselines need no longer budget. */
  settleStudy(studyId: number | null): void {
    if (studyId === null) return;
    const { runs, studies } = this.#project;
    if (studies.get(studyId)?.status !== 'running') return;
    const own = runs.ofStudy(studyId);
    if (own.some((r) => r.status === 'queued' || r.status === 'running')) return;
    if (extendUnconverged(this.#project, studyId).length > 0) {
      this.#changed({ runs: { updated: own.map(({ id }) => id) } });
    } else {
      const any = own.some((r) => r.kind === 'finetune' && r.status === 'done');
      studies.setStatus(studyId, any ? 'done' : 'failed');
    }
    this.studyChanged(studyId);
  }

  #done(run: Run, { kept, early }: Extract<TrainerEvent, { type: 'done' }>): void {
    const { runs, encoders, models } = this.#project;
    const { steps } = run.config.optimisation;
    if (kept !== null) runs.saveCheckpoint(run.id, 'last', early?.step ?? steps, kept);
    if (early !== undefined) models.endedEarly(run.id, early.why);
    runs.ended(run.id, 'done');
    if (run.config.kind === 'pretrain') {
      const { task, network, seed } = run.config;
      const labels = run.labels === null ? '' : `, ${counted(run.labels, 'label')}`;
      const name = `${run.pretraining ?? task}${labels}, seed ${seed}`;
      const encoderId = encoders.add({ runId: run.id, name, task, network });
      this.#changed({ encoders: { added: [encoderId] } });
    }
    this.runChanged(run.id);
  }

  #fail(run: Run, error: AppError): void {
    this.#project.runs.ended(run.id, 'failed', toWireError(error));
    this.runChanged(run.id);
    this.#failDependents(run, 'failed');
  }

  #failDependents(run: Run, fate: string): void {
    const { runs } = this.#project;
    for (const other of run.studyId === null ? [] : runs.ofStudy(run.studyId)) {
      if (other.dependsOn !== run.id || other.status !== 'queued') continue;
      const message = `Its pretraining (run ${run.id}) ${fate}, so there is nothing to transfer. Retry that run first.`;
      runs.ended(other.id, 'failed', { code: 'conflict', message });
      this.runChanged(other.id);
    }
  }
}

/** Bytes that an event asks the project to store. */
export function bytesToStore(event: TrainerEvent): number {
  if (event.type === 'checkpoint') return event.bytes.length;
  if (event.type === 'result') return event.prediction?.length ?? 0;
  return event.type === 'done' ? (event.kept?.length ?? 0) : 0;
}
