import { describe, expect, it } from 'vitest';
import { timedSize } from '../../../engine/models/timed-size.ts';
import { assertStepFits } from '../../../engine/training/network/step-memory.ts';
import { imageWork, weightCount } from '../../../engine/training/network/step-work.ts';
import { assertInputSize } from '../../../engine/training/network/unet.ts';
import { NetworkConfig, SamplingConfig } from '../../../shared/entities.ts';

const work = (network: NetworkConfig, { sizePx, batch }: { sizePx: number; batch: number }) =>
  batch * imageWork(network, sizePx).multiplications;

describe('work of an image', () => {
  it('is that of its convolutions', () => {
    const network = NetworkConfig.parse({ depth: 1, base: 2, bottleneck: 2, skips: 'concat' });
    // Level 1: 1 → 2 → 2 at 16 px; bottleneck: 2 → 4 → 4 at 8 px; decoder: 4 + 2 → 2 → 2 at 16 px.
    const full = 16 ** 2 * 9 * (1 * 2 + 2 * 2 + 6 * 2 + 2 * 2);
    const half = 8 ** 2 * 9 * (2 * 4 + 4 * 4);
    expect(imageWork(network, 16)).toEqual({
      multiplications: full + half,
      outputs: 16 ** 2 * 8 + 8 ** 2 * 8,
    });
  });

  it('counts every channel of a depthwise convolution by itself', () => {
    const plain = imageWork(NetworkConfig.parse({ encoder: 'resnet18' }), 64);
    const depthwise = imageWork(NetworkConfig.parse({ encoder: 'mobilenetv2' }), 64);
    // 1.8 and 0.3 thousand million at 224 px, as published (arXiv 1512.03385, 1801.04381), beside the same decoder.
    const published = ((1.8e9 - 0.3e9) * 64 ** 2) / 224 ** 2;
    const difference = plain.multiplications - depthwise.multiplications;
    expect(difference / published).toBeGreaterThan(0.7);
    expect(difference / published).toBeLessThan(1.3);
  });
});

describe('the step that is timed', () => {
  it('is that which was asked for where it takes seconds', () => {
    const asked = {
      network: NetworkConfig.parse({}),
      sampling: SamplingConfig.parse({ sizePx: 256 }),
      batch: 8,
    };
    expect(timedSize(asked)).toEqual({ ...asked, timesStep: 1, timesTest: 1 });
  });

  it('is bounded whatever was asked for, fits the network, and stands for the whole', () => {
    const settings = [1, 3, 6].flatMap((depth) =>
      [2, 102, 128].flatMap((base) =>
        [1, 64].flatMap((bottleneck) =>
          [64, 832, 1024].map((sizePx) => ({ depth, base, bottleneck, sizePx })),
        ),
      ),
    );
    for (const { sizePx, ...config } of settings) {
      const network = NetworkConfig.parse(config);
      for (const mode of ['resize', 'patches'] as const) {
        const timed = timedSize({ network, sampling: { sizePx, mode }, batch: 216 });
        const { sampling, batch, timesStep, timesTest } = timed;
        assertInputSize(timed.network, sampling.sizePx);
        expect(weightCount(timed.network)).toBeLessThan(61e6);
        const took = work(timed.network, { sizePx: sampling.sizePx, batch });
        expect(took).toBeLessThan(31e9);
        const ratio = (took * timesStep) / work(network, { sizePx, batch: 216 });
        expect(ratio).toBeCloseTo(1, 6);
        expect(timesTest).toBeGreaterThan(0);
      }
    }
  });
});

describe('a step that no memory holds', () => {
  const network = NetworkConfig.parse({ depth: 1, base: 102, bottleneck: 6 });
  const step = { sizePx: 844, batch: 216, precision: 'float32' } as const;

  it('is refused with what it takes and what to do', () => {
    expect(() => assertStepFits(network, step, 24e9)).toThrow(
      /step of 216 image\(s\) of 844 px takes \d{3} GB of memory at least, and this computer has 24 GB\. Choose fewer/,
    );
  });

  it('is not where memory may hold it', () => {
    expect(() => assertStepFits(network, { ...step, batch: 4 }, 24e9)).not.toThrow();
  });
});
