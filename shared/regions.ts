/**
 * Connected regions of a map of values, found run by run: time and memory grow with what is drawn, not with its pixels, so
 * that 4096² can be looked at while a slider moves.
 */
/** What regions are found in: values of pixels, row-major. */
interface ValueMap {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Uint8Array | Uint32Array;
}

export interface Regions {
  readonly count: number;
  /** Row-major index of the first pixel of each run, and the end of the last one: [runs + 1]. No run crosses a row. */
  readonly runs: Int32Array;
  /** Region of each run. [runs] */
  readonly of: Int32Array;
  /** Of each region. [count] */
  readonly value: Uint32Array;
  readonly pixels: Int32Array;
  /** 1 where it touches the edge of the map. */
  readonly atEdge: Uint8Array;
}

/** Runs of one value within a row; and the first run of each row: [height + 1]. */
function runsOf({ width, height, data }: ValueMap): { starts: Int32Array; rows: Int32Array } {
  const rows = new Int32Array(height + 1);
  let count = 0;
  for (let y = 0, i = 0; y < height; y++) {
    count++;
    i++;
    for (const end = (y + 1) * width; i < end; i++) if (data[i] !== data[i - 1]) count++;
  }
  const starts = new Int32Array(count + 1);
  let at = 0;
  for (let y = 0, i = 0; y < height; y++) {
    rows[y] = at;
    starts[at++] = i++;
    for (const end = (y + 1) * width; i < end; i++) if (data[i] !== data[i - 1]) starts[at++] = i;
  }
  rows[height] = count;
  starts[count] = data.length;
  return { starts, rows };
}

/** Pairs of runs of neighbouring rows that touch: by a side, or by a corner as well (`reach` 1). */
function forEachTouching(
  { starts, rows }: { readonly starts: Int32Array; readonly rows: Int32Array },
  { width, reach }: { readonly width: number; readonly reach: 0 | 1 },
  visit: (upper: number, lower: number) => void,
): void {
  for (let y = 1; y + 1 < rows.length; y++) {
    let upper = rows[y - 1] ?? 0;
    let lower = rows[y] ?? 0;
    const [upperEnd, lowerEnd] = [rows[y] ?? 0, rows[y + 1] ?? 0];
    while (upper < upperEnd && lower < lowerEnd) {
      // In columns, as if both lay in one row.
      const [u0, u1] = [(starts[upper] ?? 0) + width, (starts[upper + 1] ?? 0) + width];
      const [l0, l1] = [starts[lower] ?? 0, starts[lower + 1] ?? 0];
      if (u0 < l1 + reach && l0 < u1 + reach) visit(upper, lower);
      if (u1 < l1) upper++;
      else if (l1 < u1) lower++;
      else {
        // Both end here: their corners touch the next ones of each other.
        if (reach === 1) {
          if (lower + 1 < lowerEnd) visit(upper, lower + 1);
          if (upper + 1 < upperEnd) visit(upper + 1, lower);
        }
        upper++;
        lower++;
      }
    }
  }
}

/** Regions of `fourConnected` are connected by sides, all others by corners as well. */
export function regionsOf(map: ValueMap, fourConnected: number): Regions {
  const { width, height, data } = map;
  const { starts, rows } = runsOf(map);
  const runCount = starts.length - 1;
  const parent = new Int32Array(runCount);
  for (let run = 0; run < runCount; run++) parent[run] = run;
  const root = (run: number): number => {
    let at = run;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] ?? 0] ?? 0;
      at = parent[at] ?? 0;
    }
    return at;
  };
  const valueOf = (run: number) => data[starts[run] ?? 0] ?? 0;
  const join = (only: (value: number) => boolean) => (a: number, b: number) => {
    const value = valueOf(a);
    if (value !== valueOf(b) || !only(value)) return;
    const [first, second] = [root(a), root(b)];
    // The root is the first run of its region, so that regions are numbered as they are met.
    if (first < second) parent[second] = first;
    else parent[first] = second;
  };
  const table = { starts, rows };
  forEachTouching(
    table,
    { width, reach: 0 },
    join((value) => value === fourConnected),
  );
  forEachTouching(
    table,
    { width, reach: 1 },
    join((value) => value !== fourConnected),
  );
  const of = new Int32Array(runCount);
  let count = 0;
  for (let run = 0; run < runCount; run++) {
    const first = root(run);
    of[run] = first === run ? count++ : (of[first] ?? 0);
  }
  const value = new Uint32Array(count);
  const pixels = new Int32Array(count);
  const atEdge = new Uint8Array(count);
  for (let y = 0; y < height; y++) {
    const [from, to] = [rows[y] ?? 0, rows[y + 1] ?? 0];
    for (let run = from; run < to; run++) {
      const region = of[run] ?? 0;
      value[region] = valueOf(run);
      pixels[region] = (pixels[region] ?? 0) + (starts[run + 1] ?? 0) - (starts[run] ?? 0);
      if (y === 0 || y === height - 1 || run === from || run === to - 1) atEdge[region] = 1;
    }
  }
  return { count, runs: starts, of, value, pixels, atEdge };
}

/**
 * The class that most pixels along the outline of each region that goes have, the lowest where equal: every pixel beyond
 * a side of one of its pixels counts, once a side. Regions that go have no vote; without any vote a region is not listed.
 */
export function outlineVotes(
  { width, height, data }: ValueMap,
  options: { readonly regions: Regions; readonly going: Uint8Array },
): Map<number, number> {
  const { regions, going } = options;
  const { runs, of } = regions;
  const votes = new Map<number, Map<number, number>>();
  const vote = (region: number, value: number, count: number) => {
    const own = votes.get(region) ?? new Map<number, number>();
    own.set(value, (own.get(value) ?? 0) + count);
    votes.set(region, own);
  };
  /** Regions a and b meet along `sides` sides of pixels; `at`: a pixel of each. */
  const meet = (a: number, b: number, sides: number, at: { a: number; b: number }) => {
    if (a === b || going[a] === going[b]) return;
    if (going[a] === 1) vote(a, data[at.b] ?? 0, sides);
    else vote(b, data[at.a] ?? 0, sides);
  };
  for (let run = 1; run < of.length; run++) {
    const start = runs[run] ?? 0;
    if (start % width === 0) continue;
    meet(of[run - 1] ?? 0, of[run] ?? 0, 1, { a: start - 1, b: start });
  }
  let upper = 0;
  let lower = 0;
  while (lower < of.length && (runs[lower] ?? 0) < width) lower++;
  for (let i = width; i < width * height;) {
    while ((runs[lower + 1] ?? 0) <= i) lower++;
    while ((runs[upper + 1] ?? 0) <= i - width) upper++;
    const end = Math.min(runs[lower + 1] ?? 0, (runs[upper + 1] ?? 0) + width);
    meet(of[upper] ?? 0, of[lower] ?? 0, end - i, { a: i - width, b: i });
    i = end;
  }
  return new Map(
    [...votes].map(([region, own]) => {
      const [best] = [...own].sort(([a, m], [b, n]) => n - m || a - b);
      return [region, best?.[0] ?? 0];
    }),
  );
}
