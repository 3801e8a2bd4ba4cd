/**
 * What a training step must ask of a card, from the network's description alone: the network is walked with shapes in the
 * place of tensors. Every kernel reads what it needs and writes what it makes once; one that cuts a part out of a tensor
 * is bound to all of it. How sums are split is asked of the kernels, since it follows from the shapes.
 */
import type { NetworkOperations } from '../../engine/training/network/network-operations.ts';
import type { NetworkSpec } from '../../engine/training/network/parameters.ts';
import { segmentationLogits } from '../../engine/training/objectives/segmentation.ts';
import { adamWDispatches } from '../../engine/training/webgpu/kernels/adam-w.ts';
import { convolutionPlan } from '../../engine/training/webgpu/kernels/convolution.ts';
import { filterGradientPlan } from '../../engine/training/webgpu/kernels/filter-gradient.ts';
import { normPlan } from '../../engine/training/webgpu/kernels/normalisation-parts.ts';
import { channelSumsPlan } from '../../engine/training/webgpu/kernels/rectifier.ts';
import { statisticsDispatches } from '../../engine/training/webgpu/kernels/running-statistics.ts';
import { lossPlan } from '../../engine/training/webgpu/kernels/segmentation-loss.ts';
import type { Window } from '../../engine/training/webgpu/kernels/window.ts';
import type { NetworkConfig } from '../../shared/entities.ts';

export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Whether a gradient goes back to it: to all but the image. */
  readonly isComputed: boolean;
}

export type PaperSheet = ReturnType<typeof paperFor>;

export interface Paper {
  /** Of convolutions and their gradients: a product and a sum are two. */
  readonly flops: number;
  readonly bytes: number;
  readonly kernels: number;
}

