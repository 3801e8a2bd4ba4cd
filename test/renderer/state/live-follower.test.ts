import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveFollower } from '../../../renderer/state/live-follower.ts';

describe('an overlay that follows the live training', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function followed({ answerMs = 0 } = {}) {
    const world = { stale: true, inHand: false, asked: 0, shown: 0 };
    const follower = new LiveFollower({
      isStale: () => world.stale,
      isInHand: () => world.inHand,
      async ask() {
        world.asked++;
        await new Promise((resolve) => setTimeout(resolve, answerMs));
        return () => {
          world.shown++;
        };
      },
    });
    return { world, follower };
  }

  it('asks at once, then every four seconds, however often the training tells', async () => {
    const { world, follower } = followed();
    for (let halves = 0; halves < 40; halves++) {
      follower.news();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect([world.asked, world.shown]).toEqual([5, 5]);
  });

  it('gives an answer that took long five times as long', async () => {
    const { world, follower } = followed({ answerMs: 3000 });
    follower.news();
    await vi.advanceTimersByTimeAsync(3000 + 14_900);
    expect(world.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(world.asked).toBe(2);
  });

  it('rests where nothing is newer, and goes on with what comes', async () => {
    const { world, follower } = followed();
    world.stale = false;
    follower.news();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.asked).toBe(0);
    world.stale = true;
    follower.news();
    await vi.advanceTimersByTimeAsync(0);
    expect(world.asked).toBe(1);
  });

  it('neither asks nor shows beside a stroke, nor for a second after it', async () => {
    const { world, follower } = followed({ answerMs: 500 });
    world.inHand = true;
    follower.news();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.asked).toBe(0);
    world.inHand = false;
    follower.stroke();
    await vi.advanceTimersByTimeAsync(1100);
    expect(world.asked).toBe(1);
    // A stroke begins before the answer is there.
    world.inHand = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect([world.asked, world.shown]).toEqual([1, 0]);
    world.inHand = false;
    follower.stroke();
    await vi.advanceTimersByTimeAsync(2100);
    expect(world.shown).toBe(1);
  });

  it('is still a second after the last stroke, whatever is in hand', async () => {
    const { world, follower } = followed();
    world.inHand = true;
    follower.stroke();
    let still = false;
    const waited = follower.still().then(() => (still = true));
    await vi.advanceTimersByTimeAsync(900);
    follower.stroke();
    await vi.advanceTimersByTimeAsync(900);
    expect(still).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await waited;
  });

  it('says nothing of an answer that fails, and tries again in its time', async () => {
    const { world, follower } = followed();
    const failing = new LiveFollower({
      isStale: () => true,
      isInHand: () => false,
      ask() {
        world.asked++;
        return Promise.reject(new Error('gone'));
      },
    });
    failing.news();
    await vi.advanceTimersByTimeAsync(4100);
    expect(world.asked).toBe(2);
    failing.close();
    follower.close();
  });
});
