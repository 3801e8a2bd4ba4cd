/** Where windows of an operation lie over its input: convolutions and pooling, channels last. */
import type { backend_util } from '@tensorflow/tfjs-core';

export interface Window {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  /** Of the kernel. */
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  /** Rows of zeros before the first. */
  readonly padTop: number;
  readonly padLeft: number;
}

/** Of what tfjs says of a convolution or a pooling; null: no kernel of Graft computes this form. */
export function windowOf(info: backend_util.Conv2DInfo, isDepthwise = false): Window | null {
  const isOwn =
    info.dataFormat === 'channelsLast' &&
    info.strideHeight === info.strideWidth &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    (!isDepthwise || info.inChannels === info.outChannels);
  if (!isOwn) return null;
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    height: info.filterHeight,
    width: info.filterWidth,
    stride: info.strideHeight,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

export const inputShape = (w: Window) => [w.batch, w.inHeight, w.inWidth, w.inChannels] as const;
export const outputShape = (w: Window) =>
  [w.batch, w.outHeight, w.outWidth, w.outChannels] as const;
export const outputPixels = (w: Window) => w.batch * w.outHeight * w.outWidth;

/** The uniform of kernels whose channels are each by itself, `s`. */
export const CHANNELWISE_SHAPE = `struct Shape {
  batch: i32, inHeight: i32, inWidth: i32, channels: i32, outHeight: i32, outWidth: i32,
  height: i32, width: i32, stride: i32, padTop: i32, padLeft: i32, partPixels: i32,
}`;

export const channelwiseUniform = (w: Window, partPixels = 0) => [
  ...[w.batch, w.inHeight, w.inWidth, w.inChannels, w.outHeight, w.outWidth],
  ...[w.height, w.width, w.stride, w.padTop, w.padLeft, partPixels],
];

/** `image` and `channel` of number `at` of the output, and the pixel `top`, `left` of the input where its window begins. */
export const OF_OUTPUT = `if (at >= s.batch * s.outHeight * s.outWidth * s.channels) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let line = pixel / s.outWidth;
  let image = line / s.outHeight;
  let top = (line - image * s.outHeight) * s.stride - s.padTop;
  let left = (pixel - line * s.outWidth) * s.stride - s.padLeft;`;

/** `image` and `channel` of number `at` of the input, and its place `down`, `right` in the padded image. */
export const OF_INPUT = `if (at >= s.batch * s.inHeight * s.inWidth * s.channels) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let line = pixel / s.inWidth;
  let image = line / s.inHeight;
  let down = line - image * s.inHeight + s.padTop;
  let right = pixel - line * s.inWidth + s.padLeft;`;