/** A sheet on which kernels are written down. `batch`: images that pass the network at once. */
export function paperFor({ spec, batch }: { readonly spec: NetworkSpec; readonly batch: number }) {
  let [flops, numbers, kernels] = [0, 0, 0];
  const kernel = (...touched: readonly number[]) => {
    kernels++;
    numbers += touched.reduce((sum, one) => sum + one, 0);
  };
  /** A sum that is split where `parts` is more than 1; what is `beside` is added in the last pass. */
  const split = (
    { parts, beside = 0 }: { readonly parts: number; readonly beside?: number },
    result: number,
    ...read: readonly number[]
  ) => {
    kernel(...read, parts * result, ...(parts === 1 ? [beside] : []));
    if (parts > 1) kernel(parts * result, result, beside);
  };
  const sizeOf = ({ height, width, channels }: Shape) => batch * height * width * channels;
  const kernelOf = (layer: string): readonly [side: number, inputs: number, outputs: number] => {
    const found = spec.parameters.find(({ name }) => name === `${layer}/kernel`);
    const [side = 0, , inputs = 0, outputs = 0] = found?.shape ?? [];
    return [side, inputs, outputs];
  };

  const windowOf = (input: Shape, output: Shape, side: number, stride: number): Window => ({
    batch,
    inHeight: input.height,
    inWidth: input.width,
    inChannels: input.channels,
    outHeight: output.height,
    outWidth: output.width,
    outChannels: output.channels,
    height: side,
    width: side,
    stride,
    padTop: Math.floor((side - 1) / 2),
    padLeft: Math.floor((side - 1) / 2),
  });

  /**
   * Forwards, back to the input and to the kernel; `transposed`: the output is what a convolution would see, and is added to
   * what is `beside` it.
   */
  function convolution(
    input: Shape,
    output: Shape,
    side: number,
    { transposed = false, beside = 0 } = {},
  ): void {
    const window = transposed ? windowOf(output, input, side, 2) : windowOf(input, output, side, 1);
    const [x, y, w] = [sizeOf(input), sizeOf(output), side ** 2 * input.channels * output.channels];
    const products =
      (transposed ? sizeOf(input) * output.channels : sizeOf(output) * input.channels) * side ** 2;
    split({ parts: convolutionPlan(window, transposed).parts, beside }, y, x, w);
    split(filterGradientPlan(window), w, x, y);
    if (input.isComputed) split(convolutionPlan(window, !transposed), x, y, w);
    flops += 2 * products * (input.isComputed ? 3 : 2);
  }

  function normalisation(shape: Shape): Shape {
    const { channels } = shape;
    const n = sizeOf(shape);
    const { parts } = normPlan({ images: 1, pixels: n / channels, channels });
    const sums = 2 * parts * channels;
    kernel(n, sums);
    kernel(sums, 3 * channels);
    kernel(n, n, 4 * channels);
    kernel(n, n, sums, 4 * channels);
    kernel(sums, 5 * channels);
    kernel(n, n, n, 6 * channels);
    return shape;
  }

  const refuse = () => {
    throw new Error('the paper knows plain networks alone');
  };
  const computed = (shape: Shape, channels: number): Shape => ({
    ...shape,
    channels,
    isComputed: true,
  });
  const operations: NetworkOperations<Shape> = {
    block(layer, input) {
      const [side, , outputs] = kernelOf(layer);
      const output = computed(input, outputs);
      convolution(input, output, side);
      return normalisation(output);
    },
    upsampledBlock(layer, skip, below) {
      const [side, , outputs] = kernelOf(layer);
      const output = computed(
        { ...below, height: 2 * below.height, width: 2 * below.width },
        outputs,
      );
      if (skip !== null) {
        convolution(skip, output, side);
        // The kernel is cut in two, its gradient put together; and the skip has two gradients.
        const [ofSkip, ofBelow] = [skip, below].map(
          (one) => side ** 2 * one.channels * outputs,
        ) as [number, number];
        kernel(ofSkip + ofBelow, ofSkip);
        kernel(ofSkip + ofBelow, ofBelow);
        kernel(ofSkip, ofBelow, ofSkip + ofBelow);
        const n = sizeOf(skip);
        kernel(n, n, n);
      }
      // A 3×3 kernel over copies of pixels is one of 4×4 over the pixels.
      const pairs = below.channels * outputs;
      kernel(9 * pairs, 16 * pairs);
      kernel(16 * pairs, 9 * pairs);
      const beside = skip === null ? 0 : sizeOf(output);
      convolution(below, output, side + 1, { transposed: true, beside });
      return normalisation(output);
    },
    head(layer, input) {
      const [side, , outputs] = kernelOf(layer);
      const output = computed(input, outputs);
      convolution(input, output, side);
      kernel(sizeOf(output), outputs, sizeOf(output));
      const { parts } = channelSumsPlan([batch, input.height, input.width, outputs]);
      kernel(sizeOf(output), parts * outputs);
      kernel(parts * outputs, outputs);
      return output;
    },
    maxPool2(input) {
      const output = { ...input, height: input.height / 2, width: input.width / 2 };
      kernel(sizeOf(input), sizeOf(output));
      kernel(sizeOf(input), sizeOf(output), sizeOf(input));
      return output;
    },
    preprocess: refuse,
    add: refuse,
    relu: refuse,
    maxPool3: refuse,
  };
  return {
    operations,
    kernel,
    split,
    computed,
    sizeOf,
    kernelOf,
    /** Running statistics, the update, and the sum of all. */
    total(): Paper {
      const statistics = spec.statistics.flatMap(({ channels }) => [channels, channels]);
      for (const pieces of statisticsDispatches(statistics)) {
        const count = pieces.reduce((a, b) => a + b, 0);
        kernel(2 * count);
      }
      const sizes = spec.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
      for (const pieces of adamWDispatches(sizes, false)) {
        const count = pieces.reduce((a, b) => a + b, 0);
        // Gradients; parameters and both moments, read and written in place; three numbers.
        kernel(4 * count, 3);
      }
      return { flops, bytes: 4 * numbers, kernels };
    },
  };
}

/** Of a segmentation's step. */
export function paperOf(options: {
  readonly network: NetworkConfig;
  readonly spec: NetworkSpec;
  readonly size: number;
  readonly batch: number;
  readonly classes: number;
}): Paper {
  const { network, spec, size, batch, classes } = options;
  const paper = paperFor({ spec, batch });
  const logits = segmentationLogits(paper.operations, network, imageOf(network, size));
  segmentationLossOn(paper, logits, { pixels: batch * size ** 2, classes });
  return paper.total();
}

export const imageOf = (network: NetworkConfig, size: number): Shape => ({
  ...{ height: size, width: size, channels: network.inputChannels, isComputed: false },
});

export function segmentationLossOn(
  { kernel, sizeOf }: PaperSheet,
  logits: Shape,
  { pixels, classes }: { readonly pixels: number; readonly classes: number },
): void {
  const { parts, sums } = lossPlan(pixels, classes);
  const slopes = 1 + 2 * classes;
  kernel(sizeOf(logits), pixels, classes, parts * sums);
  kernel(parts * sums, sums);
  kernel(sums, 1, slopes);
  kernel(sizeOf(logits), pixels, classes, slopes, 1, sizeOf(logits));
}
