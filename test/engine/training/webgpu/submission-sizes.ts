/**
 * Steps and predictions at the sizes that people train, and the largest: by the estimate, no submission keeps a card from
 * drawing the screen. Commands are recorded on a draft of a card, so nothing is compiled, stored or computed.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import { inputsAPass } from '../../../../engine/training/scoring/segmenter.ts';
import type { Recording } from '../../../../engine/training/webgpu/recording.ts';
import {
  createSubmissions,
  estimatedMs,
  LONGEST_SUBMISSION_MS,
} from '../../../../engine/training/webgpu/submissions.ts';
import { LONGEST_KERNEL_MS } from '../../../../engine/training/webgpu/workgroups.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { makeDraft } from './draft-device.ts';
import { recordedPrediction } from './recorded-prediction.ts';
import { recordedStep } from './recorded-step.ts';
import { type CardEngine, startSoftwareCard } from './software-vulkan.ts';

const CLASSES = 2;

let engine: CardEngine;
let missing: string | null = null;

/** Estimates of what a recording gives to the card; it is Graft's alone. */
function estimatesOf(recording: Recording): number[] {
  recording.dispose();
  const { kernels } = recording;
  expect(kernels.length).toBeGreaterThan(20);
  expect(kernels.every(({ name }) => name.startsWith('graft'))).toBe(true);
  return kernels.map(estimatedMs);
}

/** None is longer than half a submission, so that all are cut well, on a card half as strong, too. */
function expectShort({ kernels }: Recording, each: readonly number[]): void {
  const all = each.reduce((sum, ms) => sum + ms, 0);
  expect(Math.max(...each)).toBeLessThanOrEqual(LONGEST_KERNEL_MS * (1 + 1e-3));
  for (const slowness of [0.1, 1, 2]) {
    const submissions = createSubmissions(kernels);
    submissions.took(slowness * all);
    const ends = submissions.ends();
    expect(ends.at(-1)).toBe(kernels.length);
    ends.forEach((end, i) => {
      const part = each.slice(ends[i - 1] ?? 0, end).reduce((sum, ms) => sum + ms * slowness, 0);
      expect(part).toBeLessThanOrEqual(LONGEST_SUBMISSION_MS * (1 + 1e-3));
    });
  }
}

const isPart = ({ name }: { readonly name: string }) => name.endsWith('a part');

describe('what a card is given at once', () => {
  beforeAll(async () => {
    const started = await startSoftwareCard();
    if (typeof started === 'string') missing = started;
    else {
      engine = started;
      makeDraft(engine);
    }
  });
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  /** Of 4096 × 4096 px, in windows side by side. */
  it.each([
    [64, 8, false],
    [128, 16, false],
    [128, 32, false],
    [256, 16, false],
    [1024, 16, false],
    [1024, 32, true],
    [1024, 128, true],
  ])('is short in a prediction of a large image: %s px, base %s', (sizePx, base, hasParts) => {
    const recording = recordedPrediction(engine, { sizePx, base, classes: CLASSES });
    const each = estimatesOf(recording);
    const passes = Math.ceil((4096 / sizePx) ** 2 / inputsAPass(sizePx));
    expect(passes).toBeGreaterThan(1);
    const all = each.reduce((sum, ms) => sum + ms, 0);
    // The image at once would hold the screen up.
    expect(passes * all).toBeGreaterThan(10 * LONGEST_SUBMISSION_MS);
    expect(recording.kernels.some(isPart)).toBe(hasParts);
    expectShort(recording, each);
  });

  it.each([
    [128, 8, 32, 4, false],
    [1024, 1, 128, 4, true],
    [1024, 4, 32, 6, true],
  ])(
    'is short in a training step: %s px, %s images, base %s, depth %s',
    (sizePx, batch, base, depth, hasParts) => {
      const network = NetworkConfig.parse({ base, depth, skips: 'concat', inputChannels: 3 });
      const objective = segmentationObjective({ network, sizePx, classes: CLASSES });
      const recording = recordedStep(engine, { objective, batch });
      const each = estimatesOf(recording);
      expect(recording.kernels.some(isPart)).toBe(hasParts);
      expectShort(recording, each);
    },
  );
});
