/**
 * What stands between a network and its loss, over Graft's kernels for graphics cards: means over pixels, the choice of an
 * output, and the losses themselves, each in one or a few passes.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Card } from '../webgpu/card.ts';
import { asTensor } from '../webgpu/dispatch.ts';
import { chosenPart, chosenPartBack } from '../webgpu/kernels/chosen-part.ts';
import { countedError, countedErrorBack } from '../webgpu/kernels/counted-error.ts';
import { matrixProduct } from '../webgpu/kernels/matrix-product.ts';
import { pooledMeans, pooledMeansBack, pooledWeightsBack } from '../webgpu/kernels/pooled-means.ts';
import { rowEntropy, rowEntropyBack } from '../webgpu/kernels/row-entropy.ts';
import {
  MOST_LOSS_CLASSES,
  segmentationLoss,
  segmentationLossBack,
  type SegmentationLossOptions,
} from '../webgpu/kernels/segmentation-loss.ts';
import {
  meanSquaredError,
  meanSquaredErrorBack,
  sigmoid,
  sigmoidBack,
} from '../webgpu/kernels/squared-error.ts';
import { unitRows, unitRowsBack } from '../webgpu/kernels/unit-rows.ts';
import type { EngineLayers } from './engine-layers.ts';

type WebGPUBackend = Card['backend'];

/** customGrad passes the tensors first and `save` last, but types them all alike. */
const saved = (save: unknown, tensors: Tensor[]) => (save as tf.GradSaveFunc)(tensors);

function segmentationLossOf(
  backend: WebGPUBackend,
  options: SegmentationLossOptions,
  [logits, labels]: readonly [Tensor4D, Tensor],
): Scalar {
  const weights = tf.tensor1d([...options.weights]);
  const loss = tf.customGrad((given, save) => {
    const x = given as Tensor;
    const [value, slopes] = segmentationLoss(backend, options, [x, labels, weights]).map(
      asTensor,
    ) as [Tensor, Tensor];
    saved(save, [x, labels, weights, slopes]);
    return {
      value,
      gradFunc: (dLoss: Tensor, kept: Tensor[]) =>
        asTensor(
          segmentationLossBack(backend, options, [
            ...(kept as [Tensor, Tensor, Tensor, Tensor]),
            dLoss,
          ]),
        ),
    };
  });
  return loss(logits) as Scalar;
}

/** The gradient reaches the output alone. */
function squaredErrorOf(backend: WebGPUBackend, output: Tensor4D, target: Tensor4D): Scalar {
  const error = tf.customGrad((given, save) => {
    const x = given as Tensor;
    saved(save, [x, target]);
    return {
      value: asTensor(meanSquaredError(backend, [x, target])),
      gradFunc: (dLoss: Tensor, kept: Tensor[]) =>
        asTensor(meanSquaredErrorBack(backend, [...(kept as [Tensor, Tensor]), dLoss])),
    };
  });
  return error(output) as Scalar;
}

/** The gradient reaches the output alone. */
function countedErrorOf(
  backend: WebGPUBackend,
  output: Tensor4D,
  [target, counted]: readonly [Tensor4D, Tensor],
): Scalar {
  const error = tf.customGrad((given, save) => {
    const x = given as Tensor;
    const [value, slope] = countedError(backend, [x, target, counted]).map(asTensor) as [
      Tensor,
      Tensor,
    ];
    saved(save, [x, target, counted, slope]);
    return {
      value,
      gradFunc: (dLoss: Tensor, kept: Tensor[]) =>
        asTensor(countedErrorBack(backend, [...(kept as [Tensor, Tensor, Tensor, Tensor]), dLoss])),
    };
  });
  return error(output) as Scalar;
}

/** The gradient reaches the logits alone. */
function classEntropyOf(backend: WebGPUBackend, logits: Tensor2D, labels: Tensor): Scalar {
  const options = { scale: 1, share: 1 };
  const loss = tf.customGrad((given, save) => {
    const x = given as Tensor;
    const found = rowEntropy(backend, options, [x, labels]);
    saved(save, [x, labels, asTensor(found.rows), asTensor(found.slope)]);
    return {
      value: asTensor(found.loss),
      gradFunc(dLoss: Tensor, kept: Tensor[]) {
        const [keptX, keptLabels, rows, slope] = kept as [Tensor, Tensor, Tensor, Tensor];
        return asTensor(
          rowEntropyBack(backend, options, {
            ...{ logits: keptX, labels: keptLabels, rows, slope, dLoss },
          }),
        );
      },
    };
  });
  return loss(logits) as Scalar;
}

