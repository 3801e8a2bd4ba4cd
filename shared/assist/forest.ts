/**
 * A random forest (Breiman, Machine Learning 45, 2001) on typed arrays: trees of Gini splits on a random few features
 * each, grown on draws with replacement. Thresholds come from a histogram of each feature. Every tree has its own stream
 * of the seed, so that trees grown by several workers are those that one would grow.
 */
import { createRandom, type Random } from '../random.ts';

/** Samples to learn from. */
export interface TrainingSet {
  /** [samples, features] */
  readonly features: Float32Array;
  /** Index of the class of each sample. */
  readonly classes: Uint8Array;
  readonly featureCount: number;
  readonly classCount: number;
}

/** Grown trees, one after the other; the first node of each is in `roots`. */
export interface Forest {
  readonly featureCount: number;
  readonly classCount: number;
  readonly roots: Int32Array;
  /** Which feature a node asks for; −1: it is a leaf. [nodes] */
  readonly feature: Int16Array;
  /** Up to it a sample goes to the node in `next`, else to the one after that. [nodes] */
  readonly threshold: Float32Array;
  /** [nodes] */
  readonly next: Int32Array;
  /** Share of each class in a leaf. [nodes, classes] */
  readonly shares: Float32Array;
}

export const TREES = 32;
const MAX_DEPTH = 16;
/** Features that a node tries, of the root of their number: trees that differ more are better on few, alike samples. */
const TRIED_OF_ROOT = 0.5;
/** A node of fewer samples is not split. */
const MIN_SPLIT = 4;
/** Thresholds that are tried for a feature. */
const MAX_BINS = 64;
/** Samples that thresholds are found from. */
const BINNED_SAMPLES = 2048;

/** Thresholds of every feature, and which of its bins each sample lies in. */
interface Binned {
  readonly edges: readonly Float32Array[];
  /** [features, samples] */
  readonly bins: Uint8Array;
}

/** Between neighbours among the different values, at most one fewer than bins. */
function edgesOf(values: Float32Array): Float32Array {
  const sorted = values.sort();
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i] ?? 0;
    if (i === 0 || value !== sorted[distinct - 1]) sorted[distinct++] = value;
  }
  const count = Math.min(MAX_BINS, distinct) - 1;
  const edges = new Float32Array(Math.max(0, count));
  for (let i = 0; i < count; i++) {
    const at = Math.floor(((i + 1) * distinct) / (count + 1));
    edges[i] = ((sorted[at - 1] ?? 0) + (sorted[at] ?? 0)) / 2;
  }
  return edges;
}

