import type { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngineProcess } from '../../electron/engine-process.ts';

/** Stands in for a started process. */
class FakeChild extends EventEmitter {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly stdin = new PassThrough();
  readonly kill = vi.fn(() => true);
  obedient = true;
  constructor() {
    super();
    this.stdin.once('finish', () => {
      if (this.obedient) this.emit('exit', 0, null);
    });
  }
}

function harness() {
  const children: FakeChild[] = [];
  const commands: unknown[] = [];
  const start = (...command: unknown[]) => {
    commands.push(command.slice(0, 2));
    const child = new FakeChild();
    children.push(child);
    return child;
  };
  const ready: [string, boolean][] = [];
  const givenUp: string[] = [];
  const news: unknown[] = [];
  const died: string[] = [];
  const engine = createEngineProcess(
    { node: '/opt/node', cli: '/app/engine/cli.ts', shell: 'Electron 1.2.3' },
    {
      onReady: (url, restarted) => ready.push([url, restarted]),
      onGivenUp: (detail) => givenUp.push(detail),
      onNews: (one) => news.push(one),
      onDied: (detail) => died.push(detail),
    },
    // The fake has the members that are used: streams, exit and kill.
    { spawn: start as unknown as typeof spawn, now: () => Date.now() },
  );
  return { engine, children, commands, ready, givenUp, news, died };
}

/** Streams tell their listeners in a later turn. */
const turn = () => vi.advanceTimersByTimeAsync(1);

describe('the engine process of the shell', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is ready once its first line is whole, however it is cut', async () => {
    const { engine, children, commands, ready } = harness();
    engine.start();
    expect(commands).toEqual([['/opt/node', ['/app/engine/cli.ts', 'serve', '--json']]]);
    children[0]?.stdout.write('{"url":"http://127.0.0.1:1/launch');
    await turn();
    expect(ready).toEqual([]);
    children[0]?.stdout.write('?token=x"}\n');
    await turn();
    expect(ready).toEqual([['http://127.0.0.1:1/launch?token=x', false]]);
  });

  it('tells what it does, a line each, and nothing else of its output', async () => {
    const { engine, children, ready, news } = harness();
    engine.start();
    const out = children[0]?.stdout;
    out?.write('{"url":"http://127.0.0.1:1/launch?token=x"}\nI am a library\n{"recent":["/a');
    await turn();
    out?.write('.graft"]}\n{"later":"engines say more"}\n{not json}\n');
    await turn();
    expect(ready).toHaveLength(1);
    expect(news).toEqual([{ recent: ['/a.graft'] }]);
  });

  it('is started again when it dies, and says so', async () => {
    const { engine, children, ready, died } = harness();
    engine.start();
    children[0]?.emit('exit', 1, null);
    await vi.advanceTimersByTimeAsync(1000);
    expect(children).toHaveLength(2);
    expect(died).toEqual(['It ended with code 1.']);
    children[1]?.stdout.write('{"url":"http://127.0.0.1:2/launch?token=y"}\n');
    await turn();
    expect(ready).toEqual([['http://127.0.0.1:2/launch?token=y', true]]);
  });

  it('is given up with its last words when it dies again and again', async () => {
    const { engine, children, givenUp } = harness();
    engine.start();
    for (let death = 0; death < 4; death++) {
      children.at(-1)?.stderr.write(`fault ${death}`);
      await turn();
      children.at(-1)?.emit('exit', 1, null);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(children).toHaveLength(4);
    expect(givenUp).toEqual(['fault 3']);
  });

  it('may die once in a while without being given up', async () => {
    const { engine, children, givenUp } = harness();
    engine.start();
    for (let death = 0; death < 6; death++) {
      children.at(-1)?.emit('exit', null, 'SIGSEGV');
      await vi.advanceTimersByTimeAsync(61_000);
    }
    expect(children).toHaveLength(7);
    expect(givenUp).toEqual([]);
  });

  it('counts a Node that cannot be started as a death', async () => {
    const { engine, children, givenUp } = harness();
    engine.start();
    for (let death = 0; death < 4; death++) {
      children.at(-1)?.emit('error', new Error('spawn /opt/node ENOENT'));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(givenUp).toEqual(['spawn /opt/node ENOENT']);
  });

  it('is asked to end, and is not started again then', async () => {
    const { engine, children } = harness();
    engine.start();
    await engine.stop();
    // By the end of its input, which Windows knows as well as the others.
    expect(children[0]?.stdin.writableFinished).toBe(true);
    expect(children[0]?.kill).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(children).toHaveLength(1);
  });

  it('is killed where it does not end in time', async () => {
    const { engine, children } = harness();
    engine.start();
    const [child] = children;
    if (child === undefined) throw new Error('nothing was started');
    child.obedient = false;
    const stopped = engine.stop();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(child.kill).toHaveBeenLastCalledWith('SIGKILL');
    child.emit('exit', null, 'SIGKILL');
    await stopped;
  });
});
