/**
 * Whether a checkpoint is one that a run can have made. What came from elsewhere, or lay beside a project, says itself what
 * network it holds: a run that took it at its word would train, or be, another one than was planned.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NetworkConfig, Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import { joinSpecs, type NetworkSpec, shapeWords } from './network/parameters.ts';
import { decoderSpec, encoderSpec } from './network/unet.ts';

/** What of `wanted` is not in `held` as large as it has to be, in words; null: all of it is. */
function lacking(held: NetworkSpec, wanted: NetworkSpec): string | null {
  const shapes = new Map(held.parameters.map(({ name, shape }) => [name, shape]));
  for (const { name, shape } of wanted.parameters) {
    const own = shapes.get(name);
    if (!isDeepStrictEqual(own, shape))
      return `${name} is ${shapeWords(own)}, not ${shapeWords(shape)}`;
  }
  const channels = new Map(held.statistics.map((one) => [one.layer, one.channels]));
  const other = wanted.statistics.find((one) => channels.get(one.layer) !== one.channels);
  return other === undefined ? null : `the statistics of ${other.layer} are of other channels`;
}

/** The layers that any network of this run has; heads are its objective's. */
const partsOf = ({ config }: Run): NetworkSpec =>
  config.kind === 'finetune'
    ? joinSpecs(encoderSpec(config.network), decoderSpec(config.network))
    : encoderSpec(config.network);

/** As a run plans its network; a pretraining may do without skips, which its task cannot use. */
function plannedNetwork({ kind }: Run, { skips, ...rest }: NetworkConfig) {
  return kind === 'finetune' ? { skips, ...rest } : rest;
}

/** Errors: corrupt, with what is other than the run's. `target`: all layers of its network, where they are known. */
export function assertCheckpointOf(
  run: Run,
  { header }: TrainingCheckpoint,
  target: NetworkSpec = partsOf(run),
): void {
  const { config } = run;
  const refuse = (why: string) =>
    new AppError(
      'corrupt',
      `The stored weights are not those of run ${run.id}: ${why}. Start the run again from the beginning.`,
    );
  const objective = config.kind === 'pretrain' ? config.task : 'finetune';
  if (header.objective !== objective)
    throw refuse(`they were trained by ${header.objective}, not by ${objective}`);
  for (const [what, own, planned] of [
    ['network', plannedNetwork(run, header.network), plannedNetwork(run, config.network)],
    ['sampling', header.sampling, config.sampling],
    ['seed', header.seed, config.seed],
  ] as const) {
    if (!isDeepStrictEqual(own, planned)) throw refuse(`their ${what} is another one`);
  }
  if (header.step < 0 || header.step > config.optimisation.steps)
    throw refuse(`they are of step ${header.step} of ${config.optimisation.steps}`);
  const problem = lacking(joinSpecs(header.trained, header.frozen), target);
  if (problem !== null) throw refuse(problem);
}
