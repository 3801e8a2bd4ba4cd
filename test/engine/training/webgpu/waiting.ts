/** What the processor does while a card computes: it asks for news now and then. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { softwareCardOrSkip } from './software-vulkan.ts';

const { card } = await softwareCardOrSkip();

describe('who waits for a card', () => {
  it('asks for news once a millisecond, not at every turn of the event loop', async ({ skip }) => {
    skip(process.platform === 'win32', 'the clock of Windows ticks every 16 ms');
    const numbers = tf.zeros([2 ** 21]);
    const found = tf.tidy(() => {
      let value: tf.Tensor = numbers;
      for (let i = 0; i < 4; i++) value = tf.sin(value);
      return tf.sum(value);
    });
    const later = vi.spyOn(globalThis, 'setTimeout');
    const began = performance.now();
    expect([...(await card.values(found))]).toEqual([0]);
    const tookMs = performance.now() - began;
    const asked = later.mock.calls.map(([, ms]) => ms);
    later.mockRestore();
    // Of more than one millisecond's work; Node's clock is a millisecond's, so two may follow each other sooner.
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.length).toBeLessThanOrEqual(tookMs + 2);
    expect(new Set(asked)).toEqual(new Set([1]));
    tf.dispose([numbers, found]);
  });

  it('keeps nobody else waiting, who may change his mind, too', async () => {
    const called: string[] = [];
    await new Promise<void>((resolve) => {
      clearImmediate(setImmediate(() => called.push('taken back')));
      setImmediate(() => called.push('at once'));
      // A resolver is of native code, too.
      setImmediate(resolve);
    });
    expect(called).toEqual(['at once']);
  });
});
