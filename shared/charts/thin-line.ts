/** A line of more points than can be told apart, drawn by as few as look the same. */

export interface Position {
  readonly x: number;
  readonly y: number;
}

/**
 * Of positions ascending in x, at most four a unit of width: where the line enters it, its lowest, its highest, and where
 * it leaves it.
 */
export function thinLine(positions: readonly Position[]): Position[] {
  const columns = new Map<number, ColumnOfLine>();
  for (const [index, { x, y }] of positions.entries()) {
    const column = columns.get(Math.floor(x));
    if (column === undefined) {
      columns.set(Math.floor(x), { first: index, last: index, least: index, most: index });
      continue;
    }
    column.last = index;
    if (y < (positions[column.least]?.y ?? y)) column.least = index;
    if (y > (positions[column.most]?.y ?? y)) column.most = index;
  }
  return [...columns.values()].flatMap(({ first, last, least, most }) =>
    [...new Set([first, least, most, last])]
      .sort((a, b) => a - b)
      .flatMap((index) => positions[index] ?? []),
  );
}

/** Indices of positions. */
interface ColumnOfLine {
  readonly first: number;
  last: number;
  least: number;
  most: number;
}
