import { describe, expect, it } from 'vitest';
import { PRETRAINING_TASKS, type PretrainingTask } from '../../../../shared/entities.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { channelsFor, lossesOf } from './few-images.ts';

const engine = await nativeEngineOrSkip();

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Share of its first loss that a task comes down to on four images within 80 steps, with room to spare. */
const REACHED: Readonly<Record<PretrainingTask, number>> = {
  classification: 0.1,
  segmentation: 0.2,
  autoencoder: 0.15,
  denoising: 0.25,
  'in-painting': 0.1,
  'out-painting': 0.2,
  'local-shuffle': 0.1,
  'non-linear-intensity': 0.25,
  colourisation: 0.05,
  'context-restoration': 0.25,
  'masked-autoencoding': 0.4,
  // Guessing would cost 2 ln 7, three quarters of the first loss.
  simclr: 0.7,
  conrec: 0.65,
  'multi-conrec': 0.6,
};

describe.each(PRETRAINING_TASKS)('%s', (task) => {
  it('learns four images', () => {
    const [channels = 1] = channelsFor(task);
    const losses = lossesOf(task, { engine, steps: 80, channels, base: 8, sizePx: 32 });
    expect(mean(losses.slice(-10)) / (losses[0] ?? NaN)).toBeLessThan(REACHED[task]);
  });

  it('gives the same losses traced and eager, whatever the channels', () => {
    for (const channels of channelsFor(task)) {
      const setting = { steps: 2, channels, base: 8, sizePx: 16 };
      const traced = lossesOf(task, { engine, ...setting });
      const eager = lossesOf(task, { engine: { ...engine, traced: false }, ...setting });
      eager.forEach((loss, i) => expect(loss).toBeCloseTo(traced[i] ?? NaN, 5));
    }
  });
});
