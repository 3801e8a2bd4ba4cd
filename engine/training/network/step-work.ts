/** How much a network has to compute and to keep for one image, from its description alone: before anything is computed. */
import type { NetworkConfig } from '../../../shared/entities.ts';
import type { NetworkOperations, WindowOptions } from './network-operations.ts';
import { joinSpecs } from './parameters.ts';
import { decode, decoderSpec, encode, encoderSpec } from './unet.ts';

export interface ImageWork {
  /** Multiplications of its convolutions, forward; heads, which are small, left out. */
  readonly multiplications: number;
  /** Numbers that its convolutions put out, all of which the way back needs. */
  readonly outputs: number;
}

const product = (shape: readonly number[]) => shape.reduce((all, n) => all * n, 1);

/** @param sizePx a side that the network takes (assertInputSize) */
export function imageWork(config: NetworkConfig, sizePx: number): ImageWork {
  const kernels = new Map(
    joinSpecs(encoderSpec(config), decoderSpec(config)).parameters.flatMap(
      ({ layer, kind, shape }) =>
        kind === 'kernel' || kind === 'depthwise' ? [[layer, { kind, shape }] as const] : [],
    ),
  );
  let [multiplications, outputs] = [0, 0];
  /** Images are their side in pixels here. */
  const convolve = (layer: string, side: number, { stride = 1 }: WindowOptions = {}): number => {
    const out = side / stride;
    const { kind, shape } = kernels.get(layer) ?? { kind: 'kernel', shape: [] };
    multiplications += out ** 2 * product(shape);
    outputs += out ** 2 * (shape[kind === 'kernel' ? 3 : 2] ?? 0);
    return out;
  };
  const counting: NetworkOperations<number> = {
    block: convolve,
    head: (_, side) => side,
    preprocess: (side) => side,
    add: (side) => side,
    relu: (side) => side,
    maxPool2: (side) => side / 2,
    maxPool3: (side) => side / 2,
    upsampledBlock: (layer, _, below) => convolve(layer, 2 * below),
  };
  decode(counting, config, encode(counting, config, sizePx));
  return { multiplications, outputs };
}

/** Weights of encoder and decoder. */
export const weightCount = (config: NetworkConfig): number =>
  joinSpecs(encoderSpec(config), decoderSpec(config)).parameters.reduce(
    (sum, { shape }) => sum + product(shape),
    0,
  );
