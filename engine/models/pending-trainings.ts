/**
 * Trainings that were asked for and are not queued yet: steps are timed first, which takes some seconds. Each belongs to
 * the project, not to the window that asked: one that is reloaded meanwhile neither loses the training nor its refusal.
 */
import type { PendingTraining } from '../../shared/entities.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import { isGone } from '../caller-gone.ts';

interface Pending {
  told: PendingTraining;
  readonly abort: AbortController;
  /** Whoever asked is gone: a refusal waits here until somebody has read it. */
  isOrphan: boolean;
}

export class PendingTrainings {
  readonly #tell: (pending: readonly PendingTraining[]) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #underWay = new Set<Promise<unknown>>();
  #nextId = 1;

  constructor(tell: (pending: readonly PendingTraining[]) => void) {
    this.#tell = tell;
  }

  /** Oldest first. */
  list(): PendingTraining[] {
    return [...this.#pending.values()].map(({ told }) => told);
  }

  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /**
   * Does `work` to its end, although whoever asked may be gone by then. Errors: those of `work`; cancelled, where the
   * caller takes it back or it is dropped.
   */
  async keep<T>(
    asked: Pick<PendingTraining, 'datasetId' | 'name'>,
    caller: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const id = this.#nextId++;
    const at = new Date().toISOString();
    const pending: Pending = {
      told: { id, ...asked, at, error: null },
      abort: new AbortController(),
      isOrphan: false,
    };
    const left = () => {
      if (isGone(caller)) pending.isOrphan = true;
      else pending.abort.abort();
    };
    if (caller.aborted) left();
    caller.addEventListener('abort', left, { once: true });
    this.#pending.set(id, pending);
    this.#told();
    const done = work(pending.abort.signal);
    this.#underWay.add(done);
    try {
      const result = await done;
      this.#forget(id);
      return result;
    } catch (error) {
      if (pending.isOrphan && !pending.abort.signal.aborted) {
        pending.told = { ...pending.told, error: toWireError(error) };
        this.#told();
      } else this.#forget(id);
      throw error;
    } finally {
      this.#underWay.delete(done);
      caller.removeEventListener('abort', left);
    }
  }

  /** Takes one back, or lets go of its refusal. Errors: not-found, where it is queued meanwhile or was dropped. */
  drop(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      throw new AppError(
        'not-found',
        'That training is no longer being prepared. Look under Models whether it has begun.',
      );
    }
    if (pending.told.error === null) pending.abort.abort();
    this.#forget(id);
  }

  async close(): Promise<void> {
    for (const { abort } of this.#pending.values()) abort.abort();
    await Promise.allSettled(this.#underWay);
  }

  #forget(id: number): void {
    if (this.#pending.delete(id)) this.#told();
  }

  #told(): void {
    this.#tell(this.list());
  }
}
