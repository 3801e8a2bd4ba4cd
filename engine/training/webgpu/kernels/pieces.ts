/** Tensors that stand for one vector, one after the other, and are bound as they are: nobody puts them together. */

/** Storage buffers that every device can bind at once. */
const BINDINGS = 8;

/** Pieces as they are taken together by kernels that bind `others` buffers beside them. */
export function takenTogether<T>(pieces: readonly T[], others: number): T[][] {
  const most = BINDINGS - others;
  return Array.from({ length: Math.ceil(pieces.length / most) }, (_, i) =>
    pieces.slice(i * most, (i + 1) * most),
  );
}

/** WGSL for that many pieces, bound from 0 on; the uniform `s` tells where each ends. */
export const piecesCode = (count: number) => ({
  /** Members of the uniform. */
  ends: Array.from({ length: count }, (_, i) => `end${i}: i32`).join(', '),
  bindings: Array.from(
    { length: count },
    (_, i) => `@group(0) @binding(${i}) var<storage, read> g${i}: array<f32>;`,
  ).join('\n'),
  /** `g`: number `at` of what the pieces stand for; the function ends behind the last. */
  choose: `if (at >= s.end${count - 1}) { return; }
  var g = 0.0;
  ${Array.from({ length: count }, (_, i) => {
    const value = `g = g${i}[at${i === 0 ? '' : ` - s.end${i - 1}`}];`;
    return i === count - 1 ? `{ ${value} }` : `if (at < s.end${i}) { ${value} } else `;
  }).join('')}`,
});

/** Where each piece ends. */
export function endsOf(sizes: readonly number[]): number[] {
  let end = 0;
  return sizes.map((size) => (end += size));
}
