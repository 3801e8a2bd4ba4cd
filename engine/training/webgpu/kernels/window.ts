/** Where windows of an operation lie over its input: convolutions and pooling, channels last. */

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

export const inputShape = (w: Window) => [w.batch, w.inHeight, w.inWidth, w.inChannels] as const;
export const outputShape = (w: Window) =>
  [w.batch, w.outHeight, w.outWidth, w.outChannels] as const;
export const outputPixels = (w: Window) => w.batch * w.outHeight * w.outWidth;
export const inputPixels = (w: Window) => w.batch * w.inHeight * w.inWidth;
