import { expect, it, onTestFinished, vi } from 'vitest';
import { LiveRestarts } from '../../engine/live-restarts.ts';

it('starts what died twice in ten minutes, and again once the first is longer ago', () => {
  const clock = vi.spyOn(performance, 'now');
  onTestFinished(() => clock.mockRestore());
  const restarts = new LiveRestarts();
  const mayAt = (ms: number) => {
    clock.mockReturnValue(ms);
    return restarts.mayAgain();
  };
  expect([0, 1, 599_999].map(mayAt)).toEqual([true, true, false]);
  expect([600_000, 600_000].map(mayAt)).toEqual([true, false]);
  restarts.forget();
  expect(mayAt(600_000)).toBe(true);
});
