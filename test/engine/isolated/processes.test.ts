import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { limitsFor, machineBytes } from '../../../engine/isolated/limits.ts';
import { isolated } from '../../../engine/isolated/processes.ts';
import { messageOf } from '../../../shared/errors.ts';

const entry = new URL('./rude.ts', import.meta.url);
const Answer = z.object({ pid: z.number(), request: z.unknown() });
const of = { subject: 'a.tif', fileBytes: 100 };

const processes = isolated(entry, { most: 2 });
/** Of the next question; that of the first counts the start of the process. */
let timeMs = 120_000;
const hasty = isolated(entry, {
  most: 1,
  limits: (needs) => ({ ...limitsFor(needs), timeMs, memoryBytes: 2 ** 27 }),
});
afterAll(() => {
  processes.close();
  hasty.close();
});

const ask = async (request: string, by = processes) =>
  Answer.parse(await by.use((asking) => asking(request, of)));
const failure = async (request: string, by = processes) =>
  ask(request, by).then(() => 'answered', messageOf);

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a process that decodes files from outside', () => {
  it('serves many files one after another, and several at once in processes of their own', async () => {
    const [first, second] = await processes.use(async (asking) => {
      const held = Answer.parse(await asking('a', of));
      return [held, await ask('b')];
    });
    expect([first.request, second.request]).toEqual(['a', 'b']);
    expect(first.pid).not.toBe(second.pid);
    expect([first.pid, second.pid]).toContain((await ask('c')).pid);
    const all = await Promise.all(['d', 'e', 'f', 'g', 'h'].map((request) => ask(request)));
    expect(all.map(({ request }) => request)).toEqual(['d', 'e', 'f', 'g', 'h']);
    expect(new Set(all.map(({ pid }) => pid)).size).toBeLessThanOrEqual(2);
  });

  it('is joined by another only where files have waited for it, ready as it is', async () => {
    const patient = isolated(entry, { most: 2, waitMs: 1e6 });
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((request) => ask(request, patient)));
    expect(all.map(({ request }) => request)).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    // One that ended over a file is replaced at once.
    expect(await Promise.all([failure('crash', patient), failure('crash', patient)])).toEqual([
      expect.stringContaining('SIGSEGV'),
      expect.stringContaining('SIGSEGV'),
    ]);
    expect((await ask('e', patient)).pid).not.toBe(all[0]?.pid);
    patient.close();
  });

  it('takes large files and gives large samples as they are', async () => {
    const samples = new Uint16Array(2 ** 20).map((_, i) => i);
    const echoed = await processes.use((asking) => asking({ file: { samples }, page: 1 }, of));
    expect(Answer.parse(echoed).request).toEqual({ file: { samples }, page: 1 });
  });

  it('hands over what is said of a file, and makes words of what a decoder stumbled over', async () => {
    expect(await failure('refuse')).toBe('a.tif is too large.');
    expect(await failure('stumble')).toBe('stumble: RangeError: Invalid array length');
  });

  it('reads no other file once a library was aborted over one', async () => {
    const one = isolated(entry, { most: 1 });
    const before = await ask('before', one);
    expect(await failure('abort', one)).toBe('a.h5 is damaged.');
    expect((await ask('after', one)).pid).not.toBe(before.pid);
    one.close();
  });

  it.each([
    ['crash', /a\.tif ended the process that reads it \(SIGSEGV\).*Copy it again/],
    ['exit', /a\.tif ended the process that reads it \(exit code 0\)/],
    ['loop', /a\.tif takes far longer to read than a file of its size may/],
    ['memory', /a\.tif takes far more memory to read than a file of its size may/],
    ['heap', /a\.tif takes far more memory to read than a file of its size may/],
  ])('that ends by a file (%s) costs that file alone', async (request, why) => {
    const before = await ask('before', hasty);
    timeMs = request === 'loop' ? 2000 : 120_000;
    expect(await failure(request, hasty)).toMatch(why);
    timeMs = 120_000;
    const after = await ask('after', hasty);
    expect(after.request).toBe('after');
    expect(after.pid).not.toBe(before.pid);
    expect(isAlive(before.pid)).toBe(false);
  });

  it('is not asked again once its question was cancelled', async () => {
    const one = isolated(entry, { most: 1 });
    const first = await ask('first', one);
    const cancelling = new AbortController();
    const stopped = one.use((asking) => asking('loop', { ...of, signal: cancelling.signal }));
    const next = ask('next', one);
    await setImmediate();
    cancelling.abort();
    await expect(stopped).rejects.toThrow('Reading a.tif was stopped.');
    const after = await next;
    expect(after.request).toBe('next');
    expect(after.pid).not.toBe(first.pid);
    one.close();
  });

  it('ends with its owner, even in the middle of an endless file', async () => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL('./owner.ts', import.meta.url))]);
    const [said] = z.tuple([z.instanceof(Buffer)]).parse(await once(owner.stdout, 'data'));
    const { pid } = Answer.parse(JSON.parse(said.toString()));
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('may take by the size of its file, and never more than the machine has to spare', () => {
    const small = limitsFor({ fileBytes: 1000 });
    const large = limitsFor({ fileBytes: 1e9, memoryBytes: 1e12, workBytes: 1e9 });
    expect(small.memoryBytes).toBeLessThan(2 ** 29);
    expect(large.memoryBytes).toBe(machineBytes());
    expect(large.timeMs).toBeGreaterThan(5 * small.timeMs);
  });
});
