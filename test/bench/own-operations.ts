/**
 * What Graft's own operations gain: the same training step with none of them and with all (--each: with each alone as
 * well), in turn in one process, so that other work on the machine meets all alike. CPU time of all threads; with one thread it is what
 * a busy machine spoils least.
 *
 * usage: own-operations.ts [--size 128 --batch 8 --base 16] [--threads 1] [--rounds 9] [--each]
 *   Without --size the four standard sizes. The last line is JSON: { rows }.
 */
import { parseArgs } from 'node:util';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { segmentationObjective } from '../../engine/training/objectives/segmentation.ts';
import { flattenWeights, initialWeights } from '../../engine/training/network/parameters.ts';
import { stepScalars } from '../../engine/training/optimiser.ts';
import { createTrainingStep, freshState, splitSpec } from '../../engine/training/training-step.ts';
import { NetworkConfig, OptimisationConfig } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string' },
    batch: { type: 'string', default: '8' },
    base: { type: 'string', default: '16' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '9' },
    each: { type: 'boolean', default: false },
  },
});
const STANDARD_SIZES = [
  { size: 64, batch: 32, base: 8 },
  { size: 128, batch: 8, base: 16 },
  { size: 128, batch: 8, base: 32 },
  { size: 256, batch: 4, base: 16 },
] as const;
const sizes =
  flags.size === undefined
    ? STANDARD_SIZES
    : [{ size: Number(flags.size), batch: Number(flags.batch), base: Number(flags.base) }];
const rounds = Number(flags.rounds);
const CLASSES = 2;
/** Not measured: tracing, compiling kernels. */
const WARM_UP_STEPS = 2;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const cpuMilliseconds = (since: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const started = await startEngine({ threads: Number(flags.threads), engine: 'tensorflow' });
const all = started.operations;
const alone = flags.each ? all : [];
const arms = [[], ...alone.map((operation) => [operation]), all];

async function measure({
  size,
  batch,
  base,
}: {
  size: number;
  batch: number;
  base: number;
}): Promise<Row> {
  const network = NetworkConfig.parse({ base, skips: 'concat', inputChannels: 3 });
  const objective = segmentationObjective({ network, sizePx: size, classes: CLASSES });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 0);
  const random = createRandom(0, 'bench');
  const inputs = new Map(
    objective.inputs.map(({ name, shape, dtype }) => {
      const length = shape.reduce((product, n) => product * n, batch);
      const values =
        dtype === 'float32'
          ? Float32Array.from({ length }, () => random.next())
          : Int32Array.from({ length }, () => random.below(CLASSES));
      return [name, values] as const;
    }),
  );
  const config = OptimisationConfig.parse({
    ...{ steps: WARM_UP_STEPS + rounds, batch, learningRate: 1e-3, weightDecay: 1e-4 },
    ...{ warmup: 0, schedule: 'constant', evaluateEvery: rounds },
  });
  const steps = arms.map((operations) =>
    createTrainingStep({
      engine: { ...started, operations },
      objective,
      specs,
      initial: freshState(flattenWeights(specs.trained, weights)),
      frozen: flattenWeights(specs.frozen, weights),
    }),
  );
  const times: number[][] = arms.map(() => []);
  const losses: number[] = [];
  for (let at = 1; at <= config.steps; at++) {
    for (const [arm, step] of steps.entries()) {
      const start = process.cpuUsage();
      losses[arm] = await step.run({ size: batch, inputs }, stepScalars(config, at));
      if (at > WARM_UP_STEPS) times[arm]?.push(cpuMilliseconds(start));
    }
  }
  for (const step of steps) step.dispose();
  const cpu = times.map(median);
  const [without = NaN] = cpu;
  const named = (arm: number) =>
    arm === 0 ? "TensorFlow's" : arm === arms.length - 1 ? 'all own' : (alone[arm - 1] ?? '');
  return {
    'size / batch / base': `${size} / ${batch} / ${base}`,
    ...Object.fromEntries(cpu.map((ms, arm) => [`${named(arm)}, ms`, ms])),
    gain: without / (cpu.at(-1) ?? NaN),
    'loss, none': losses[0]?.toPrecision(9) ?? '',
    'loss, all': losses.at(-1)?.toPrecision(9) ?? '',
  };
}

const rows: Row[] = [];
for (const size of sizes) rows.push(await measure(size));
report('CPU time of a training step', rows);
console.log(JSON.stringify({ threads: started.info.threads, kernels: started.info.kernels, rows }));
