/** What holds training, by itself: how much room it wants, when it tries again, and what it tells. */
import type * as fs from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Hold } from '../../../../engine/study/running/hold.ts';
import { AppError } from '../../../../shared/errors.ts';

const disk = vi.hoisted(() => ({ free: 0 }));
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fs>()),
  statfsSync: (() => ({ bavail: disk.free, bsize: 1 })) as unknown as typeof fs.statfsSync,
}));

const MB = 2 ** 20;

function hold({ recover = () => undefined }: { recover?: () => void } = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const told: (string | null)[] = [];
  let lifted = 0;
  const held = new Hold({
    projectPath: '/cells.graft',
    recover,
    onChange: (why) => told.push(why === null ? null : `${why.code}: ${why.message}`),
    onLifted: () => lifted++,
  });
  return { held, told, lifts: () => lifted };
}
const full = new AppError('no-space', 'full');

it('wants room for twice the largest that could not be stored, and a little more', () => {
  const { held } = hold();
  expect([held.begin(full, 5 * MB), held.begin(full, MB)]).toEqual([true, false]);
  disk.free = 11 * MB - 1;
  expect(held.lift()).toBe(false);
  disk.free = 11 * MB;
  expect(held.lift()).toBe(true);
  // What was wanted then is not wanted any more.
  held.begin(full, 0);
  disk.free = MB - 1;
  expect(held.lift()).toBe(false);
  disk.free = MB;
  expect(held.lift()).toBe(true);
});

it('waits 5 s, twice as long after each try in vain, two minutes at most, and is short again once something is stored', () => {
  const { held, lifts } = hold();
  disk.free = 10 * MB;
  const waited = () => {
    held.begin(full, 0);
    held.retryLater();
    const before = lifts();
    let seconds = 0;
    for (; lifts() === before && seconds < 1000; seconds++) vi.advanceTimersByTime(1000);
    return seconds;
  };
  expect([1, 2, 3, 4, 5, 6, 7].map(waited)).toEqual([5, 10, 20, 40, 80, 120, 120]);
  held.stored();
  expect(waited()).toBe(5);
});

it('tries again on a disk that stays full, and not after it was closed', () => {
  const { held, lifts } = hold();
  disk.free = 0;
  held.begin(full, 0);
  held.retryLater();
  vi.advanceTimersByTime(5000);
  expect(lifts()).toBe(0);
  disk.free = MB;
  vi.advanceTimersByTime(5000);
  expect(lifts()).toBe(1);
  held.begin(full, 0);
  held.retryLater();
  held.close();
  vi.advanceTimersByTime(1_000_000);
  held.retryLater();
  vi.advanceTimersByTime(1_000_000);
  expect(lifts()).toBe(1);
});

it('a try that was waiting does not come after it was lifted by hand', () => {
  let recovered = 0;
  const { held } = hold({ recover: () => recovered++ });
  disk.free = MB;
  held.begin(full, 0);
  held.retryLater();
  expect(held.lift()).toBe(true);
  held.begin(new AppError('internal', 'a bug'), 0);
  held.retryLater();
  vi.advanceTimersByTime(1_000_000);
  expect([recovered, held.why?.code]).toEqual([1, 'internal']);
});

it('tells each thing that holds once, by code and by message, and that nothing does', () => {
  disk.free = MB;
  let fails: AppError | null = null;
  const { held, told } = hold({
    recover() {
      if (fails !== null) throw fails;
    },
  });
  held.begin(full, 0);
  held.begin(full, 0);
  held.begin(new AppError('no-space', 'full as well'), 0);
  held.begin(new AppError('unreadable', 'full as well'), 0);
  fails = new AppError('unreadable', 'not permitted');
  expect(held.lift()).toBe(false);
  fails = null;
  expect(held.lift()).toBe(true);
  expect(held.lift()).toBe(true);
  expect(told).toEqual([
    'no-space: full',
    'no-space: full as well',
    'unreadable: full as well',
    'unreadable: not permitted',
    null,
  ]);
});
