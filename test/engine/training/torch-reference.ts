/** A small U-Net whose losses and predictions were computed by PyTorch: what every engine has to agree with. */
import { expect } from 'vitest';
import type { Engine } from '../../../engine/training/tensorflow/backend.ts';
import { stepScalars } from '../../../engine/training/optimiser.ts';
import { segmentationObjective } from '../../../engine/training/objectives/segmentation.ts';
import { createSegmenter } from '../../../engine/training/scoring/segmenter.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../engine/training/training-step.ts';
import { IGNORE, NetworkConfig, OptimisationConfig } from '../../../shared/entities.ts';

const sizePx = 16;
const classes = 3;
const network = NetworkConfig.parse({ depth: 2, base: 2, bottleneck: 4 });
const config = OptimisationConfig.parse({
  steps: 4,
  batch: 2,
  learningRate: 1e-2,
  weightDecay: 0.1,
  warmup: 0,
  schedule: 'constant',
  evaluateEvery: 1,
});

// torch 2.13 in float64: Conv2d without bias, BatchNorm2d(eps=1e-5, momentum=.1) and ReLU, max_pool2d,
// interpolate(nearest), 1×1 blocks on the skips, cat([skip, upsampled]); cross_entropy(ignore_index) + 1 − mean soft
// Dice of classes 1 and 2 (over the batch, smoothing 1); AdamW(lr=1e-2, weight_decay=.1); inputs by the formulas below.
const LOSSES = [1.784193, 1.755982, 1.734562, 1.72507];
/** After four steps, in eval mode: second image, row 7, column 9. */
const PROBABILITIES = [0.22297, 0.35745, 0.41958];

export async function expectTorchAgreement(engine: Engine): Promise<void> {
  const objective = segmentationObjective({ network, sizePx, classes });
  const specs = splitSpec(objective.spec, () => false);
  const isGamma = specs.trained.parameters.flatMap(({ shape, kind }) =>
    new Array<boolean>(shape.reduce((a, b) => a * b, 1)).fill(kind === 'gamma'),
  );
  const theta = Float32Array.from(isGamma, (gamma, i) => 0.4 * Math.cos(1.7 * i) + (gamma ? 1 : 0));
  const statistics = Float32Array.from(
    specs.trained.statistics.flatMap(({ channels }) => [
      ...new Array<number>(channels).fill(0),
      ...new Array<number>(channels).fill(1),
    ]),
  );
  const length = 2 * sizePx * sizePx;
  const image = Float32Array.from({ length }, (_, i) => 0.5 + 0.5 * Math.sin(0.37 * i));
  const labels = Int32Array.from({ length }, (_, i) =>
    i % 11 === 0 ? IGNORE : Math.floor(i / 5) % classes,
  );
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState({ theta, statistics }),
    frozen: { theta: new Float32Array(), statistics: new Float32Array() },
  });
  const inputs = new Map<string, Float32Array | Int32Array>([
    ['image', image],
    ['labels', labels],
  ]);
  for (const [i, loss] of LOSSES.entries()) {
    const found = await step.run({ size: 2, inputs }, stepScalars(config, i + 1));
    expect(found).toBeCloseTo(loss, 4);
  }

  const segmenter = createSegmenter({ engine, network, sizePx, classes, specs: [specs.trained] });
  const [second] = await segmenter.probabilities(
    [step.tensors()],
    [image.subarray(sizePx * sizePx)],
  );
  const at = (7 * sizePx + 9) * classes;
  PROBABILITIES.forEach((p, c) => expect(second?.[at + c]).toBeCloseTo(p, 3));
  step.dispose();
  segmenter.dispose();
}
