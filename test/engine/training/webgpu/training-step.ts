import { describe, expect, it, vi } from 'vitest';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { discSteps } from './disc-steps.ts';
import { softwareCardOrSkip } from './software-vulkan.ts';

const native = await nativeEngineOrSkip();
const engine = await softwareCardOrSkip();

const network = { depth: 2, base: 4, bottleneck: 2 };
const plain = discSteps(network);
const told = discSteps(network, { objects: true });

describe('training steps on a graphics card', () => {
  it.each([
    ['classes', plain, 8],
    ['objects told apart', told, 3],
  ])('follow those of TensorFlow: %s', async (_, discs, steps) => {
    const wanted = await discs.train(native, steps);
    const found = await discs.train(engine, steps);
    wanted.losses.forEach((loss, i) =>
      expect(Math.abs((found.losses[i] ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(2e-4),
    );
    expect(found.losses.at(-1)).toBeLessThan(found.losses[0] ?? 0);
  });

  it('repeat their bits, and take no memory once the first is recorded', async () => {
    const created = vi.spyOn(engine.card.device, 'createBuffer');
    const counts: number[] = [];
    const once = await plain.train(engine, 5, {
      between: () => counts.push(created.mock.calls.length),
    });
    // The first records; the second finds the pool's buffers for what it hands out.
    expect(new Set(counts.slice(2)).size).toBe(1);
    const again = await plain.train(engine, 5);
    expect(again).toEqual(once);
    created.mockRestore();
  });
});
