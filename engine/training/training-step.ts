/**
 * One optimisation step as a traced function, and the tensors that it carries from step to step.
 * The state moves only through `run`: (state, batch, scalars) → (loss, new state).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from './batches/batches.ts';
import type { Precision } from '../../shared/entities.ts';
import type { Engine } from './tensorflow/backend.ts';
import { createForwardPass, tensorWeights } from './network/forward-pass.ts';
import { createLayers } from './network/layers.ts';
import type { Objective } from './objectives/objective.ts';
import { adamW, adamWOnCard, type Optimiser, ownAdamW, type StepScalars } from './optimiser.ts';
import { filterSpec, type FlatWeights, type NetworkSpec } from './network/parameters.ts';
import { concatFlat } from './network/parameter-tensors.ts';
import { trace } from './tensorflow/trace.ts';
import { gradientScaleFor } from './webgpu/half.ts';

/** Everything that a step changes, on the host: what a checkpoint holds. */
export interface TrainingState extends FlatWeights {
  /** Adam's moments, [parameters]. */
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export const freshState = (weights: FlatWeights): TrainingState => ({
  ...weights,
  m: new Float32Array(weights.theta.length),
  v: new Float32Array(weights.theta.length),
});

export interface TrainingStep {
  /** How many losses may be to come while the next step is begun. */
  readonly lossesAhead: number;
  /**
   * Trains on one batch; gives its loss before the update, some steps later where a card computes. The weights are the new
   * ones at once. Errors: those of Engine.values.
   */
  run(batch: Batch, scalars: StepScalars): Promise<number>;
  /** Weights as they are now; owned by the step, valid until the next run. */
  tensors(): { readonly theta: Tensor1D; readonly statistics: Tensor1D };
  /** Copy of the state on the host. Errors: those of Engine.values. */
  read(): Promise<TrainingState>;
  dispose(): void;
}

/** The two parts of an objective's weights: layers of frozen groups are used, but never change. */
export interface SplitSpec {
  readonly trained: NetworkSpec;
  readonly frozen: NetworkSpec;
}

export const splitSpec = (spec: NetworkSpec, isFrozen: (group: string) => boolean): SplitSpec => ({
  trained: filterSpec(spec, ({ group }) => !isFrozen(group)),
  frozen: filterSpec(spec, ({ group }) => isFrozen(group)),
});

/** theta, statistics, m, v */
const STATE_TENSORS = 4;
/** stepSize, epsilon, decay */
const SCALAR_TENSORS = 3;

export function createTrainingStep(options: {
  readonly engine: Engine;
  readonly objective: Objective;
  readonly specs: SplitSpec;
  readonly initial: TrainingState;
  readonly frozen: FlatWeights;
  /** Each trained parameter's share of the learning rate; null or left out: 1 for all. */
  readonly rates?: Float32Array | null;
  /** Left out: float32. Errors: unsupported (precision.ts). */
  readonly precision?: Precision;
}): TrainingStep {
  const { engine, objective, specs, initial } = options;
  const layers = createLayers(engine, options.precision);
  const hasFrozen = specs.frozen.parameters.length > 0;
  const frozen = hasFrozen
    ? [tf.tensor1d(options.frozen.theta), tf.tensor1d(options.frozen.statistics)]
    : [];
  const rates = options.rates == null ? [] : [tf.tensor1d(options.rates)];

  const update: Optimiser = (theta, moments, grads, ...rest) => {
    if (engine.card !== null) {
      const [scalars, shares] = rest;
      return adamWOnCard(engine.card, theta, moments, grads, scalars, shares, scale);
    }
    return engine.native !== null && engine.operations.includes('optimiser')
      ? ownAdamW(engine.native, theta, moments, grads, ...rest)
      : adamW(theta, moments, concatFlat(grads), ...rest);
  };

  /** Of the loss that gradients are of: more than 1 where they are kept in float16. Set when a step is recorded. */
  let scale = 1;
  const stepOf = (tensors: readonly Tensor[]): Tensor[] => {
    // Ranks: vectors first, then scalars, then the objective's inputs, as `run` below passes them.
    const [theta, statistics, m, v] = tensors as [Tensor1D, Tensor1D, Tensor1D, Tensor1D];
    const [stepSize, epsilon, decay] = tensors.slice(STATE_TENSORS) as [Scalar, Scalar, Scalar];
    const rest = tensors.slice(STATE_TENSORS + SCALAR_TENSORS);
    const [frozenTheta, frozenStatistics] = rest as [Tensor1D, Tensor1D];
    const shares = rates.length > 0 ? (rest[frozen.length] as Tensor1D) : null;
    const inputs = rest.slice(frozen.length + rates.length);
    const input = (name: string): Tensor => {
      const tensor = inputs[objective.inputs.findIndex((spec) => spec.name === name)];
      if (tensor === undefined) throw new Error(`the objective has no input ${name}`);
      return tensor;
    };

    scale = options.precision === 'float16' ? gradientScaleFor(inputs) : 1;
    const trained = tensorWeights(specs.trained, theta, statistics);
    const fixed = hasFrozen ? [tensorWeights(specs.frozen, frozenTheta, frozenStatistics)] : [];
    let newStatistics: Tensor1D = statistics;
    const { value, grads } = tf.valueAndGrads((...parameters: Tensor[]) => {
      const pass = createForwardPass(layers, {
        trained: { ...trained, parameters },
        fixed,
      });
      const loss = objective.loss(pass, input);
      newStatistics = tf.keep(pass.updatedStatistics());
      return scale === 1 ? loss : tf.mul(loss, scale);
    })([...trained.parameters]);
    const scalars = { stepSize, epsilon, decay };
    const updated = update(theta, { m, v }, grads, scalars, shares);
    const loss = scale === 1 ? value : tf.div(value, scale);
    return [loss, updated.theta, newStatistics, updated.m, updated.v];
  };
  const step = trace(engine, 'training step', stepOf, options.precision);

  let state: Tensor1D[] = [initial.theta, initial.statistics, initial.m, initial.v].map((values) =>
    tf.tensor1d(values.slice()),
  );
  const at = (i: number): Tensor1D => {
    const tensor = state[i];
    if (tensor === undefined) throw new Error('the training step was disposed of');
    return tensor;
  };
  return {
    lossesAhead: engine.stepsAhead,
    async run(batch, scalars) {
      const { stepSize, epsilon, decay } = scalars;
      const numbers = [stepSize, epsilon, decay].map((value) => tf.scalar(value));
      const inputs = objective.inputs.map(({ name, shape, dtype }) => {
        const data = batch.inputs.get(name);
        if (data === undefined) throw new Error(`the batch lacks ${name}`);
        return tf.tensor(data, [batch.size, ...shape], dtype);
      });
      const outputs = step.run([...state, ...numbers, ...frozen, ...rates, ...inputs]);
      const [loss, ...next] = outputs as [Tensor, ...Tensor1D[]];
      const values = engine.values(loss);
      tf.dispose([...state, ...numbers, ...inputs, loss]);
      state = next;
      const [value = Number.NaN] = await values;
      return value;
    },
    tensors: () => ({ theta: at(0), statistics: at(1) }),
    async read() {
      const all = [at(0), at(1), at(2), at(3)].map((tensor) => engine.values(tensor));
      const [theta, statistics, m, v] = (await Promise.all(all)) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      return { theta, statistics, m, v };
    },
    dispose() {
      tf.dispose([...state, ...frozen, ...rates]);
      state = [];
      step.dispose();
    },
  };
}
