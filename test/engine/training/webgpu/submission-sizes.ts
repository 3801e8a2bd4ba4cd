/**
 * Predictions at the sizes that people train: by the estimate, no submission keeps a card from drawing the screen. Commands
 * are recorded on a card of their own and none is given to it, so nothing is compiled or computed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { inputsAPass } from '../../../../engine/training/scoring/segmenter.ts';
import {
  createSubmissions,
  estimatedMs,
  LONGEST_SUBMISSION_MS,
} from '../../../../engine/training/webgpu/submissions.ts';
import { recordedPrediction } from './recorded-prediction.ts';
import { type CardEngine, startSoftwareCard } from './software-vulkan.ts';

const CLASSES = 2;

let engine: CardEngine;
let missing: string | null = null;

/** Pipelines are drafts, and passes take down nothing. Taken back by restoreAllMocks. */
function countOnly({ card: { device } }: CardEngine): void {
  Object.assign(device, {
    createShaderModule: () => ({}),
    createComputePipeline: ({ label = '' }: { readonly label?: string }) => ({
      label,
      getBindGroupLayout: () => ({}),
    }),
    createBindGroup: () => ({}),
  });
  for (const door of ['setPipeline', 'setBindGroup', 'dispatchWorkgroups'] as const) {
    vi.spyOn(GPUComputePassEncoder.prototype, door).mockReturnValue(undefined);
  }
}

/** The kernels of one pass, which takes as many inputs as on a card that is one. */
function kernelsOf(sizePx: number, base: number) {
  const recording = recordedPrediction(engine, { sizePx, base, classes: CLASSES });
  recording.dispose();
  return recording.kernels;
}

describe('a prediction of a large image', () => {
  beforeAll(async () => {
    const started = await startSoftwareCard();
    if (typeof started === 'string') missing = started;
    else {
      engine = started;
      countOnly(engine);
    }
  });
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });
  // The card stays: those that come after it ask for one, or take its place.
  afterAll(() => {
    vi.restoreAllMocks();
  });

  /** Of 4096 × 4096 px, in windows side by side. */
  it.each([
    [64, 8],
    [128, 16],
    [128, 32],
    [256, 16],
    [1024, 16],
  ])('is cut so that none of its submissions is long: %s px, base %s', (sizePx, base) => {
    const kernels = kernelsOf(sizePx, base);
    expect(kernels.length).toBeGreaterThan(20);
    expect(kernels.every(({ name }) => name.startsWith('graft'))).toBe(true);
    const passes = Math.ceil((4096 / sizePx) ** 2 / inputsAPass(sizePx));
    expect(passes).toBeGreaterThan(1);
    const each = kernels.map(estimatedMs);
    const all = each.reduce((sum, ms) => sum + ms, 0);
    // The image at once would hold the screen up.
    expect(passes * all).toBeGreaterThan(10 * LONGEST_SUBMISSION_MS);
    // None is divided, so none may be long by itself.
    expect(Math.max(...each)).toBeLessThan(LONGEST_SUBMISSION_MS);
    for (const slowness of [0.1, 1, 2]) {
      const submissions = createSubmissions(kernels);
      submissions.took(slowness * all);
      const ends = submissions.ends();
      expect(ends.at(-1)).toBe(kernels.length);
      ends.forEach((end, i) => {
        const part = each.slice(ends[i - 1] ?? 0, end).reduce((sum, ms) => sum + ms * slowness, 0);
        expect(part).toBeLessThanOrEqual(LONGEST_SUBMISSION_MS * (1 + 1e-9));
      });
    }
  });
});
