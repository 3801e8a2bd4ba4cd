/**
 * An attempt to compute a run of a bundle: trains from the state that there is, leaves one from time to time and where it is
 * asked to stop, and keeps the result. Around it is run-one.ts.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import type { Attempt, EngineChoice } from '../../shared/entities.ts';
import { AppError, fromWireError, toWireError } from '../../shared/errors.ts';
import { writeWholeSync } from '../data/write-file.ts';
import { type SpawnTrainer, spawnTrainer } from '../trainer.ts';
import { decodeCheckpoint, weightsHash } from '../training/checkpoint.ts';
import type { GivenCheckpoint, TrainerEvent } from '../training/protocol.ts';
import {
  type Bundle,
  type BundledRun,
  checkBundle,
  failurePath,
  givenPath,
  PLAN,
  readRunFile,
  resultPath,
  statePath,
} from './bundle.ts';
import { checkpointsOf, Journal } from './journal.ts';
import { placeHere } from './place.ts';
import type { Failure } from './progress.ts';
import { encodeRunFile, type RunFile } from './run-file.ts';
import type { OwnSign } from './sign.ts';

/** A trainer that dies without a word is started again from its state so many times. */
const MAX_RESTARTS = 2;
/** A result that finds no room waits for some, so often and so long: it is hours of work. */
const ROOM = { tries: 20, everyMs: 30_000 };

export interface RunOneOptions {
  readonly engine: EngineChoice;
  /** Asks it to leave a state and end. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Another than that of the plan gives other bits. */
  readonly threads?: number | undefined;
  /** For tests: in place of a real trainer, and how soon signs, states and tries for room come. */
  readonly spawn?: SpawnTrainer;
  readonly beatMs?: number;
  readonly checkpointMs?: number;
  readonly room?: typeof ROOM;
}

/** The hash of the weights that a fine-tuning starts from: its best checkpoint where one was chosen, else the last. */
export function sourceHash(checkpoints: readonly GivenCheckpoint[]): string | null {
  const of = (kind: GivenCheckpoint['kind']) => checkpoints.find((one) => one.kind === kind);
  const source = of('best') ?? of('last');
  return source === undefined ? null : weightsHash(decodeCheckpoint(source.bytes));
}

/** The state to go on from: what an attempt left, else what the project had of it. */
function stateOf(bundle: Bundle, run: BundledRun): RunFile | null {
  const left = readRunFile(statePath(bundle, run.id));
  if (left !== null && left.planned === run.planned) return left;
  return run.given.includes(run.id) ? readRunFile(join(bundle.dir, givenPath(run.id))) : null;
}

const isNoSpace = (error: unknown) => error instanceof AppError && error.code === 'no-space';

/** Leaves why a run failed, for whoever looks from afar; where that cannot be written it is said. */
export function noteFailure(
  bundle: Bundle,
  run: BundledRun,
  { say, ...found }: Pick<Failure, 'error' | 'log'> & { step: number; say: RunOneOptions['say'] },
): void {
  const { host, job } = placeHere();
  const text = JSON.stringify({ ...found, host, job, at: new Date().toISOString() }, null, 1);
  try {
    writeWholeSync(failurePath(bundle, run.id), text);
  } catch (unwritten) {
    say(toWireError(unwritten).message); // the log of the job has the failure itself
  }
}

/** Errors of what it does: as runOne. */
export class RunAttempt {
  readonly #bundle: Bundle;
  readonly #run: BundledRun;
  readonly #options: RunOneOptions;
  readonly #sign: OwnSign;
  readonly #sources: readonly GivenCheckpoint[];
  readonly #startedFrom: string | null;
  #journal: Journal;
  readonly #begun = new Date().toISOString();

  constructor(
    bundle: Bundle,
    run: BundledRun,
    rest: { sources: readonly RunFile[]; sign: OwnSign; options: RunOneOptions },
  ) {
    this.#bundle = bundle;
    this.#run = run;
    this.#options = rest.options;
    this.#sign = rest.sign;
    this.#sources = rest.sources.flatMap(checkpointsOf);
    this.#startedFrom = run.kind === 'finetune' ? sourceHash(this.#sources) : null;
    this.#journal = this.#fromState();
  }

  /** Errors: as runOne. */
  async compute(): Promise<void> {
    for (let deaths = 0; ;) {
      const from = this.#journal.keptStep;
      const { end, detail } = await this.#train();
      if (end === 'done') return this.#keepResult(from);
      if (end === 'stopped' || this.#options.signal.aborted) throw this.#stopped();
      deaths++;
      if (deaths > MAX_RESTARTS) {
        throw new AppError(
          'internal',
          `The trainer ended unexpectedly ${deaths} times. Last: ${detail}. More memory for the job (settings.sh) may help; then run it again.`,
        );
      }
      this.#options.say(
        `The trainer ended unexpectedly (${detail}); going on from the last state.`,
      );
      this.#journal = this.#fromState();
      this.#journal.log(`The trainer ended unexpectedly (${detail}); resuming.`);
    }
  }

