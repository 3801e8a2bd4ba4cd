import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFolder, withLock } from '../../build/install-lock.mjs';

let cache = '';
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'graft-cache-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

describe('the setup lock', () => {
  it('lets a second process wait until the first is done, and says so once', async () => {
    const file = path.join(cache, 'setup.lock');
    const order: string[] = [];
    const first = withLock(
      file,
      () => order.push('first waits'),
      async () => {
        order.push('first');
        await sleep(700);
        order.push('first done');
      },
    );
    const second = withLock(
      file,
      () => order.push('second waits'),
      () => Promise.resolve(order.push('second')),
    );
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second waits', 'first done', 'second']);
    expect(existsSync(file)).toBe(false);
  });

  it('is taken over from a process that was killed', async () => {
    const file = path.join(cache, 'setup.lock');
    writeFileSync(file, '1');
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(file, minuteAgo, minuteAgo);
    expect(
      await withLock(
        file,
        () => undefined,
        () => Promise.resolve('ran'),
      ),
    ).toBe('ran');
  });
});

describe('installing a folder', () => {
  it('shows it under its name only when it is complete', async () => {
    const folder = path.join(cache, 'node-1');
    await installFolder(folder, (temporary) => {
      writeFileSync(path.join(temporary, 'a'), 'a');
      expect(existsSync(folder)).toBe(false);
      return Promise.resolve();
    });
    expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('a');
  });

  it('leaves nothing behind when it fails', async () => {
    const fill = () => Promise.reject(new Error('no network'));
    await expect(installFolder(path.join(cache, 'node-1'), fill)).rejects.toThrow('no network');
    expect(readdirSync(cache)).toEqual([]);
  });

  it('removes what an attempt that was killed left behind, and nothing else', async () => {
    for (const name of ['node-1.part-77', 'node-10.part-78']) mkdirSync(path.join(cache, name));
    await installFolder(path.join(cache, 'node-1'), () => Promise.resolve());
    expect(readdirSync(cache).sort()).toEqual(['node-1', 'node-10.part-78']);
  });
});
