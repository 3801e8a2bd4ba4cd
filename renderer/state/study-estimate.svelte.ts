/** What a study that is being designed would cost: asked anew with every change of its design. */
import type { StudyPlan } from '../../shared/api.ts';
import type { StudyConfig } from '../../shared/entities.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';

/** Measuring keeps all cores busy for seconds: it waits until the design has been left alone for so long. */
const MEASURE_PAUSE_MS = 1000;

export class StudyEstimate {
  plan = $state.raw<StudyPlan | null>(null);
  /** Why there is none. */
  trouble = $state.raw<string | null>(null);
  /** Whether the machine is being measured. */
  measuring = $state.raw(false);
  readonly #api: Api;
  readonly #project: string;
  #measuring: AbortController | null = null;

  constructor(api: Api, project: string) {
    this.#api = api;
    this.#project = project;
  }

  /** Counts, notes and obstacles at once; the time once nothing more is changed and the machine has been measured. */
  async replan(config: StudyConfig): Promise<void> {
    this.#measuring?.abort();
    const abort = new AbortController();
    this.#measuring = abort;
    const input = { project: this.#project, config };
    try {
      const quick = await this.#api.call('studies.plan', { ...input, calibrate: false });
      if (abort.signal.aborted) return;
      this.trouble = null;
      // Until the new time is known the old one stands, greyed.
      const { estimateSeconds = null, longestSeconds = null } = this.plan ?? {};
      this.plan = { ...quick, estimateSeconds, longestSeconds };
      this.measuring = true;
      await new Promise((resolve) => setTimeout(resolve, MEASURE_PAUSE_MS));
      if (this.#measuring !== abort) return;
      const full = await this.#api.call('studies.plan', input, { signal: abort.signal });
      if (this.#measuring !== abort) return;
      this.plan = full;
    } catch (error) {
      if (this.#measuring !== abort || abort.signal.aborted) return;
      this.trouble = messageOf(error);
      this.plan = null;
    } finally {
      if (this.#measuring === abort) this.measuring = false;
    }
  }

  /** Stops measuring. */
  close(): void {
    this.#measuring?.abort();
    this.#measuring = null;
  }
}