  noteFailure(error: ReturnType<typeof toWireError>): void {
    const { say } = this.#options;
    const log = this.#journal.logLines().slice(-40);
    noteFailure(this.#bundle, this.#run, { error, step: this.#journal.step, log, say });
  }

  #fromState(): Journal {
    const state = stateOf(this.#bundle, this.#run);
    return new Journal(state ?? undefined);
  }

  async #train(): Promise<{ end: 'done' | 'stopped' | 'died'; detail: string }> {
    const options = this.#options;
    const journal = this.#journal;
    const { manifest, dir } = this.#bundle;
    const engine = journal.engine;
    const state = checkpointsOf(
      journal.file({ runId: this.#run.id, planned: this.#run.planned, startedFrom: null }),
    );
    let failure: AppError | undefined;
    let end: 'done' | 'stopped' | 'died' = 'died';
    const from = journal.keptStep;
    const onEvent = (event: TrainerEvent) => {
      if (event.type === 'failed') failure = fromWireError(event.error);
      else if (event.type === 'stopped') end = 'stopped';
      else {
        journal.add(event);
        if (event.type === 'done') end = 'done';
        if (event.type === 'progress') this.#sign.at(event.step);
        if (event.type === 'checkpoint' && event.kind === 'last') this.#keepState(from);
      }
    };
    const trainer = (options.spawn ?? spawnTrainer)(
      {
        type: 'run',
        projectPath: join(dir, PLAN),
        runId: this.#run.id,
        // Same bits only under the same engine, threads and kernels, so a run that goes on keeps its own.
        threads: engine?.threads ?? options.threads ?? manifest.execution.threads,
        kernels: engine?.kernels ?? manifest.execution.kernels,
        engine: engine?.name ?? this.#engineAsked(),
        checkpointIntervalMs: options.checkpointMs ?? manifest.checkpointMinutes * 60_000,
        given: [...state, ...this.#sources],
      },
      onEvent,
    );
    const stop = () => trainer.stop();
    options.signal.addEventListener('abort', stop, { once: true });
    if (options.signal.aborted) stop();
    const { detail, thrown } = await trainer.ended;
    options.signal.removeEventListener('abort', stop);
    if (failure !== undefined) throw await this.#inWordsOfTheFolder(failure);
    if (thrown !== undefined) throw thrown;
    return { end, detail };
  }

  /**
   * A trainer that cannot read an image takes it for one that is linked to a project: here it is the folder's, and the
   * remedy is another.
   */
  async #inWordsOfTheFolder(failure: AppError): Promise<AppError> {
    const isInside = failure.message.includes(this.#bundle.dir);
    const wrong = isInside ? await checkBundle(this.#bundle) : [];
    return wrong.length === 0 ? failure : new AppError('corrupt', wrong.join(' '));
  }

  /** What was asked for here goes before what the study was planned for: a node may have no card. */
  #engineAsked(): EngineChoice {
    const { engine } = this.#options;
    return engine === 'auto' ? (this.#bundle.manifest.execution.engine ?? engine) : engine;
  }

  /** This process as an attempt, as it stands. */
  #attempt(firstStep: number, end: Attempt['end']): Attempt {
    const { keptStep } = this.#journal;
    const endedAt = new Date().toISOString();
    return { ...placeHere(), startedAt: this.#begun, endedAt, firstStep, lastStep: keptStep, end };
  }

  #file(firstStep: number, end: Attempt['end']): Uint8Array {
    const { id: runId, planned } = this.#run;
    const file = this.#journal.file({ runId, planned, startedFrom: this.#startedFrom });
    const attempts = [...file.attempts, this.#attempt(firstStep, end)];
    return encodeRunFile({ ...file, attempts });
  }

  /** A state that finds no room is not kept; the run goes on, and the state before stays. Errors: unreadable. */
  #keepState(firstStep: number): void {
    try {
      writeWholeSync(statePath(this.#bundle, this.#run.id), this.#file(firstStep, 'interrupted'));
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      this.#options.say(`${toWireError(error).message} The run goes on with its earlier state.`);
    }
  }

  async #keepResult(firstStep: number): Promise<void> {
    const { say, signal, room = ROOM } = this.#options;
    const bytes = this.#file(firstStep, 'done');
    for (let tries = 1; ; tries++) {
      try {
        writeWholeSync(resultPath(this.#bundle, this.#run.id), bytes);
        return;
      } catch (error) {
        if (!isNoSpace(error) || tries >= room.tries || signal.aborted) throw error;
        say(`${toWireError(error).message} Trying again.`);
        await wait(room.everyMs);
      }
    }
  }

  #stopped(): AppError {
    const { keptStep } = this.#journal;
    return new AppError(
      'cancelled',
      `Run ${this.#run.id} was asked to stop; it goes on behind step ${keptStep} of ${this.#run.steps} when it is run again.`,
    );
  }
}
