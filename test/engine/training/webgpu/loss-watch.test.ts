import { expect, it } from 'vitest';
import { createLossWatch } from '../../../../engine/training/webgpu/loss-watch.ts';

it('tells those who wait that the card is lost, and keeps nothing of those who got their answer', async () => {
  const watch = createLossWatch();
  const answered = watch.unlessLost(Promise.resolve(7));
  expect(watch.waiting).toBe(1);
  expect(await answered).toBe(7);
  expect(watch.waiting).toBe(0);
  await expect(watch.unlessLost(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(watch.waiting).toBe(0);

  const { promise, reject } = Promise.withResolvers<number>();
  const waiting = watch.unlessLost(promise);
  watch.lost(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(watch.waiting).toBe(0);
  // What comes afterwards is nobody's.
  reject(new Error('late'));
});
