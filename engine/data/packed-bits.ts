/** Samples of fewer bits than a byte has, as PNG stores them. */

/** Values of 1, 2 or 4 bits, rows starting at a byte. */
export function unpacked(
  packed: { readonly [i: number]: number },
  size: { width: number; height: number; depth: number },
): Uint8Array {
  const { width, height, depth } = size;
  const out = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = packed[y * rowBytes + (bit >> 3)] ?? 0;
      out[y * width + x] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return out;
}
