/** Long calls under way: their progress and how to stop them. */
import type { Progress } from '../../shared/api.ts';
import type { CallOptions } from '../api.ts';

export class Job {
  readonly title: string;
  progress = $state.raw<Progress | null>(null);
  #abort = new AbortController();

  constructor(title: string) {
    this.title = title;
  }

  get cancelling(): boolean {
    return this.#abort.signal.aborted;
  }

  /** 0 … 1; null where nobody knows yet. */
  get share(): number | null {
    const { progress } = this;
    return progress === null || progress.total === 0 ? null : progress.done / progress.total;
  }

  get options(): CallOptions {
    return {
      signal: this.#abort.signal,
      onProgress: (progress) => (this.progress = progress),
    };
  }

  cancel(): void {
    this.#abort.abort();
  }
}

export class Jobs {
  items = $state.raw<readonly Job[]>([]);

  /** Shows `work` in the status bar until it has ended one way or the other. */
  async run<T>(title: string, work: (options: CallOptions, job: Job) => Promise<T>): Promise<T> {
    const job = new Job(title);
    this.items = [...this.items, job];
    try {
      return await work(job.options, job);
    } finally {
      this.items = this.items.filter((other) => other !== job);
    }
  }
}
