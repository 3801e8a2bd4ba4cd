/** What is said where the process of a network ends, with a network of two operations. */
import type { ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { networks } from '../../../engine/prompts/networks.ts';
import { promptNetwork } from '../../fixtures/prompt-network.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const { children } = vi.hoisted(() => ({ children: new Array<ChildProcess>() }));

vi.mock('node:child_process', async (original) => {
  const real = await original<{ fork: typeof fork }>();
  const forked = (...args: Parameters<typeof fork>) => {
    const child = real.fork(...args);
    children.push(child);
    return child;
  };
  return { ...real, fork: forked };
});

it('says that the process was ended, not that the file is damaged, and goes on in another', async () => {
  const files = promptNetwork(temporaryFolder());
  const { signal } = new AbortController();
  const encode = () =>
    networks.encode({ rgb: new Uint8Array(3), width: 1, height: 1 }, { files, signal });
  const why = /The process that runs encoder\.onnx was ended .* Try again/;

  const before = expect(encode()).rejects.toThrow(why);
  children.at(-1)?.kill('SIGKILL');
  await before;

  const during = expect(encode()).rejects.toThrow(why);
  const child = children.at(-1);
  if (child !== undefined) await once(child, 'message');
  child?.kill('SIGKILL');
  await during;

  expect((await encode()).length).toBe(256 * 64 * 64);
});

it('says which file failed half-way, and goes on with another', async () => {
  const { signal } = new AbortController();
  const encode = (options: { readonly fails: boolean }) =>
    networks.encode(
      { rgb: new Uint8Array(3), width: 1, height: 1 },
      { files: promptNetwork(temporaryFolder(), options), signal },
    );
  await expect(encode({ fails: true })).rejects.toThrow(
    /encoder\.onnx failed while it ran .* Choose another/,
  );
  expect((await encode({ fails: false })).length).toBe(256 * 64 * 64);
});
