/** The shell, booted with an Electron and an engine that do nothing but remember. */
import type { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, vi } from 'vitest';
import { boot } from '../../electron/boot.ts';
import type { EngineNews } from '../../shared/engine-news.ts';
import { CHANNELS } from '../../electron/channels.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { fakeElectron, type FakeWindow } from './fake-electron.ts';

export const ORIGIN = 'http://127.0.0.1:4000';

class FakeEngine extends EventEmitter {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly kill = vi.fn<() => boolean>(() => true);
  constructor() {
    super();
    this.stdin.once('finish', () => this.emit('exit', 0, null));
  }
}

export async function started(
  options: { args?: string[]; onlyInstance?: boolean; userData?: string } = {},
) {
  const { args = [], userData = temporaryFolder(), ...lock } = options;
  const made = fakeElectron({ userData, ...lock });
  const engines: FakeEngine[] = [];
  const engine = (): FakeEngine => {
    const latest = engines.at(-1);
    if (latest === undefined) throw new Error('no engine was started');
    return latest;
  };
  const lines: string[] = [];
  const opened: number[] = [];
  const clock = { now: 2500 };
  let interrupt: () => void = () => undefined;
  let uncaught: (error: Error) => void = () => undefined;
  await boot(made.electron, {
    engine: { node: 'node', cli: 'engine/cli.ts', shell: 'Electron 1.2.3' },
    preload: '/app/preload.cjs',
    args,
    workingFolder: '/home/someone',
    platform: 'linux',
    startedAt: 1000,
    versions: { graft: '0.1.0', all: 'Graft 0.1.0, Electron 1.2.3, linux' },
    system: {
      // Streams, exit and kill are all that is used of a process.
      spawn: (() => engines[engines.push(new FakeEngine()) - 1]) as unknown as typeof spawn,
      now: () => clock.now,
      onInterrupt: (listener) => (interrupt = listener),
      onUncaught: (listener) => (uncaught = listener),
    },
    print: (line) => lines.push(line),
    opened: () => opened.push(1),
  });
  const ready = async () => {
    engine().stdout.write(`{"url":"${ORIGIN}/launch?token=t"}\n`);
    await vi.waitFor(() => expect(made.window().webContents.url).not.toBe(''));
  };
  /** What the engine says of itself. */
  const says = async (news: EngineNews) => {
    engine().stdout.write(`${JSON.stringify(news)}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...made,
    ...{ engine, lines, opened, ready, says, userData, clock },
    crashLog: join(userData, 'crashes.log'),
    interrupt: () => interrupt(),
    uncaught: (error: Error) => uncaught(error),
  };
}

/** A message of the page that the window shows. */
export const pageOf = (window: FakeWindow) => ({ senderFrame: { url: window.webContents.url } });

/** What the page was told to do. */
export const commands = (window: FakeWindow) =>
  window.webContents.sent.filter(([channel]) => channel === CHANNELS.command);
