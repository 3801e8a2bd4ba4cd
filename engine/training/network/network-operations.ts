/**
 * What architectures are written in (unet.ts, encoders/): the operations of a network over values of any kind, so that
 * one description serves computing (forward-pass.ts, on tensors) and writing a model out (weights/, on names of nodes).
 */
import type { NetworkConfig, Preprocessing } from '../../../shared/entities.ts';

export type Activation = 'relu' | 'relu6' | 'none';

/** How a window of more than one pixel moves over its input. */
export interface WindowOptions {
  readonly stride?: 1 | 2;
  /** Of strided windows; others are centred either way. */
  readonly padding?: NetworkConfig['padding'];
}

export interface BlockOptions extends WindowOptions {
  readonly activation?: Activation;
  /** Every channel by itself. */
  readonly depthwise?: boolean;
}

/** T: [batch, height, width, channels], or what stands for it. */
export interface NetworkOperations<T> {
  /** convolution → normalisation → activation (ReLU, unless said otherwise) with the weights of a layer. */
  block(layer: string, input: T, options?: BlockOptions): T;
  /** 1×1 convolution with bias: a head. */
  head(layer: string, input: T): T;
  /** (input − mean) / deviation of each channel. */
  preprocess(input: T, preprocessing: Preprocessing): T;
  add(a: T, b: T): T;
  relu(input: T): T;
  /** Largest of 2×2 pixels. */
  maxPool2(input: T): T;
  /** Largest of 3×3 pixels that are not negative, every second pixel. */
  maxPool3(input: T, padding: NetworkConfig['padding']): T;
  /**
   * A 3×3 block over the channels of `skip` (null: none), then those of `below`, upsampled by 2 (nearest neighbour).
   */
  upsampledBlock(layer: string, skip: T | null, below: T): T;
}

/**
 * Rows of zeros before and after an even number of rows for a window that moves by two, so that windows are centred
 * (PyTorch's padding of (side − 1) / 2): the last row that PyTorch adds is never reached.
 */
export function centredPadding(side: number): readonly [before: number, after: number] {
  const before = (side - 1) / 2;
  return [before, Math.max(0, before - 1)];
}
