/**
 * The list of what the wasm backend gets so that networks train on it: what it lacks, and what it does wrongly or
 * slowly. Reasons stand beside each kernel. Call once, before the backend is set.
 */
import { registerBatchNormGradient } from './batch-norm.ts';
import { registerConvolutionGradients } from './convolution.ts';
import { registerCopies } from './copies.ts';
import { registerDepthwiseConvolutionGradients } from './depthwise-convolution.ts';
import { registerIndexing } from './indexing.ts';
import { registerMatrixProduct } from './matrix-product.ts';
import { registerPoolingGradients } from './pooling.ts';
import { registerReductions } from './reductions.ts';
import { registerResizeGradients } from './resizing.ts';

export function registerTrainingKernels(): void {
  registerConvolutionGradients();
  registerDepthwiseConvolutionGradients();
  registerPoolingGradients();
  registerResizeGradients();
  registerBatchNormGradient();
  registerReductions();
  registerMatrixProduct();
  registerIndexing();
  registerCopies();
}
