/**
 * Collects what the trainer of one run sends, less what later messages replace, over all attempts at the run. Knows no
 * files: run-file.ts is how it is kept.
 */
import type { Attempt, MetricPoint } from '../../shared/entities.ts';
import type { GivenCheckpoint, TrainerEvent } from '../training/protocol.ts';
import type { RunFile } from './run-file.ts';

type Sent<T extends TrainerEvent['type']> = Extract<TrainerEvent, { type: T }>;

/** A log that is written over and over again keeps its first and its last lines. */
const LOG_LINES = 400;

export class Journal {
  #started: Sent<'started'> | undefined;
  #progress: Sent<'progress'> | undefined;
  #done: Sent<'done'> | undefined;
  readonly #points = new Map<string, MetricPoint>();
  readonly #checkpoints = new Map<string, Sent<'checkpoint'>>();
  readonly #results = new Map<string, Sent<'result'>>();
  readonly #examples = new Map<number, Sent<'example'>>();
  readonly #log: RunFile['log'] = [];
  readonly attempts: Attempt[] = [];

  constructor(file?: RunFile) {
    if (file === undefined) return;
    this.#log.push(...file.log);
    this.attempts.push(...file.attempts);
    for (const event of file.events) this.add(event);
  }

  get engine(): Sent<'started'>['engine'] | undefined {
    return this.#started?.engine;
  }

  get step(): number {
    return this.#progress?.step ?? 0;
  }

  /** The step of the state that it resumes from. */
  get keptStep(): number {
    return this.#checkpoints.get('last')?.step ?? 0;
  }

  add(event: TrainerEvent): void {
    switch (event.type) {
      case 'started':
        // As when a trainer here resumes: what it will measure again is dropped.
        for (const [key, { step }] of this.#points)
          if (step > event.firstStep) this.#points.delete(key);
        this.#started = event;
        break;
      case 'progress': {
        const peak = Math.max(event.peakMemoryBytes, this.#progress?.peakMemoryBytes ?? 0);
        this.#progress = { ...event, peakMemoryBytes: peak };
        break;
      }
      case 'metrics':
        this.#addPoints(event.points);
        break;
      case 'checkpoint': {
        const { points = [], ...checkpoint } = event;
        this.#addPoints(points);
        this.#checkpoints.set(event.kind, checkpoint);
        break;
      }
      case 'result':
        this.#results.set(`${event.result.checkpoint} ${event.result.imageId}`, event);
        break;
      case 'example':
        this.#examples.set(event.index, event);
        break;
      case 'log':
        this.log(event.message);
        break;
      case 'done':
        this.#done = event;
        break;
      default: // of no run, or of no state that is kept
    }
  }

  log(message: string, at = new Date().toISOString()): void {
    this.#log.push({ at, message });
    if (this.#log.length > LOG_LINES) this.#log.splice(LOG_LINES / 2, 1);
  }

  logLines(): readonly { readonly at: string; readonly message: string }[] {
    return this.#log;
  }

  #addPoints(points: readonly MetricPoint[]): void {
    for (const point of points) this.#points.set(`${point.name} ${point.step}`, point);
  }

  /** What a file of the run holds. A state is of its last checkpoint: what came later will come again. */
  file(of: Pick<RunFile, 'runId' | 'planned' | 'startedFrom'>): RunFile {
    const state = this.#done === undefined ? 'interrupted' : 'done';
    const isReplaced = this.#done !== undefined && this.#done.kept !== null;
    const started = this.#started === undefined ? [] : [{ ...this.#started, firstStep: 0 }];
    const points = [...this.#points.values()].filter(
      ({ step }) => state === 'done' || step <= this.keptStep,
    );
    const events: TrainerEvent[] = [
      ...started,
      ...(this.#progress === undefined ? [] : [this.#progress]),
      { type: 'metrics', points },
      ...[...this.#checkpoints.values()].filter(({ kind }) => kind === 'best' || !isReplaced),
      ...(state === 'done' ? [...this.#results.values(), ...this.#examples.values()] : []),
      ...(this.#done === undefined ? [] : [this.#done]),
    ];
    return { ...of, state, attempts: [...this.attempts], log: [...this.#log], events };
  }
}

/** The checkpoints that a file of a run holds: of one that is done, those that a project would have. */
export function checkpointsOf({ runId, events }: RunFile): GivenCheckpoint[] {
  const found: GivenCheckpoint[] = [];
  for (const event of events) {
    if (event.type === 'checkpoint') {
      const { kind, step, bytes } = event;
      found.push({ runId, kind, step, bytes });
    } else if (event.type === 'done' && event.kept !== null) {
      found.push({ runId, kind: 'last', step: event.early?.step ?? 0, bytes: event.kept });
    }
  }
  return found;
}
