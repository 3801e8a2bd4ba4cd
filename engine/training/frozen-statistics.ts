/**
 * Running statistics for layers that are frozen at random weights. A frozen layer normalises by its running statistics;
 * those of a layer that never ran are mean 0 and variance 1, with which a random encoder's features fade to nothing
 * from layer to layer. Measured on the run's own training batches, a frozen random encoder passes on features of the
 * same scale as a trained one, so that the control compares what was learned and nothing else.
 */
import type { Engine } from './tensorflow/backend.ts';
import type { Batch } from './batches/batches.ts';
import { STATISTICS_MOMENTUM } from './network/forward-pass.ts';
import type { Objective } from './objectives/objective.ts';
import {
  flattenWeights,
  type FlatWeights,
  type NetworkSpec,
  unflattenWeights,
  type Weights,
} from './network/parameters.ts';
import { createLateReads } from './tensorflow/late-reads.ts';
import { createTrainingStep, freshState } from './training-step.ts';

/** At most: enough for steady means, for the momentum of .9 looks back over about ten batches. */
const MAX_BATCHES = 16;
/** A step that trains nothing: only the running statistics move. */
const AT_REST = { stepSize: 0, epsilon: 1, decay: 0 };

/**
 * @param weights of the whole objective
 * @param batches that the run has
 * @param makeBatch the run's own batches, from step 1
 * @returns weights and measured statistics of `frozen`
 */
export async function measureFrozenStatistics(options: {
  readonly engine: Engine;
  readonly objective: Objective;
  readonly frozen: NetworkSpec;
  readonly weights: Weights;
  readonly batches: number;
  readonly makeBatch: (step: number) => Promise<Batch>;
}): Promise<FlatWeights> {
  const { engine, objective, frozen, weights, makeBatch } = options;
  const { spec } = objective;
  const nothing: NetworkSpec = { parameters: [], statistics: [] };
  const initial = flattenWeights(spec, weights);
  const step = createTrainingStep({
    engine,
    objective,
    specs: { trained: spec, frozen: nothing },
    initial: freshState(initial),
    frozen: flattenWeights(nothing, weights),
  });
  const batches = Math.min(MAX_BATCHES, options.batches);
  const losses = createLateReads<number>(step.lossesAhead);
  for (let at = 1; at <= batches; at++) await losses.next(step.run(await makeBatch(at), AT_REST));
  await losses.rest();
  const { statistics: moved } = await step.read();
  step.dispose();
  // What is left of the start value is taken out, as Adam does with its moments.
  const left = STATISTICS_MOMENTUM ** batches;
  const measured = moved.map(
    (value, i) => (value - left * (initial.statistics[i] ?? 0)) / (1 - left),
  );
  const all = unflattenWeights(spec, { theta: initial.theta, statistics: measured });
  return flattenWeights(frozen, all);
}
