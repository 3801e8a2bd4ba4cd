/**
 * Prints, for a small network of each kind, what must hold whatever kernels compute. A process of its own, because
 * TensorFlow takes its kernels when it loads: the kernels are those that the environment asks for. Graft's own
 * operations are tried, and the steps without them.
 */
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../../engine/training/optimiser.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
  type TrainingState,
} from '../../../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

const engine = await startEngine({ threads: 1, engine: 'tensorflow' });
const sizePx = 32;
const batch = 2;

const random = createRandom(5, 'kernel checks');
const pixels = batch * sizePx * sizePx;
const inputs = new Map<string, Float32Array | Int32Array>([
  ['image', Float32Array.from({ length: pixels }, () => random.uniform(0, 1))],
  ['labels', Int32Array.from({ length: pixels }, (_, i) => (i >> 3) % 2)],
]);
const config = OptimisationConfig.parse({
  steps: 4,
  batch,
  warmup: 0,
  schedule: 'constant',
  evaluateEvery: 4,
});

async function check(encoder: string) {
  const network = NetworkConfig.parse({ encoder, base: 2, encoderWidth: 0.0625, depth: 2 });
  const objective = segmentationObjective({ network, sizePx, classes: 2 });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 1);
  const frozen = flattenWeights(specs.frozen, weights);
  const start = freshState(flattenWeights(specs.trained, weights));
  /** Losses of these steps, and the state after each. */
  async function train(
    steps: readonly number[],
    initial = start,
    how: Partial<typeof engine> = {},
  ) {
    const step = createTrainingStep({
      engine: { ...engine, ...how },
      objective,
      specs,
      initial,
      frozen,
    });
    const after: { readonly loss: number; readonly state: TrainingState }[] = [];
    for (const at of steps) {
      const loss = await step.run({ size: batch, inputs }, stepScalars(config, at));
      after.push({ loss, state: await step.read() });
    }
    step.dispose();
    return after;
  }
  const whole = await train([1, 2, 3]);
  const withoutOwn = { operations: [] };
  const resumes = async (how: Partial<typeof engine>) => {
    const all = await train([1, 2, 3], start, how);
    const [again] = await train([3], all[1]?.state, how);
    return JSON.stringify(all[2]?.state) === JSON.stringify(again?.state);
  };
  // After one step m is a tenth of the gradient.
  const gradientOf = ([first]: Awaited<ReturnType<typeof train>>) =>
    first?.state.m ?? new Float32Array();
  const gradient = gradientOf(whole);
  const difference = (other: Float32Array) =>
    Math.hypot(...gradient.map((value, i) => value - (other[i] ?? NaN))) / Math.hypot(...gradient);
  return {
    encoder,
    losses: whole.map(({ loss }) => loss),
    resumes: (await resumes({})) && (await resumes(withoutOwn)),
    differenceWithoutOwn: difference(gradientOf(await train([1], start, withoutOwn))),
    eagerDifference: difference(gradientOf(await train([1], start, { traced: false }))),
    portableDifference: difference(
      gradientOf(await train([1], start, { traced: false, native: null })),
    ),
  };
}

const checks = await Promise.all(['plain', 'resnet18'].map(check));
process.stdout.write(JSON.stringify({ kernels: engine.info.kernels ?? null, checks }));
