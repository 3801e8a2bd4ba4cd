/** The trainer processes of one queue: starting, watching, stopping them. Knows no tables and no studies' states. */
import type { Execution, Run } from '../../../shared/entities.ts';
import type { EngineWish } from '../../engine-wish.ts';
import type { SpawnTrainer, Trainer } from '../../trainer.ts';
import type { TrainerEvent } from '../../training/protocol.ts';
import { warmthOfRuns, WarmTrainers } from '../../warm-trainers.ts';

/** A trainer that does not stop by then is killed, and resumes from the checkpoint before. */
const STOP_TIMEOUT_MS = 30_000;

export interface ActiveRun {
  readonly runId: number;
  readonly studyId: number | null;
  readonly trainer: Trainer;
  /** Settles after the process has ended and `onEnd` has returned. */
  readonly finished: Promise<void>;
}

export interface TrainerEnd {
  /** False where the process ended without a word: killed, out of memory, crashed. */
  readonly orderly: boolean;
  readonly detail: string;
  /** An event of it could not be stored, so it was killed. */
  readonly unstored: boolean;
}

export interface TrainerWatch {
  /** In the order of their arrival. Where this throws, the trainer is killed and not listened to any more. */
  readonly onEvent: (event: TrainerEvent) => void;
  readonly onUnstored: (error: unknown, event: TrainerEvent) => void;
  /** The run counts as active no longer. */
  readonly onEnd: (end: TrainerEnd) => void;
}

export class Trainers {
  readonly #active = new Map<number, ActiveRun>();
  readonly #projectPath: string;
  readonly #wish: EngineWish;
  readonly #warm: WarmTrainers;
  readonly #spawn: SpawnTrainer | undefined;

  constructor(options: {
    projectPath: string;
    wish: EngineWish;
    /** Whether runs of a study that is under way are queued, if only behind others. */
    expectsMore: () => boolean;
    spawn?: SpawnTrainer;
  }) {
    this.#projectPath = options.projectPath;
    this.#wish = options.wish;
    this.#spawn = options.spawn;
    this.#warm = new WarmTrainers(warmthOfRuns(options.expectsMore));
  }

  get active(): readonly ActiveRun[] {
    return [...this.#active.values()];
  }

  of(runId: number): ActiveRun | undefined {
    return this.#active.get(runId);
  }

  start(
    run: Run,
    wanted: Pick<Execution, 'threads' | 'kernels' | 'engine' | 'adapter'>,
    watch: TrainerWatch,
  ): void {
    let unstored = false;
    // Same bits only under the same engine, thread count, kernels and card, so a resumed run keeps its own.
    const began = run.engine;
    const engine = began?.name ?? wanted.engine ?? this.#wish.engine;
    const adapter =
      began === null
        ? (wanted.adapter ?? (wanted.engine === undefined ? this.#wish.adapter : undefined))
        : began.adapter?.name;
    const request = {
      type: 'run',
      projectPath: this.#projectPath,
      runId: run.id,
      threads: began?.threads ?? wanted.threads,
      kernels: began?.kernels ?? wanted.kernels,
      engine,
      ...(adapter == null ? {} : { adapter }),
    } as const;
    const onEvent = (event: TrainerEvent) => {
      if (unstored) return;
      try {
        watch.onEvent(event);
      } catch (error) {
        unstored = true;
        trainer.kill();
        watch.onUnstored(error, event);
      }
    };
    const trainer =
      this.#spawn?.(request, onEvent) ??
      this.#warm.serve(request, { onEvent, fresh: run.engine === null });
    const finished = trainer.ended.then(({ orderly, detail }) => {
      this.#active.delete(run.id);
      watch.onEnd({ orderly, detail, unstored });
    });
    this.#active.set(run.id, { runId: run.id, studyId: run.studyId, trainer, finished });
  }

  /** Settles when all these runs have saved a checkpoint and ended. */
  async stop(runs: readonly ActiveRun[]): Promise<void> {
    for (const run of runs) run.trainer.stop();
    const timeout = setTimeout(() => {
      for (const run of runs) run.trainer.kill();
    }, STOP_TIMEOUT_MS);
    await Promise.all(runs.map((run) => run.finished));
    clearTimeout(timeout);
  }

  /** Stops everything; settles when no trainer is left, at work or waiting. */
  async close(): Promise<void> {
    await this.stop(this.active);
    await this.#warm.close();
  }

  /** Ends these runs at once; settles when they have ended. */
  async kill(runs: readonly ActiveRun[]): Promise<void> {
    for (const run of runs) run.trainer.kill();
    await Promise.all(runs.map((run) => run.finished));
  }
}
