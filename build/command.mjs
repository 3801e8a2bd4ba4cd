/**
 * Runs other programs: captured, for the steps of setting up, and in the foreground, for the command the user asked
 * for. Knows nothing of what they do.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A program that does not end when it is asked to is killed. */
const KILL_AFTER_MS = 10_000;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** Programs that end when this process is interrupted. @type {Set<ChildProcess>} */
const running = new Set();

/**
 * Work whose programs end with it (endingChildren), and what made it fail. Work inside work has programs of its own, which
 * are programs of the outer one as well.
 *
 * @typedef {{ children: Set<ChildProcess>, failure: Error | null, outer: Work | undefined }} Work
 */

/** @type {AsyncLocalStorage<Work>} */
const currentWork = new AsyncLocalStorage();

/** A piece of work, the one around it, and so on. @param {Work | undefined} work @returns {Work[]} */
const withOuter = (work) => (work === undefined ? [] : [work, ...withOuter(work.outer)]);

/**
 * Does work that captures programs; when it is interrupted or fails they end with it, so that no download or compiler is
 * left behind. Work that has failed starts no more of them; what other work has started goes on.
 *
 * @template Result
 * @param {() => Promise<Result>} task
 * @returns {Promise<Result>}
 */
export async function endingChildren(task) {
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(128 + constants.signals[signal]);
  };
  /** @type {Work} */
  const work = { children: new Set(), failure: null, outer: currentWork.getStore() };
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    return await currentWork.run(work, task);
  } catch (error) {
    work.failure = error instanceof Error ? error : new Error(String(error));
    for (const child of work.children) child.kill('SIGTERM');
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** @param {readonly Work[]} works @returns {Error | null} of the first that has failed */
const failureOf = (works) => works.find(({ failure }) => failure !== null)?.failure ?? null;

/**
 * Makes a program one of those that end with the work that starts it.
 *
 * @param {() => ChildProcess} start
 * @returns {{ child: ChildProcess, works: Work[], forget: () => void }}
 * @throws {Error} why the work has failed, where it has: then nothing is started
 */
function startAsPart(start) {
  const works = withOuter(currentWork.getStore());
  const failure = failureOf(works);
  if (failure !== null) throw failure;
  const child = start();
  const sets = [running, ...works.map(({ children }) => children)];
  for (const set of sets) set.add(child);
  const forget = () => {
    for (const set of sets) set.delete(child);
  };
  return { child, works, forget };
}

/**
 * How far below the others: with nothing else to do there it is as quick as ever. Beside a busy core it gets a thirtieth,
 * so that half a minute of work is done within a quarter of an hour; less far, and it would be in the way of what steps
 * back furthest, as a training beside labelling does.
 */
const YIELDING = 15;

/** @param {number} pid */
function lowerPriority(pid) {
  try {
    setPriority(pid, YIELDING);
  } catch {
    // It has ended already, or this system does not let us: then it runs like any other.
  }
}

/**
 * Runs a program to its end and keeps what it printed. A program that is missing is an outcome, not an exception; one that
 * is ended, or never started, since the work that it is part of has failed has no outcome: that fails with it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, shell?: boolean, yielding?: boolean }} [options]
 *   yielding: lets others have the processor first
 * @returns {Promise<{ ok: boolean, stdout: string, output: string }>} output: standard output and error as printed
 */
export function capture(program, args, { timeoutMs, yielding = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const { child, works, forget } = startAsPart(() =>
      spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    if (yielding && child.pid !== undefined) lowerPriority(child.pid);
    let stdout = '';
    let output = '';
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            output += `\n${program} was ended after ${timeoutMs / 1000} s: ETIMEDOUT`;
            child.kill('SIGKILL');
          }, timeoutMs);
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text;
    });
    /** @param {boolean} ok */
    const finish = (ok) => {
      clearTimeout(timer);
      forget();
      const failure = failureOf(works);
      if (failure === null) resolve({ ok, stdout, output });
      else reject(failure);
    };
    child.once('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

/**
 * Runs a program on this terminal, hands signals on, and resolves to the exit code to end with (128 + signal number
 * when a signal ended it, as shells do).
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function foreground(program, args, options = {}) {
  return inForeground(spawn(program, args, { ...options, stdio: 'inherit' }));
}

/**
 * The same for a program that says with `process.send` that it is getting on: slow is not hanging, so it is ended
 * only when it has said nothing for `silenceMs`. Lines of its standard error that match `hushed` are left out.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silenceMs: number, hushed: RegExp, onMessage?: (message: unknown) => void }} options
 * @returns {Promise<number | 'silent'>} 'silent' where it was ended
 */
export async function foregroundUnlessSilent(program, args, options) {
  const { silenceMs, hushed, onMessage, ...how } = options;
  const { child, forget } = startAsPart(() =>
    spawn(program, args, { ...how, stdio: ['inherit', 'inherit', 'pipe', 'ipc'] }),
  );
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!hushed.test(line)) process.stderr.write(`${line}\n`);
    });
  }
  const ended = { bySilence: false };
  const timer = setTimeout(() => {
    ended.bySilence = true;
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  }, silenceMs);
  child.on('message', (message) => {
    timer.refresh();
    onMessage?.(message);
  });
  try {
    const code = await inForeground(child);
    return ended.bySilence ? 'silent' : code;
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
function inForeground(child) {
  return new Promise((resolve, reject) => {
    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => {
      // A terminal sends Ctrl-C to the child as well; passing it on would make it two.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
