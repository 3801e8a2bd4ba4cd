/** Gradients of image resizing. */
import { z } from 'zod';
import { floats, input, type Kernel, replaceKernel, shape4 } from './kernel-call.ts';

const ResizeAttrs = z.object({ alignCorners: z.boolean(), halfPixelCenters: z.boolean() });

/** For every row (column) of the output the row (column) of the input it was copied from. */
function sources(
  inSize: number,
  outSize: number,
  { alignCorners, halfPixelCenters }: z.infer<typeof ResizeAttrs>,
): Int32Array {
  const corners = alignCorners && outSize > 1;
  // In float32, as the forward pass has it.
  const scale = Math.fround(corners ? (inSize - 1) / (outSize - 1) : inSize / outSize);
  return Int32Array.from({ length: outSize }, (_, i) => {
    const position = Math.fround((halfPixelCenters ? i + 0.5 : i) * scale);
    return Math.min(inSize - 1, alignCorners ? Math.round(position) : Math.floor(position));
  });
}

/** Every output pixel hands its gradient to the pixel it was copied from. The shipped kernel ignores halfPixelCenters. */
const nearestNeighborGradient: Kernel = (call) => {
  const { backend } = call;
  const attrs = ResizeAttrs.parse(call.attrs);
  const dy = input(call, 'dy');
  const [n, inHeight, inWidth, channels] = shape4(input(call, 'images').shape);
  const [, outHeight, outWidth] = shape4(dy.shape);
  const rows = sources(inHeight, outHeight, attrs);
  const columns = sources(inWidth, outWidth, attrs);
  const output = backend.makeOutput([n, inHeight, inWidth, channels], 'float32');
  const dys = floats(backend, dy);
  const gradient = floats(backend, output).fill(0);
  let from = 0;
  for (let image = 0; image < n; image++) {
    for (const row of rows) {
      const rowStart = (image * inHeight + row) * inWidth;
      for (const column of columns) {
        const to = (rowStart + column) * channels;
        for (let c = 0; c < channels; c++, from++) {
          gradient[to + c] = (gradient[to + c] ?? 0) + (dys[from] ?? 0);
        }
      }
    }
  }
  return output;
};

/** The shipped kernel ignores halfPixelCenters: better no gradient than a wrong one. */
const bilinearGradient =
  (shipped: Kernel): Kernel =>
  (call) => {
    if (ResizeAttrs.parse(call.attrs).halfPixelCenters) {
      throw new Error('The wasm backend has no bilinear resize gradient with halfPixelCenters');
    }
    return shipped(call);
  };

export function registerResizeGradients(): void {
  replaceKernel('ResizeNearestNeighborGrad', () => nearestNeighborGradient);
  replaceKernel('ResizeBilinearGrad', bilinearGradient);
}
