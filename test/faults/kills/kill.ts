/** Starts a process, hears what it says, and kills it at a moment that a seed chooses. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processOf } from '../processes.ts';
import { Said } from './said.ts';

/** A process under load starts slowly. */
const START_MS = 120_000;

const SCRIPTS = {
  victim: await processOf('kills/victim'),
  page: await processOf('kills/page'),
} as const;

export class Victim {
  static readonly #alive = new Set<Victim>();
  readonly #child: ChildProcess;
  readonly said: Said[] = [];
  readonly #ended: Promise<unknown>;
  #stderr = '';

  /** `env`: what it is told beside its own environment. */
  constructor(
    script: keyof typeof SCRIPTS,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = fork(SCRIPTS[script], args, {
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    Victim.#alive.add(this);
    this.#ended = once(this.#child, 'close').then(() => Victim.#alive.delete(this));
    this.#child.stderr?.setEncoding('utf8');
    this.#child.stderr?.on('data', (text: string) => (this.#stderr += text));
    this.#child.on('message', (message) => void this.said.push(Said.parse(message)));
  }

  /** For a case that ended before its time. */
  static async killAll(): Promise<void> {
    for (const victim of Victim.#alive) await victim.killAfter(0);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Of that kind, in the order in which it was said. */
  of<T extends Said['type']>(type: T): Extract<Said, { type: T }>[] {
    return this.said.filter((one): one is Extract<Said, { type: T }> => one.type === type);
  }

  /** Settles when it has said anything; throws where it ended before. */
  async begun(): Promise<void> {
    const until = performance.now() + START_MS;
    while (this.said.length === 0 && this.isAlive && performance.now() < until) await delay(5);
    if (this.said.length === 0) throw new Error(`it never began: ${this.#stderr.slice(-2000)}`);
  }

  /** Settles when it has ended, by itself or killed after so long. */
  async killAfter(ms: number): Promise<void> {
    // Nobody waits for the time of one that has ended before.
    await Promise.race([this.#ended, delay(ms, undefined, { ref: false })]);
    if (this.isAlive) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Settles when it has ended by itself, with or without an error. */
  async end(): Promise<void> {
    await this.#ended;
  }

  /** What it ended with: its exit code and what it complained of on its way. */
  get ending(): string {
    const { exitCode, signalCode } = this.#child;
    return `${signalCode ?? `exit code ${exitCode ?? 'none'}`} ${this.#stderr.slice(-2000)}`.trim();
  }

  /** Processes that it has started: its trainers. Linux alone tells. */
  children(): number[] {
    const { pid } = this.#child;
    if (process.platform !== 'linux' || pid === undefined || !this.isAlive) return [];
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
      return children.split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // it has just ended
    }
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and that nobody has asked about is none.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // there is no such process
  }
}
