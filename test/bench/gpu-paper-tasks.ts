/** What a step of each pretraining task must ask of a card: its network, then what stands between that and its loss. */
import { bottleneckWidth, decode, encode } from '../../engine/training/network/unet.ts';
import { segmentationLogits } from '../../engine/training/objectives/segmentation.ts';
import { convolutionPlan } from '../../engine/training/webgpu/kernels/convolution.ts';
import { filterGradientPlan } from '../../engine/training/webgpu/kernels/filter-gradient.ts';
import { channelSumsPlan } from '../../engine/training/webgpu/kernels/rectifier.ts';
import { errorPlan } from '../../engine/training/webgpu/kernels/squared-error.ts';
import type { Window } from '../../engine/training/webgpu/kernels/window.ts';
import type { NetworkSpec } from '../../engine/training/network/parameters.ts';
import type { NetworkConfig, PretrainingTask } from '../../shared/entities.ts';
import {
  imageOf,
  type Paper,
  paperFor,
  type PaperSheet,
  segmentationLossOn,
  type Shape,
} from './gpu-paper.ts';

/** Of a 1×1 convolution over so many rows: a product of matrices. */
const rowsWindow = (rows: number, inChannels: number, outChannels: number): Window => ({
  ...{ batch: 1, inHeight: rows, inWidth: 1, inChannels },
  ...{ outHeight: rows, outWidth: 1, outChannels },
  ...{ height: 1, width: 1, stride: 1, padTop: 0, padLeft: 0 },
});

function sigmoidOn({ kernel, sizeOf }: PaperSheet, image: Shape): void {
  const n = sizeOf(image);
  kernel(n, n);
  kernel(n, n, n);
}

function errorOn({ kernel, sizeOf }: PaperSheet, image: Shape, isCounted: boolean): void {
  const n = sizeOf(image);
  const { parts } = errorPlan(n);
  if (!isCounted) {
    kernel(n, n, parts);
    kernel(parts, 1);
    kernel(n, n, 1, n);
    return;
  }
  const pixels = n / image.channels;
  kernel(n, n, pixels, 2 * parts);
  kernel(2 * parts, 1, 1);
  kernel(n, n, pixels, 1, 1, n);
}

/** One pixel an image. */
const pooledShape = (features: Shape): Shape => ({ ...features, height: 1, width: 1 });

function averageOn({ kernel, sizeOf }: PaperSheet, features: Shape, rows: number): Shape {
  const pooled = pooledShape(features);
  kernel(sizeOf(features), sizeOf(pooled), rows);
  kernel(sizeOf(pooled), rows, sizeOf(features));
  return pooled;
}

function classesOn({ kernel, split }: PaperSheet, rows: number, width: number, classes: number) {
  const [x, y, w] = [rows * width, rows * classes, width * classes];
  const window = rowsWindow(rows, width, classes);
  split(convolutionPlan(window, false), y, x, w);
  kernel(y, classes, y);
  const sums = channelSumsPlan([rows, classes]);
  kernel(y, sums.parts * classes);
  kernel(sums.parts * classes, classes);
  split(convolutionPlan(window, true), x, y, w);
  split(filterGradientPlan(window), w, x, y);
  kernel(y, rows, 4 * rows);
  kernel(4 * rows, 1, 1);
  kernel(y, 4 * rows, 1, 1, rows, y);
}

/** `layers`: blocks of the projection. */
function contrastOn(
  { kernel, split, operations, kernelOf }: PaperSheet,
  pooled: Shape,
  { rows, layers }: { readonly rows: number; readonly layers: number },
): void {
  let x = pooled;
  for (let layer = 1; layer <= layers; layer++) {
    x = operations.block(`head/projection/dense${layer}`, x);
  }
  const [, , length] = kernelOf(`head/projection/dense${layers}`);
  const [vectors, similarity] = [rows * length, rows ** 2];
  kernel(vectors, vectors, rows);
  split(convolutionPlan(rowsWindow(rows, rows, length), true), similarity, vectors, vectors);
  kernel(similarity, 4 * rows);
  kernel(4 * rows, 1, 1);
  kernel(similarity, 4 * rows, 1, 1, similarity);
  split(convolutionPlan(rowsWindow(rows, rows, length), false), vectors, similarity, vectors);
  kernel(vectors, rows, vectors, vectors);
}

