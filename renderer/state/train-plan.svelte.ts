/** What a training that is being asked for would be: asked anew with every change. */
import type { CallInput, ModelPlan } from '../../shared/api.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';

/** While somebody types, nothing is asked. */
const EDIT_PAUSE_MS = 250;
/** Timing keeps all cores busy for seconds: it waits until the settings have been left alone for so long. */
const TIME_PAUSE_MS = 900;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class TrainPlan {
  /** That of the latest settings; while they are being worked out, or where they have none, of the ones before. */
  plan = $state.raw<ModelPlan | null>(null);
  /** Why the latest settings have none. */
  trouble = $state.raw<string | null>(null);
  /** Whether the plan that is shown is not that of the latest settings yet. */
  stale = $state.raw(false);
  /** Whether steps are being timed. */
  timing = $state.raw(false);
  readonly #api: Pick<Api, 'call'>;
  #asking: AbortController | null = null;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  /** Settings and parts at once, steps and time once nothing more is changed. */
  async replan(input: Omit<CallInput<'models.plan'>, 'time'>): Promise<void> {
    this.close();
    const abort = new AbortController();
    this.#asking = abort;
    const { signal } = abort;
    const isOver = () => this.#asking !== abort;
    this.stale = true;
    try {
      await pause(EDIT_PAUSE_MS);
      if (isOver()) return;
      const quick = await this.#api.call('models.plan', { ...input, time: false }, { signal });
      if (isOver()) return;
      this.trouble = null;
      this.plan = quick;
      this.stale = false;
      this.timing = true;
      await pause(TIME_PAUSE_MS);
      if (isOver()) return;
      const timed = await this.#api.call('models.plan', { ...input, time: true }, { signal });
      if (!isOver()) this.plan = timed;
    } catch (error) {
      if (isOver()) return;
      this.trouble = messageOf(error);
    } finally {
      if (!isOver()) {
        this.timing = false;
        this.stale = false;
      }
    }
  }

  /** Asks no more, and stops what is being timed. */
  close(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.timing = false;
    this.stale = false;
  }
}