/** How many edges lie below a value. */
function binOf(value: number, edges: Float32Array): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > (edges[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function binned({ features, featureCount, classes }: TrainingSet): Binned {
  const samples = classes.length;
  const some = Math.min(samples, BINNED_SAMPLES);
  const bins = new Uint8Array(samples * featureCount);
  const edges: Float32Array[] = [];
  const values = new Float32Array(some);
  for (let feature = 0; feature < featureCount; feature++) {
    for (let i = 0; i < some; i++) {
      values[i] = features[Math.floor((i * samples) / some) * featureCount + feature] ?? 0;
    }
    const own = edgesOf(values.slice());
    edges.push(own);
    for (let i = 0; i < samples; i++) {
      bins[feature * samples + i] = binOf(features[i * featureCount + feature] ?? 0, own);
    }
  }
  return { edges, bins };
}

interface Split {
  readonly feature: number;
  /** The last bin of the first side. */
  readonly bin: number;
}

/** The nodes of one tree while it grows. */
class Tree {
  readonly feature: number[] = [];
  readonly threshold: number[] = [];
  readonly next: number[] = [];
  readonly shares: number[] = [];
  readonly #set: TrainingSet;
  readonly #binned: Binned;
  readonly #random: Random;
  /** Samples drawn; those of a node stand side by side. */
  readonly #drawn: Int32Array;
  readonly #order: Int32Array;
  readonly #tried: number;
  readonly #histogram: Float64Array;

  constructor(set: TrainingSet, binnedSet: Binned, random: Random) {
    this.#set = set;
    this.#binned = binnedSet;
    this.#random = random;
    const samples = set.classes.length;
    this.#drawn = Int32Array.from({ length: samples }, () => random.below(samples));
    this.#order = Int32Array.from({ length: set.featureCount }, (_, i) => i);
    this.#tried = Math.max(1, Math.round(Math.sqrt(set.featureCount) * TRIED_OF_ROOT));
    this.#histogram = new Float64Array(MAX_BINS * set.classCount);
    this.#grow();
  }

  #grow(): void {
    const root = this.#node(0, this.#drawn.length);
    const open = [{ node: root, from: 0, to: this.#drawn.length, depth: 0 }];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      const { node, from, to, depth } = one;
      const split =
        depth < MAX_DEPTH && to - from >= MIN_SPLIT ? this.#split(node, from, to) : null;
      if (split === null) continue;
      const middle = this.#part(split, from, to);
      this.feature[node] = split.feature;
      this.threshold[node] = this.#binned.edges[split.feature]?.[split.bin] ?? 0;
      const left = this.#node(from, middle);
      const right = this.#node(middle, to);
      this.next[node] = left;
      open.push(
        { node: right, from: middle, to, depth: depth + 1 },
        { node: left, from, to: middle, depth: depth + 1 },
      );
    }
  }

  /** Adds a leaf of these samples. */
  #node(from: number, to: number): number {
    const { classes, classCount } = this.#set;
    const node = this.feature.length;
    this.feature.push(-1);
    this.threshold.push(0);
    this.next.push(0);
    const counts = new Array<number>(classCount).fill(0);
    for (let i = from; i < to; i++) {
      const one = classes[this.#drawn[i] ?? 0] ?? 0;
      counts[one] = (counts[one] ?? 0) + 1;
    }
    for (const count of counts) this.shares.push(count / (to - from));
    return node;
  }

  /** The best of the thresholds of some features; null where nothing parts the samples, or nothing has to. */
  #split(node: number, from: number, to: number): Split | null {
    const { classCount, featureCount } = this.#set;
    for (let one = 0; one < classCount; one++) {
      if (this.shares[node * classCount + one] === 1) return null;
    }
    const order = this.#order;
    let best: Split | null = null;
    let bestPurity = -1;
    for (let tried = 0; tried < featureCount && (tried < this.#tried || best === null); tried++) {
      const other = tried + this.#random.below(featureCount - tried);
      const feature = order[other] ?? 0;
      order[other] = order[tried] ?? 0;
      order[tried] = feature;
      const found = this.#bestBin(feature, from, to);
      if (found === null || found.purity <= bestPurity) continue;
      best = { feature, bin: found.bin };
      bestPurity = found.purity;
    }
    return best;
  }

  /** `purity`: the sum over both sides of the squares of the counts over the count; larger is better. */
  #bestBin(feature: number, from: number, to: number): { bin: number; purity: number } | null {
    const { classes, classCount } = this.#set;
    const bins = this.#binned.edges[feature]?.length ?? 0;
    if (bins === 0) return null;
    const histogram = this.#histogram.fill(0, 0, (bins + 1) * classCount);
    const first = feature * classes.length;
    for (let i = from; i < to; i++) {
      const sample = this.#drawn[i] ?? 0;
      const at = (this.#binned.bins[first + sample] ?? 0) * classCount + (classes[sample] ?? 0);
      histogram[at] = (histogram[at] ?? 0) + 1;
    }
    const all = new Float64Array(classCount);
    for (let i = 0; i < (bins + 1) * classCount; i++) {
      const one = i % classCount;
      all[one] = (all[one] ?? 0) + (histogram[i] ?? 0);
    }
    const left = new Float64Array(classCount);
    let lefts = 0;
    let best: { bin: number; purity: number } | null = null;
    for (let bin = 0; bin < bins; bin++) {
      let [squaresLeft, squaresRight] = [0, 0];
      for (let one = 0; one < classCount; one++) {
        const count = histogram[bin * classCount + one] ?? 0;
        lefts += count;
        const here = (left[one] ?? 0) + count;
        left[one] = here;
        squaresLeft += here * here;
        const there = (all[one] ?? 0) - here;
        squaresRight += there * there;
      }
      const rights = to - from - lefts;
      if (lefts === 0 || rights === 0) continue;
      const purity = squaresLeft / lefts + squaresRight / rights;
      if (best === null || purity > best.purity) best = { bin, purity };
    }
    return best;
  }

  /** Puts the samples of the first side first. Returns where the other begins. */
  #part({ feature, bin }: Split, from: number, to: number): number {
    const drawn = this.#drawn;
    const first = feature * this.#set.classes.length;
    let [low, high] = [from, to - 1];
    while (low <= high) {
      const sample = drawn[low] ?? 0;
      if ((this.#binned.bins[first + sample] ?? 0) <= bin) low++;
      else {
        drawn[low] = drawn[high] ?? 0;
        drawn[high--] = sample;
      }
    }
    return low;
  }
}

/** Grows the trees from `from` up to `to` of a forest of a seed. */
export function growForest(
  set: TrainingSet,
  { seed, from = 0, to = TREES }: { seed: number; from?: number; to?: number },
): Forest {
  const binnedSet = binned(set);
  const trees = Array.from({ length: to - from }, (_, i) => {
    return new Tree(set, binnedSet, createRandom(seed, 'tree', from + i));
  });
  let nodes = 0;
  const roots = trees.map(({ feature }) => {
    const root = nodes;
    nodes += feature.length;
    return root;
  });
  const { featureCount, classCount } = set;
  const forest = {
    ...{ featureCount, classCount },
    roots: Int32Array.from(roots),
    feature: new Int16Array(nodes),
    threshold: new Float32Array(nodes),
    next: new Int32Array(nodes),
    shares: new Float32Array(nodes * classCount),
  };
  trees.forEach((tree, i) => {
    const root = roots[i] ?? 0;
    forest.feature.set(tree.feature, root);
    forest.threshold.set(tree.threshold, root);
    forest.next.set(
      tree.next.map((next) => next + root),
      root,
    );
    forest.shares.set(tree.shares, root * classCount);
  });
  return forest;
}

/** Whether any tree asks for anything: not where samples of all classes look the same. */
export const tellsApart = ({ feature }: Forest): boolean => feature.some((one) => one >= 0);

/** The trees of several, in their order, as one forest. */
export function joinForests(parts: readonly Forest[]): Forest {
  const [first] = parts;
  if (first === undefined) throw new Error('there is no tree to join');
  const nodes = parts.reduce((sum, { feature }) => sum + feature.length, 0);
  const forest = {
    featureCount: first.featureCount,
    classCount: first.classCount,
    roots: new Int32Array(parts.reduce((sum, { roots }) => sum + roots.length, 0)),
    feature: new Int16Array(nodes),
    threshold: new Float32Array(nodes),
    next: new Int32Array(nodes),
    shares: new Float32Array(nodes * first.classCount),
  };
  let [node, tree] = [0, 0];
  for (const one of parts) {
    const start = node;
    forest.roots.set(
      one.roots.map((root) => root + start),
      tree,
    );
    forest.next.set(
      one.next.map((next) => next + start),
      start,
    );
    forest.feature.set(one.feature, start);
    forest.threshold.set(one.threshold, start);
    forest.shares.set(one.shares, start * first.classCount);
    node += one.feature.length;
    tree += one.roots.length;
  }
  return forest;
}

/** Trees after which samples that are clear are done with. */
const FIRST_TREES = 8;
/** The mean share of a class among these from which a sample is clear. */
const CLEAR = 0.97;

/** Numbers that a node takes in `WalkedForest.nodes`. */
const NODE = 4;
/** Samples that walk down a tree side by side: each waits for memory alone. */
const LANES = 4;

/**
 * A number as a whole one that is ordered alike, of 31 bits: the difference of two never overflows, and its sign says
 * which way a sample goes without a branch. `bits`: of a float32. The last digit of 24 is lost.
 */
const ordered = (bits: number): number => (bits ^ ((bits >> 31) & 0x7fffffff)) >> 1;

/** A forest as samples walk through it. */
interface WalkedForest {
  /** Feature, threshold (ordered), and where the next node begins; a leaf leads to itself. [nodes, 4] */
  readonly nodes: Int32Array;
  readonly roots: Int32Array;
}

const walked = new WeakMap<Forest, WalkedForest>();

function walkedForest(forest: Forest): WalkedForest {
  const known = walked.get(forest);
  if (known !== undefined) return known;
  const { feature, threshold, next, roots } = forest;
  const nodes = new Int32Array(feature.length * NODE);
  const bits = new Int32Array(threshold.slice().buffer);
  for (let i = 0; i < feature.length; i++) {
    const of = feature[i] ?? -1;
    const at = i * NODE;
    nodes[at] = Math.max(0, of);
    nodes[at + 1] = of < 0 ? 0x3fffffff : ordered(bits[i] ?? 0);
    nodes[at + 2] = (of < 0 ? i : (next[i] ?? 0)) * NODE;
  }
  const found = { nodes, roots: roots.map((root) => root * NODE) };
  walked.set(forest, found);
  return found;
}

/** The leaf of each sample `asked` in one tree, into `leaves`. */
function walk(
  nodes: Int32Array,
  root: number,
  options: {
    readonly samples: Int32Array;
    readonly featureCount: number;
    readonly asked: Int32Array;
    readonly open: number;
    readonly leaves: Int32Array;
  },
): void {
  const { samples, featureCount, asked, open, leaves } = options;
  for (let i = 0; i < open; i += LANES) {
    // The last lanes take the last sample again.
    const a = (asked[i] ?? 0) * featureCount;
    const b = (asked[Math.min(i + 1, open - 1)] ?? 0) * featureCount;
    const c = (asked[Math.min(i + 2, open - 1)] ?? 0) * featureCount;
    const d = (asked[Math.min(i + 3, open - 1)] ?? 0) * featureCount;
    let [atA, atB, atC, atD] = [root, root, root, root];
    for (let moved = 1; moved !== 0;) {
      const signA = ((nodes[atA + 1] ?? 0) - (samples[a + (nodes[atA] ?? 0)] ?? 0)) >> 31;
      const signB = ((nodes[atB + 1] ?? 0) - (samples[b + (nodes[atB] ?? 0)] ?? 0)) >> 31;
      const signC = ((nodes[atC + 1] ?? 0) - (samples[c + (nodes[atC] ?? 0)] ?? 0)) >> 31;
      const signD = ((nodes[atD + 1] ?? 0) - (samples[d + (nodes[atD] ?? 0)] ?? 0)) >> 31;
      const toA = (nodes[atA + 2] ?? 0) + (signA & NODE);
      const toB = (nodes[atB + 2] ?? 0) + (signB & NODE);
      const toC = (nodes[atC + 2] ?? 0) + (signC & NODE);
      const toD = (nodes[atD + 2] ?? 0) + (signD & NODE);
      moved = (toA ^ atA) | (toB ^ atB) | (toC ^ atC) | (toD ^ atD);
      atA = toA;
      atB = toB;
      atC = toC;
      atD = toD;
    }
    leaves[i] = atA >> 2;
    leaves[i + 1] = atB >> 2;
    leaves[i + 2] = atC >> 2;
    leaves[i + 3] = atD >> 2;
  }
}

/**
 * The mean share of each class over the trees, for samples [count, features], into `out` [count, classes]. A sample that
 * the first trees agree on asks no others; what becomes of it depends on it alone. The samples are used up.
 */
export function classify(
  forest: Forest,
  features: Float32Array,
  { count, out }: { readonly count: number; readonly out: Float32Array },
): void {
  const { featureCount, classCount, shares } = forest;
  const { nodes, roots } = walkedForest(forest);
  const samples = new Int32Array(features.buffer, features.byteOffset, count * featureCount);
  for (let i = 0; i < samples.length; i++) samples[i] = ordered(samples[i] ?? 0);
  out.fill(0, 0, count * classCount);
  const asked = new Int32Array(count);
  for (let i = 0; i < count; i++) asked[i] = i;
  const leaves = new Int32Array(count + LANES);
  let open = count;
  const ask = (trees: Int32Array) => {
    for (const root of trees) {
      walk(nodes, root, { samples, featureCount, asked, open, leaves });
      for (let i = 0; i < open; i++) {
        const to = (asked[i] ?? 0) * classCount;
        const leaf = (leaves[i] ?? 0) * classCount;
        for (let one = 0; one < classCount; one++) {
          out[to + one] = (out[to + one] ?? 0) + (shares[leaf + one] ?? 0);
        }
      }
    }
  };
  const scale = (sample: number, by: number) => {
    for (let one = 0; one < classCount; one++) {
      out[sample * classCount + one] = (out[sample * classCount + one] ?? 0) / by;
    }
  };
  const first = Math.min(FIRST_TREES, roots.length);
  ask(roots.subarray(0, first));
  let left = 0;
  for (let sample = 0; sample < count; sample++) {
    let most = 0;
    for (let one = 0; one < classCount; one++) {
      most = Math.max(most, out[sample * classCount + one] ?? 0);
    }
    if (most >= CLEAR * first) scale(sample, first);
    else asked[left++] = sample;
  }
  open = left;
  ask(roots.subarray(first));
  for (let i = 0; i < open; i++) scale(asked[i] ?? 0, roots.length);
}