/** Attention pooling of what the decoder sees, too. */
function attentionOn(paper: PaperSheet, features: Shape, rows: number): Shape {
  const { kernel, sizeOf, operations } = paper;
  const n = sizeOf(features);
  kernel(n, n, n);
  kernel(n, n, n);
  let x = features;
  for (const part of [1, 2, 3]) x = operations.block(`head/attention/conv${part}`, x);
  const gate = operations.head('head/attention/gate', x);
  sigmoidOn(paper, gate);
  const pooled = pooledShape(features);
  const [pixels, means] = [sizeOf(gate), sizeOf(pooled)];
  kernel(n, pixels, means, rows);
  kernel(means, rows, pixels, n);
  kernel(n, means, rows, means, pixels);
  // Decoder, attention and mean each have a gradient.
  kernel(n, n, n);
  kernel(n, n, n);
  return pooled;
}

interface Setting {
  readonly network: NetworkConfig;
  readonly spec: NetworkSpec;
  readonly size: number;
  readonly batch: number;
  readonly classes: number;
}

function reconstructionPaper(task: PretrainingTask, { network, spec, size, batch }: Setting) {
  const paper = paperFor({ spec, batch });
  const { operations } = paper;
  const features = decode(operations, network, encode(operations, network, imageOf(network, size)));
  const image = operations.head(`head/${task}`, features);
  if (task !== 'denoising') sigmoidOn(paper, image);
  errorOn(paper, image, task === 'masked-autoencoding');
  return paper.total();
}

function contrastPaper({ network, spec, size, batch }: Setting) {
  const rows = 2 * batch;
  const paper = paperFor({ spec, batch: rows });
  const { bottleneck } = encode(paper.operations, network, imageOf(network, size));
  contrastOn(paper, averageOn(paper, bottleneck, rows), { rows, layers: 2 });
  return paper.total();
}

function conrecPaper({ network, spec, size, batch }: Setting) {
  const rows = 2 * batch;
  const paper = paperFor({ spec, batch: rows });
  const { operations, kernel, sizeOf } = paper;
  const encoded = encode(operations, network, imageOf(network, size));
  const all = operations.head('head/images', decode(operations, network, encoded));
  const image = { ...all, channels: network.inputChannels };
  if (all.channels > image.channels) {
    kernel(sizeOf(all), rows, sizeOf(image));
    kernel(sizeOf(image), rows, sizeOf(all));
  }
  sigmoidOn(paper, image);
  errorOn(paper, image, false);
  contrastOn(paper, attentionOn(paper, encoded.bottleneck, rows), { rows, layers: 3 });
  // Both losses, each times its weight, and their gradients.
  for (let i = 0; i < 5; i++) kernel(1, 1, 1);
  return paper.total();
}

/** A step of the task on `batch` samples. `network`: as the task has it. */
export function taskPaper(task: PretrainingTask, setting: Setting): Paper {
  const { network, spec, size, batch, classes } = setting;
  switch (task) {
    case 'segmentation': {
      const paper = paperFor({ spec, batch });
      const logits = segmentationLogits(paper.operations, network, imageOf(network, size));
      segmentationLossOn(paper, logits, { pixels: batch * size ** 2, classes });
      return paper.total();
    }
    case 'classification': {
      const paper = paperFor({ spec, batch });
      const { bottleneck } = encode(paper.operations, network, imageOf(network, size));
      averageOn(paper, bottleneck, batch);
      classesOn(paper, batch, bottleneckWidth(network), classes);
      return paper.total();
    }
    case 'simclr':
      return contrastPaper(setting);
    case 'conrec':
    case 'multi-conrec':
      return conrecPaper(setting);
    case 'autoencoder':
    case 'denoising':
    case 'in-painting':
    case 'out-painting':
    case 'local-shuffle':
    case 'non-linear-intensity':
    case 'colourisation':
    case 'context-restoration':
    case 'masked-autoencoding':
      return reconstructionPaper(task, setting);
  }
}
