/** What flips, the seeds of a study and post-processing gain for a network: measured on its validation images, on demand. */
import type { MeasuredLooks } from '../../shared/post-processing-words.ts';
import type { Api, CallOptions } from '../api.ts';

export class PredictionGains {
  /** Of each run that was measured in this sitting; the one look first. */
  #found = $state.raw<ReadonlyMap<number, readonly MeasuredLooks[]>>(new Map());
  /** Being measured. */
  runId = $state.raw<number | null>(null);
  readonly #api: Pick<Api, 'call'>;
  readonly #project: string;

  constructor(api: Pick<Api, 'call'>, project: string) {
    this.#api = api;
    this.#project = project;
  }

  of(runId: number): readonly MeasuredLooks[] | null {
    return this.#found.get(runId) ?? null;
  }

  /** `members`: networks that would be averaged. Errors: those of predict.measure, cancelled. */
  async measure(
    { runId, members }: { readonly runId: number; readonly members: number },
    { signal, onProgress }: CallOptions = {},
  ): Promise<void> {
    this.runId = runId;
    const ways = [
      { flips: false, ensemble: false },
      { flips: true, ensemble: false },
      ...(members > 1
        ? [
            { flips: false, ensemble: true },
            { flips: true, ensemble: true },
          ]
        : []),
    ];
    try {
      const rows: MeasuredLooks[] = [];
      for (const [i, looks] of ways.entries()) {
        const found = await this.#api.call(
          'predict.measure',
          { project: this.#project, runId, ...looks },
          {
            ...(signal === undefined ? {} : { signal }),
            onProgress: ({ done, total, message }) =>
              onProgress?.({ done: i * total + done, total: ways.length * total, message }),
          },
        );
        rows.push({ flips: looks.flips, members: looks.ensemble ? members : 1, found });
      }
      this.#found = new Map([...this.#found, [runId, rows]]);
    } finally {
      this.runId = null;
    }
  }
}
