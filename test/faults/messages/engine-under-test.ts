/** The engine process that messages are sent to: started, watched, asked whether it still answers. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processOf } from '../processes.ts';

const Ready = z.object({ url: z.string(), token: z.string() });
const Memory = z.object({ rssBytes: z.number() });
/** Of standard error, to explain an end. */
const TAIL_CHARS = 5000;
/** What was thrown, and where. */
const THROWN_LINES = 5;
/** An engine that lets others wait for longer is blocked. */
export const ANSWER_MS = 60_000;

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the engine process ended'));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message);
    });
  });
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export class EngineUnderTest {
  readonly #child: ChildProcess;
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  readonly cookie: string;
  #tail = '';

  private constructor(child: ChildProcess, at: { url: string; token: string; cookie: string }) {
    this.#child = child;
    this.origin = new URL(at.url).origin;
    this.port = Number(new URL(at.url).port);
    this.token = at.token;
    this.cookie = at.cookie;
    child.stderr?.setEncoding('utf8');
    child.stderr?.on(
      'data',
      (text: string) => (this.#tail = (this.#tail + text).slice(-TAIL_CHARS)),
    );
  }

  /** `folder`: its home and its working folder. */
  static async start(folder: string): Promise<EngineUnderTest> {
    const child = fork(await processOf('messages/engine-process'), [], {
      cwd: folder,
      env: { ...process.env, HOME: folder, GRAFT_CONFIG: folder },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const { url, token } = Ready.parse(await nextMessage(child));
    const launched = await fetch(url, { redirect: 'manual' });
    const cookie = launched.headers.get('set-cookie')?.split(';')[0] ?? '';
    return new EngineUnderTest(child, { url, token, cookie });
  }

  /** Why it is gone; null while it lives. */
  get end(): string | null {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return null;
    const lines = this.#tail.split('\n');
    const thrown = Math.max(
      0,
      lines.findLastIndex((line) => /^\w*Error\b/.test(line)),
    );
    const why = lines
      .slice(thrown, thrown + THROWN_LINES)
      .join(' ')
      .replaceAll(/\s+/g, ' ');
    return `the engine ended (${signalCode ?? String(exitCode)}): ${why}`;
  }

  /** What is wrong with it: it has ended, or does not answer another peer; null where nothing is. */
  async ailment(): Promise<string | null> {
    const ask = () => this.post({ type: 'call', id: 1, name: 'system.generators', input: {} });
    try {
      await ask();
    } catch {
      // The end of a process is known a moment after its connections have broken.
      await delay(200);
      if (this.end !== null) return this.end;
      // A connection that was kept may have been closed while it was asked by: once more, by another.
      const again = await ask().catch(String);
      if (typeof again === 'string') return `the engine does not answer: ${again}`;
    }
    return this.end;
  }

  /** A call over HTTP, as another process of this user makes it. */
  async post(body: unknown): Promise<Answer> {
    const response = await fetch(`${this.origin}/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, body: await response.text() };
  }

  async memoryBytes(): Promise<number> {
    const message = nextMessage(this.#child);
    this.#child.send({});
    return Memory.parse(await message).rssBytes;
  }

  async close(): Promise<void> {
    if (this.end !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
