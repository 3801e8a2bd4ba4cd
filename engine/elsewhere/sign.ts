/**
 * A sign of life beside a run that is being computed: who does it, and how far it is. So two do not compute one run at
 * the same time, and progress is seen from afar. Clocks of computers differ: whether a sign is alive is seen by its
 * number going up, never by its time.
 */
import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { readRegularFile } from '../data/regular-file.ts';
import { writeWholeSync } from '../data/write-file.ts';
import { isRunning } from '../process-alive.ts';
import { type Bundle, signPath } from './bundle.ts';
import { placeHere } from './place.ts';

/** A few files a minute from each run are nothing to a file server; hundreds a second are. */
export const BEAT_MS = 30_000;

export const Sign = z.object({
  host: z.string(),
  pid: z.number(),
  job: z.string().nullable(),
  processor: z.string(),
  /** Goes up with every beat. */
  beat: z.number().int(),
  beatMs: z.number().positive(),
  step: z.number().int(),
  steps: z.number().int(),
});
export type Sign = z.infer<typeof Sign>;

/** null: there is none, or it is being replaced. */
export function readSign(bundle: Bundle, runId: number): Sign | null {
  try {
    return Sign.parse(JSON.parse(readRegularFile(signPath(bundle, runId)).toString()));
  } catch {
    return null; // gone meanwhile, or half of one by a file system that does not rename whole: nobody waits for it
  }
}

export class OwnSign {
  readonly #bundle: Bundle;
  readonly #runId: number;
  readonly #beatMs: number;
  readonly #steps: number;
  readonly #place = placeHere();
  #timer: NodeJS.Timeout | undefined;
  #beat = 0;
  #step = 0;

  constructor(
    bundle: Bundle,
    { id, steps }: { readonly id: number; readonly steps: number },
    beatMs: number,
  ) {
    this.#bundle = bundle;
    this.#runId = id;
    this.#steps = steps;
    this.#beatMs = beatMs;
  }

  /**
   * Waits where there is the sign of somebody else, until it is known to be dead: it did not go up for two beats, or was
   * left by an earlier attempt of the same job. Errors: locked, where it is alive; those of writing.
   */
  async take(): Promise<void> {
    const found = readSign(this.#bundle, this.#runId);
    const { job, host } = this.#place;
    const isOurs = found?.job !== null && found?.job === job;
    const isDead = found?.host === host && !isRunning(found.pid);
    if (found !== null && !isOurs && !isDead) {
      await wait(2.5 * found.beatMs);
      const later = readSign(this.#bundle, this.#runId);
      if (later !== null && (later.beat !== found.beat || later.pid !== found.pid)) {
        throw this.#locked(later);
      }
    }
    try {
      this.#write({ replace: found !== null });
    } catch {
      // Of two that come at the same time one is the first; what is no sign any more gives way.
      const first = found === null ? readSign(this.#bundle, this.#runId) : null;
      if (first !== null) throw this.#locked(first);
      this.#write({ replace: true });
    }
    this.#timer = setInterval(() => this.#beatOn(), this.#beatMs);
  }

  #locked({ host, job, pid, step, steps }: Sign): AppError {
    const by = job ?? `process ${pid}`;
    return new AppError(
      'locked',
      `Run ${this.#runId} is being computed on ${host} (${by}), at step ${step} of ${steps}. Nothing was done on ${this.#place.host}.`,
    );
  }

  at(step: number): void {
    const isFirst = this.#step === 0 && step > 0;
    this.#step = step;
    if (isFirst) this.#beatOn(); // whoever waits for it to begin need not wait for the next beat, too
  }

  /** Stays where it was written last, or goes with the run. */
  end(): void {
    clearInterval(this.#timer);
    rmSync(signPath(this.#bundle, this.#runId), { force: true });
  }

  #beatOn(): void {
    this.#beat++;
    try {
      this.#write({ replace: true });
    } catch {
      // A full disk takes no sign; the run itself goes on.
    }
  }

  #write(how: { readonly replace: boolean }): void {
    const sign: Sign = {
      ...{ host: this.#place.host, processor: this.#place.processor, job: this.#place.job },
      ...{ pid: process.pid, beat: this.#beat, beatMs: this.#beatMs },
      ...{ step: this.#step, steps: this.#steps },
    };
    writeWholeSync(signPath(this.#bundle, this.#runId), JSON.stringify(sign), how);
  }
}
