/** A training step as a card records it: what is counted, and not what it computes. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import { concatFlat } from '../../../../engine/training/network/parameter-tensors.ts';
import type { Objective } from '../../../../engine/training/objectives/objective.ts';
import { adamW, adamWOnCard } from '../../../../engine/training/optimiser.ts';
import { gradientScaleFor, inHalfPrecision } from '../../../../engine/training/webgpu/half.ts';
import { record, type Recording } from '../../../../engine/training/webgpu/recording.ts';
import type { CardEngine } from './software-vulkan.ts';

/** Graft's layers, in float32 or in float16; or the portable ones, for tfjs's own kernels. */
export type StepKind = 'own' | 'half' | 'shipped';

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

interface Options {
  readonly objective: Objective;
  readonly batch: number;
  readonly kind?: StepKind;
}

/** What a step takes: all zero, since nobody asks what comes of it. The caller disposes of it. */
export function stepInputs({ objective, batch }: Options): Tensor[] {
  const { parameters, statistics } = objective.spec;
  const count = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const channels = statistics.reduce((sum, one) => sum + one.channels, 0);
  const vectors = [count, 2 * channels, count, count].map((length) =>
    tf.tensor1d(new Float32Array(length)),
  );
  return [
    ...vectors,
    ...[1e-3, 1e-8, 0].map((x) => tf.scalar(x)),
    ...objective.inputs.map(({ shape, dtype }) => {
      const whole = [batch, ...shape];
      const values = dtype === 'int32' ? Int32Array : Float32Array;
      return tf.tensor(new values(sizeOf(whole)), whole, dtype);
    }),
  ];
}

/** One step of training-step.ts, with its update, recorded. */
export function recordedStep(engine: CardEngine, options: Options): Recording {
  const { objective, batch, kind = 'own' } = options;
  const layers = createLayers(kind === 'shipped' ? { ...engine, card: null } : engine);
  const inputs = stepInputs(options);
  const scale = kind === 'half' ? gradientScaleFor(inputs.slice(7)) : 1;
  const body = (tensors: readonly Tensor[]): Tensor[] => {
    const [theta, statistics, m, v] = tensors as [Tensor1D, Tensor1D, Tensor1D, Tensor1D];
    const [stepSize, epsilon, decay] = tensors.slice(4) as [Scalar, Scalar, Scalar];
    const input = (name: string): Tensor => {
      const tensor = tensors[7 + objective.inputs.findIndex((one) => one.name === name)];
      if (tensor === undefined) throw new Error(`the objective has no input ${name}`);
      return tensor;
    };
    const trained = tensorWeights(objective.spec, theta, statistics);
    let after: Tensor1D = statistics;
    const { value, grads } = tf.valueAndGrads((...parameters: Tensor[]) => {
      const pass = createForwardPass(layers, { trained: { ...trained, parameters }, fixed: [] });
      const loss = objective.loss(pass, input);
      after = tf.keep(pass.updatedStatistics());
      return scale === 1 ? loss : tf.mul(loss, scale);
    })([...trained.parameters]);
    const scalars = { stepSize, epsilon, decay };
    const next =
      kind === 'shipped'
        ? adamW(theta, { m, v }, concatFlat(grads), scalars)
        : adamWOnCard(engine.card, theta, { m, v }, grads, scalars, null, scale);
    return [scale === 1 ? value : tf.div(value, scale), next.theta, after, next.m, next.v];
  };
  try {
    const { recording, outputs } = record(
      engine.card.backend,
      `${kind} step of ${batch}`,
      (tensors) => (kind === 'half' ? inHalfPrecision(() => body(tensors)) : body(tensors)),
      inputs,
    );
    tf.dispose(outputs);
    return recording;
  } finally {
    tf.dispose(inputs);
  }
}
