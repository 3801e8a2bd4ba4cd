/** From data to pixels: linear and base-2 logarithmic scales with their ticks. */

export interface Scale {
  /** Position in the units of the drawing. */
  at(value: number): number;
  /** The value at a position; at any, where the domain is a single value. */
  valueAt(position: number): number;
  readonly ticks: readonly number[];
}

export type Range = readonly [from: number, to: number];

/** Of any number of values, at least one: more than a call takes as arguments. */
export function extent(values: readonly number[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Closest of 1, 2, 5 × 10^k at or above `raw`. */
function roundStep(raw: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const ratio = raw / magnitude;
  // Ratios like 2.0000000000000004 are 2.
  const factor = [1, 2, 5].find((candidate) => ratio <= candidate * (1 + 1e-9)) ?? 10;
  return factor * magnitude;
}

/** Multiples of a round step inside [low, high], about `count` of them. */
export function niceTicks([low, high]: Range, count: number): number[] {
  if (!(high > low)) return [low];
  const step = roundStep((high - low) / Math.max(1, count));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => clean((first + i) * step));
}

/** 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/**
 * Smallest domain of round ends that holds all finite values. A single value gets room on both sides;
 * `limits` are never passed.
 */
export function niceDomain(
  values: readonly number[],
  { count = 5, limits = [-Infinity, Infinity] }: { count?: number; limits?: Range } = {},
): Range {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) {
    return [Math.max(0, limits[0]), Math.min(1, limits[1])];
  }
  let [low, high] = extent(finite);
  if (high - low < 1e-9) {
    const room = Math.max(Math.abs(low) * 0.1, 0.01);
    low -= room;
    high += room;
  }
  const step = roundStep((high - low) / count);
  return [
    Math.max(clean(Math.floor(low / step + 1e-9) * step), limits[0]),
    Math.min(clean(Math.ceil(high / step - 1e-9) * step), limits[1]),
  ];
}

export function linearScale(domain: Range, range: Range, tickCount = 5): Scale {
  const span = domain[1] - domain[0];
  return {
    at: (value) =>
      span === 0
        ? (range[0] + range[1]) / 2
        : range[0] + ((value - domain[0]) / span) * (range[1] - range[0]),
    valueAt: (position) => domain[0] + ((position - range[0]) / (range[1] - range[0] || 1)) * span,
    ticks: niceTicks(domain, tickCount),
  };
}

/**
 * Positive values at equal distances per doubling; the ticks are the values themselves. `domain` is that of the values
 * where no other is seen; one that holds fewer than two of them has round ticks.
 */
export function log2Scale(values: readonly number[], range: Range, domain?: Range): Scale {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const [low, high] = domain ?? [sorted[0] ?? 1, sorted.at(-1) ?? 1];
  const linear = linearScale([Math.log2(low), Math.log2(high)], range);
  const own = sorted.filter((value) => value >= low && value <= high);
  return {
    at: (value) => linear.at(Math.log2(value)),
    valueAt: (position) => 2 ** linear.valueAt(position),
    ticks: own.length < 2 && domain !== undefined ? niceTicks(domain, 3) : own,
  };
}

/** As few decimals as tell neighbouring ticks apart. */
export function tickLabel(value: number, ticks: readonly number[]): string {
  const steps = ticks.slice(1).map((tick, i) => Math.abs(tick - (ticks[i] ?? tick)));
  const smallest = Math.min(...steps, Math.abs(value) || 1);
  const decimals = smallest >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(smallest) - 1e-9));
  return value.toFixed(decimals).replace('-', '−');
}