/** NT-Xent: what is similar is a product of unit rows with themselves, so one gradient stands for both sides. */
function pairEntropyOf(
  backend: WebGPUBackend,
  vectors: Tensor2D,
  {
    temperature,
    smallestSquare,
  }: { readonly temperature: number; readonly smallestSquare: number },
): Scalar {
  const options = { scale: 1 / temperature, share: 2 };
  const product = (a: Tensor, b: Tensor, transposeB: boolean) => {
    const info = matrixProduct(backend, [a, b], { transposeA: false, transposeB });
    if (info === null) throw new Error('two matrices have a product');
    return asTensor(info);
  };
  const loss = tf.customGrad((given, save) => {
    const [unit, inverses] = unitRows(backend, given as Tensor, smallestSquare).map(asTensor) as [
      Tensor,
      Tensor,
    ];
    const similarity = product(unit, unit, true);
    const found = rowEntropy(backend, options, [similarity, null]);
    saved(save, [unit, inverses, similarity, asTensor(found.rows), asTensor(found.slope)]);
    return {
      value: asTensor(found.loss),
      gradFunc(dLoss: Tensor, kept: Tensor[]) {
        const [u, i, logits, rows, slope] = kept as [Tensor, Tensor, Tensor, Tensor, Tensor];
        const dSimilarity = asTensor(
          rowEntropyBack(backend, options, { logits, labels: null, rows, slope, dLoss }),
        );
        return asTensor(unitRowsBack(backend, [u, i, product(dSimilarity, u, false)]));
      },
    };
  });
  return loss(vectors) as Scalar;
}

/** The gradient reaches features and, where they are given, weights. */
function meansOf(backend: WebGPUBackend, input: Tensor4D, attention: Tensor4D | null): Tensor2D {
  const pooled = (x: Tensor, weights: Tensor | null, save: unknown) => {
    const found = pooledMeans(backend, x, weights);
    const [means, totals] = [asTensor(found.means), asTensor(found.totals)];
    // The means are saved apart from what the caller may dispose of.
    saved(save, [x, totals, tf.clone(means), ...(weights === null ? [] : [weights])]);
    return {
      value: means,
      gradFunc(dMeans: Tensor, kept: Tensor[]) {
        const [keptX, keptTotals, keptMeans, keptWeights = null] = kept as [
          Tensor,
          Tensor,
          Tensor,
          Tensor?,
        ];
        const dInput = asTensor(
          pooledMeansBack(backend, keptX.shape, {
            ...{ totals: keptTotals, weights: keptWeights, dMeans },
          }),
        );
        if (keptWeights === null) return dInput;
        const of = { means: keptMeans, totals: keptTotals, dMeans };
        return [dInput, asTensor(pooledWeightsBack(backend, keptX, of))];
      },
    };
  };
  const means =
    attention === null
      ? tf.customGrad((x, save) => pooled(x as Tensor, null, save))(input)
      : tf.customGrad((x, a, save) => pooled(x as Tensor, a as Tensor, save))(input, attention);
  return means as Tensor2D;
}

/** The gradient reaches the parts. */
function chosenOf(backend: WebGPUBackend, all: Tensor4D, chosen: Tensor, parts: number): Tensor4D {
  const choice = tf.customGrad((x, save) => {
    saved(save, [chosen]);
    return {
      value: asTensor(chosenPart(backend, [x as Tensor, chosen], parts)),
      gradFunc: (dPart: Tensor, [kept]: Tensor[]) =>
        asTensor(chosenPartBack(backend, [dPart, kept as Tensor], parts)),
    };
  });
  return choice(all) as Tensor4D;
}

/** `backend`: tfjs's, on which the kernels of training-kernels.ts are registered. */
export function cardObjectives(
  backend: WebGPUBackend,
): Required<
  Pick<
    EngineLayers,
    | 'sigmoid'
    | 'globalAveragePool'
    | 'attentionMean'
    | 'chosenPart'
    | 'meanSquaredError'
    | 'countedError'
    | 'classEntropy'
    | 'pairEntropy'
    | 'segmentationLoss'
  >
> {
  const sigmoidOf = tf.customGrad((x, save) => {
    const value = asTensor(sigmoid(backend, x as Tensor));
    saved(save, [value]);
    return {
      value,
      gradFunc: (dOutput: Tensor, [kept]: Tensor[]) =>
        asTensor(sigmoidBack(backend, [kept as Tensor, dOutput])),
    };
  });
  return {
    sigmoid: (input) => sigmoidOf(input) as Tensor4D,
    globalAveragePool: (input) => meansOf(backend, input, null),
    attentionMean: (features, attention) => meansOf(backend, features, attention),
    chosenPart: (all, chosen, parts) => chosenOf(backend, all, chosen, parts),
    meanSquaredError: (output, target) => squaredErrorOf(backend, output, target),
    countedError: (output, target, counted) => countedErrorOf(backend, output, [target, counted]),
    classEntropy: (logits, labels) => classEntropyOf(backend, logits, labels),
    pairEntropy: (vectors, options) => pairEntropyOf(backend, vectors, options),
    segmentationLoss: {
      mostClasses: MOST_LOSS_CLASSES,
      of: (logits, labels, options) => segmentationLossOf(backend, options, [logits, labels]),
    },
  };
}
