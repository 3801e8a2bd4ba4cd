/**
 * Which images to label next: k-centre greedy (Sener & Savarese 2018, Algorithm 1) on what the images look like, mixed with how
 * unsure a network was, and spread over groups. Pure; docs/labelling.md says the rule.
 */

export interface Candidate {
  /** Position in the list of the dataset: the earlier of two that are alike is taken. */
  readonly id: number;
  readonly group: string | null;
  readonly features: Float32Array;
  readonly uncertainty: number | null;
}

export interface Suggestion {
  readonly id: number;
  /** Distance to the nearest that is labelled or stands before it, as a share of the largest at the start, 0 … 1. */
  readonly difference: number;
  /** typical: nothing was labelled yet, and it is nearest to the mean; else what it is nearest to. */
  readonly nearest: 'typical' | 'labelled' | 'before';
  readonly uncertainty: number | null;
  /** Share of the candidates with a prediction that the network is surer of; null where it has none. */
  readonly unsureRank: number | null;
}

export interface Pool {
  readonly candidates: readonly Candidate[];
  readonly labelled: readonly Float32Array[];
  readonly count: number;
}

/** Of uncertainty against difference, where there are predictions. */
const UNCERTAINTY_WEIGHT = 0.5;
/** Of a candidate without a prediction among others that have one: neither sure nor unsure. */
const UNKNOWN_RANK = 0.5;
/** Distances between pauses, in numbers that are looked at: some 5 ms. */
const NUMBERS_A_PIECE = 4_000_000;

/** Euclidean. Features of one source are of one length. */
export function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/** Of each: the share of others that are surer, those alike counted half. */
function unsureRanks(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return values.map(() => null);
  const below = new Map<number, { first: number; count: number }>();
  for (const [i, value] of known.entries()) {
    const found = below.get(value);
    if (found === undefined) below.set(value, { first: i, count: 1 });
    else found.count++;
  }
  return values.map((value) => {
    const found = value === null ? undefined : below.get(value);
    if (found === undefined) return null;
    return known.length === 1
      ? UNKNOWN_RANK
      : (found.first + (found.count - 1) / 2) / (known.length - 1);
  });
}

function meanOf(candidates: readonly Candidate[]): Float32Array {
  const sums = new Float64Array(candidates[0]?.features.length ?? 0);
  for (const { features } of candidates) {
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (features[i] ?? 0);
  }
  return Float32Array.from(sums, (sum) => sum / candidates.length);
}

/** Index of the largest; the first of those alike; −1 where `of` says null of all. */
function argMax(length: number, of: (index: number) => number | null): number {
  let best = -1;
  let most = -Infinity;
  for (let i = 0; i < length; i++) {
    const value = of(i);
    if (value !== null && value > most) [best, most] = [i, value];
  }
  return best;
}

/** Yields now and then, so that whoever runs it can do something else meanwhile. */
export function* suggest({ candidates, labelled, count }: Pool): Generator<void, Suggestion[]> {
  const nearest = new Float64Array(candidates.length).fill(Infinity);
  const isNearestBefore = new Uint8Array(candidates.length);
  let looked = 0;
  const isTimeToPause = (features: Float32Array) => (looked += features.length) >= NUMBERS_A_PIECE;
  function* approach(centre: Float32Array, isBefore: boolean): Generator<void> {
    for (const [i, { features }] of candidates.entries()) {
      const away = distance(features, centre);
      if (away < (nearest[i] ?? 0)) {
        nearest[i] = away;
        isNearestBefore[i] = isBefore ? 1 : 0;
      }
      if (!isTimeToPause(features)) continue;
      looked = 0;
      yield;
    }
  }
  for (const features of labelled) yield* approach(features, false);

  const ranks = unsureRanks(candidates.map(({ uncertainty }) => uncertainty));
  const hasPredictions = ranks.some((rank) => rank !== null);
  const taken = new Set<number>();
  const ofGroup = new Map<string, number>();
  const suggestions: Suggestion[] = [];
  const farthest = () => nearest.reduce((most, one) => Math.max(most, one), 0);
  let radius = farthest();
  let lastGroup: string | null = null;

  const shareOf = (i: number) => (radius > 0 ? Math.min(1, (nearest[i] ?? 0) / radius) : 0);
  const scoreOf = (i: number): number => {
    const share = shareOf(i);
    const mixed = hasPredictions
      ? (1 - UNCERTAINTY_WEIGHT) * share + UNCERTAINTY_WEIGHT * (ranks[i] ?? UNKNOWN_RANK)
      : share;
    const group = candidates[i]?.group ?? null;
    return mixed / (1 + (group === null ? 0 : (ofGroup.get(group) ?? 0)));
  };
  const free = (i: number) => !taken.has(i);
  const isOfLast = (i: number) => lastGroup !== null && candidates[i]?.group === lastGroup;
  const next = (): number => {
    if (labelled.length === 0 && taken.size === 0) {
      const mean = meanOf(candidates);
      return argMax(candidates.length, (i) => -distance(candidates[i]?.features ?? mean, mean));
    }
    const other = argMax(candidates.length, (i) => (free(i) && !isOfLast(i) ? scoreOf(i) : null));
    return other >= 0 ? other : argMax(candidates.length, (i) => (free(i) ? scoreOf(i) : null));
  };

  while (suggestions.length < Math.min(count, candidates.length)) {
    const i = next();
    const candidate = candidates[i];
    if (candidate === undefined) break;
    const isFirst = labelled.length === 0 && taken.size === 0;
    suggestions.push({
      id: candidate.id,
      difference: isFirst ? 1 : shareOf(i),
      nearest: isFirst ? 'typical' : isNearestBefore[i] === 1 ? 'before' : 'labelled',
      uncertainty: candidate.uncertainty,
      unsureRank: ranks[i] ?? null,
    });
    taken.add(i);
    lastGroup = candidate.group;
    if (lastGroup !== null) ofGroup.set(lastGroup, (ofGroup.get(lastGroup) ?? 0) + 1);
    yield* approach(candidate.features, true);
    if (isFirst) radius = farthest();
  }
  return suggestions;
}

/** Takes a generator to its end, with room for others in between. Errors: what `signal` was aborted for. */
export async function inPieces<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}
