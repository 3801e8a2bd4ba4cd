/** How an image that is read some rows at a time is divided. */

/** Of float32 values that are made at once. */
const PIECE_BYTES = 2 ** 25;

/** Pieces of whole rows, from top to bottom; of PIECE_BYTES at most, where a row is shorter than that. */
export function piecesOf({
  width,
  height,
  channels,
}: {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}): { readonly top: number; readonly count: number }[] {
  const most = Math.max(1, Math.floor(PIECE_BYTES / (4 * width * channels)));
  return Array.from({ length: Math.ceil(height / most) }, (_, i) => ({
    top: i * most,
    count: Math.min(most, height - i * most),
  }));
}
