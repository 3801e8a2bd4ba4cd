/** A forest as bytes, and back. A project may be anybody's: what would not end, or ask for what is not there, is refused. */
import { AppError } from '../errors.ts';
import type { Forest } from './forest.ts';

/** Little-endian: features, classes, trees, nodes as int32; roots, features asked for, nexts (int32), thresholds, shares (float32). */
const HEADER = 4;

export function encodeForest(forest: Forest): Uint8Array {
  const { featureCount, classCount, roots, feature, next, threshold, shares } = forest;
  const nodes = feature.length;
  const whole = Int32Array.of(featureCount, classCount, roots.length, nodes);
  const ints = [whole, roots, Int32Array.from(feature), next];
  const floats = [threshold, shares];
  const length = [...ints, ...floats].reduce((sum, one) => sum + one.byteLength, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const one of [...ints, ...floats]) {
    bytes.set(new Uint8Array(one.buffer, one.byteOffset, one.byteLength), at);
    at += one.byteLength;
  }
  return bytes;
}

const broken = () =>
  new AppError(
    'corrupt',
    'This classifier is damaged. Keep it anew from its scribbles, or bring it back by repairing the project.',
  );

/** Errors: corrupt, where it is no forest of so many features and classes. */
export function decodeForest(
  bytes: Uint8Array,
  { featureCount, classCount }: { readonly featureCount: number; readonly classCount: number },
): Forest {
  if (bytes.length % 4 !== 0 || bytes.length < 4 * HEADER) throw broken();
  const own = bytes.slice().buffer;
  const [features, classes, trees = 0, nodes = 0] = new Int32Array(own, 0, HEADER);
  const words = HEADER + trees + 4 * nodes - nodes + nodes * classCount;
  if (features !== featureCount || classes !== classCount || trees < 1 || nodes < trees)
    throw broken();
  if (words * 4 !== bytes.length) throw broken();
  let at = 4 * HEADER;
  const ints = (count: number) => new Int32Array(own, (at += 4 * count) - 4 * count, count);
  const floats = (count: number) => new Float32Array(own, (at += 4 * count) - 4 * count, count);
  const forest = {
    ...{ featureCount, classCount },
    roots: ints(trees),
    feature: Int16Array.from(ints(nodes)),
    next: ints(nodes),
    threshold: floats(nodes),
    shares: floats(nodes * classCount),
  };
  if (forest.roots.some((root) => root < 0 || root >= nodes)) throw broken();
  for (let node = 0; node < nodes; node++) {
    const asked = forest.feature[node] ?? -1;
    const next = forest.next[node] ?? 0;
    // A child always stands after its parent, so that no walk goes round.
    const isNode = asked >= 0 && asked < featureCount && next > node && next + 1 < nodes;
    if (asked !== -1 && !isNode) throw broken();
  }
  if (forest.shares.some((share) => !(share >= 0 && share <= 1))) throw broken();
  return forest;
}
