/**
 * Which tensors lie on the card in half precision (float16). tfjs knows no such type: to it they are float32, of the same
 * shape, and their buffers are half as large. Graft's kernels look here before they bind one; tfjs's own never see one
 * (training-kernels.ts widens it first).
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** By what tensors that share their numbers share, too. */
const halves = new WeakSet<object>();

export const isHalf = ({ dataId }: Pick<TensorInfo, 'dataId'>): boolean => halves.has(dataId);

export function markHalf({ dataId }: TensorInfo): void {
  halves.add(dataId);
}

/** Narrower results stay in float32: they cost little, and a head's logits want their digits. */
const LEAST_CHANNELS = 8;

let isWanted = false;

function wanting<T>(wanted: boolean, work: () => T): T {
  const before = isWanted;
  isWanted = wanted;
  try {
    return work();
  } finally {
    isWanted = before;
  }
}

/** Whatever `work` convolves is kept in float16. */
export const inHalfPrecision = <T>(work: () => T): T => wanting(true, work);
/** It is not, whoever calls this. */
export const inFullPrecision = <T>(work: () => T): T => wanting(false, work);

/** Whether a convolution's result of so many channels is kept in float16. */
export const wantsHalf = (channels: number): boolean => isWanted && channels >= LEAST_CHANNELS;

/** WGSL for what is computed in float32 and lies in memory as it is, or in half of it. */
export const storedAs = (type: 'f32' | 'vec4<f32>', half: boolean): string =>
  half ? type.replace('f32', 'f16') : type;

/** Of a kernel's name: which of its tensors are halves. */
export const halvesInName = (...those: readonly boolean[]): string =>
  those.includes(true) ? ` f16:${those.map(Number).join('')}` : '';

/** Room for what is larger than a mean's share: losses of few pixels, weights of rare classes. */
const ROOM = 16;

/**
 * How many times its size a loss is when its gradients are taken, so that they are within what float16 can tell apart:
 * losses are means over pixels, and the share of one in a large batch is below its least number (Micikevicius et al. 2018,
 * arXiv 1710.03740, section 3.2). A power of two, which changes no digit. `inputs`: of a step, [batch, height, width, …].
 */
export function gradientScaleFor(inputs: readonly Pick<TensorInfo, 'shape'>[]): number {
  const pixels = Math.max(
    1,
    ...inputs.map(({ shape: [batch = 1, height = 1, width = 1] }) => batch * height * width),
  );
  return 2 ** Math.max(0, Math.floor(Math.log2(pixels / ROOM)));
}
