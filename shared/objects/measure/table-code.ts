/** A table of measurements on its way to a window: columns of float64, one after the other, as the machine has them. */

export function encodeMeasures(columns: readonly Float64Array[]): Uint8Array<ArrayBuffer> {
  const rows = columns[0]?.length ?? 0;
  const all = new Float64Array(columns.length * rows);
  for (const [i, column] of columns.entries()) all.set(column, i * rows);
  return new Uint8Array(all.buffer);
}

/** The inverse, of so many columns; views of `bytes`. */
export function decodeMeasures(
  bytes: Uint8Array<ArrayBuffer>,
  columns: number,
): readonly Float64Array[] {
  const rows = bytes.length / 8 / columns;
  if (!Number.isInteger(rows)) throw new Error('Measurements came cut off.');
  return Array.from(
    { length: columns },
    (_, i) => new Float64Array(bytes.buffer, bytes.byteOffset + 8 * i * rows, rows),
  );
}
