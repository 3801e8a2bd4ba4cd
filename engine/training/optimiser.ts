/** AdamW over one flat vector, and the learning rate of each step. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { OptimisationConfig } from '../../shared/entities.ts';
import { concatFlat } from './network/parameter-tensors.ts';
import type { Card } from './webgpu/card.ts';
import { adamWInPlace } from './webgpu/kernels/adam-w.ts';
import { attributeTypes, type NativeBackend } from './tensorflow/native.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface Moments {
  /** Running mean of the gradient, [parameters]. */
  readonly m: Tensor1D;
  /** Running mean of its square, [parameters]. */
  readonly v: Tensor1D;
}

/** What changes from step to step, computed on the host: Adam's bias corrections are in the first two. */
export interface StepScalars {
  /** lr · √(1−β₂ᵗ) / (1−β₁ᵗ) */
  readonly stepSize: number;
  /** ε · √(1−β₂ᵗ) */
  readonly epsilon: number;
  /** Learning rate · weight decay. */
  readonly decay: number;
}

/**
 * Learning rate at step 1 … steps: linear from 0 over the warm-up, then constant, or a half cosine down to 0
 * (Loshchilov & Hutter 2017, arXiv 1608.03983).
 */
export function learningRateAt(config: OptimisationConfig, step: number): number {
  const { learningRate, steps, warmup, schedule } = config;
  const warmupSteps = Math.round(warmup * steps);
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule === 'constant') return learningRate;
  const progress = (step - warmupSteps) / (steps - warmupSteps);
  return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}

export function stepScalars(config: OptimisationConfig, step: number): StepScalars {
  const rate = learningRateAt(config, step);
  const correction = Math.sqrt(1 - BETA2 ** step);
  return {
    stepSize: (rate * correction) / (1 - BETA1 ** step),
    epsilon: EPSILON * correction,
    decay: rate * config.weightDecay,
  };
}

/** Scalars of a step on the engine. */
interface ScalarTensors {
  readonly stepSize: Scalar;
  readonly epsilon: Scalar;
  readonly decay: Scalar;
}

/** One step: theta and moments by the gradients of the parameters, one after the other. */
export type Optimiser = (
  theta: Tensor1D,
  moments: Moments,
  gradients: readonly Tensor[],
  scalars: ScalarTensors,
  rates: Tensor1D | null,
) => { theta: Tensor1D; m: Tensor1D; v: Tensor1D };

/**
 * One step of Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1, both fractions extended by √(1−β₂ᵗ)) with the
 * weight decay decoupled from the gradient (Loshchilov & Hutter 2019, arXiv 1711.05101). All vectors [parameters].
 * `rates`: each parameter's share of the learning rate, decay included; null: 1 for all.
 */
export function adamW(
  theta: Tensor1D,
  { m, v }: Moments,
  gradient: Tensor1D,
  scalars: ScalarTensors,
  rates: Tensor1D | null = null,
): { theta: Tensor1D; m: Tensor1D; v: Tensor1D } {
  const newM = tf.add<Tensor1D>(tf.mul(m, BETA1), tf.mul(gradient, 1 - BETA1));
  const newV = tf.add<Tensor1D>(tf.mul(v, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
  const change = tf.div(tf.mul(newM, scalars.stepSize), tf.add(tf.sqrt(newV), scalars.epsilon));
  const decay = tf.mul(theta, scalars.decay);
  if (rates !== null) {
    const both = tf.add<Tensor1D>(decay, change);
    return { theta: tf.sub(theta, tf.mul(both, rates)), m: newM, v: newV };
  }
  return { theta: tf.sub(tf.sub(theta, decay), change), m: newM, v: newV };
}

/**
 * The same in one pass, with the same bits, by Graft's own operation. `gradients`: of the parameters, one after the other.
 */
export function ownAdamW(
  backend: NativeBackend,
  theta: Tensor1D,
  { m, v }: Moments,
  gradients: readonly Tensor[],
  scalars: ScalarTensors,
  rates: Tensor1D | null = null,
): { theta: Tensor1D; m: Tensor1D; v: Tensor1D } {
  const { stepSize, epsilon, decay } = scalars;
  const pieces = {
    name: 'N',
    type: attributeTypes(backend.binding).int,
    value: gradients.length,
  };
  const [newTheta, newM, newV] = backend.executeMultipleOutputs(
    'GraftAdamW',
    [pieces],
    [theta, m, v, rates ?? tf.tensor1d([]), stepSize, epsilon, decay, ...gradients],
    3,
  ) as [Tensor1D, Tensor1D, Tensor1D]; // its three outputs
  return { theta: newTheta, m: newM, v: newV };
}

/**
 * The same on a graphics card, in one pass and in place: theta, m and v come back as they were given, with new values.
 * `gradients`: of the parameters, one after the other, `gradientScale` times what they are (a power of two).
 */
export function adamWOnCard(
  { backend }: Card,
  theta: Tensor1D,
  { m, v }: Moments,
  gradients: readonly Tensor[],
  { stepSize, epsilon, decay }: ScalarTensors,
  rates: Tensor1D | null = null,
  gradientScale = 1,
): { theta: Tensor1D; m: Tensor1D; v: Tensor1D } {
  const scalars = concatFlat([stepSize, epsilon, decay]);
  const betas = [BETA1, BETA2] as const;
  adamWInPlace(backend, { theta, m, v }, { gradients, scalars, rates, betas, gradientScale });
  return { theta: tf.clone(theta), m: tf.clone(m), v: tf.clone(v) };
}
