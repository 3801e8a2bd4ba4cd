import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLzw } from '../../../engine/data/lzw.ts';

/**
 * Encodes as TIFF 6.0 section 13 describes, beginning a new table at `clearAt` entries: 4094 as the specification has
 * it, later as some writers do, whose tables then stay full for a while.
 */
function encodeLzw(bytes: Uint8Array, clearAt: number): Uint8Array {
  const bits: number[] = [];
  let width = 9;
  const put = (code: number) => {
    for (let bit = width - 1; bit >= 0; bit--) bits.push((code >>> bit) & 1);
  };
  let table = new Map<string, number>();
  let next = 258;
  const clear = () => {
    put(256);
    table = new Map();
    next = 258;
    width = 9;
  };
  const codeOf = (text: string) => (text.length === 1 ? text.charCodeAt(0) : table.get(text));
  clear();
  let known = '';
  let sinceFull = 0;
  for (const byte of bytes) {
    const longer = known + String.fromCharCode(byte);
    if (codeOf(longer) !== undefined) {
      known = longer;
      continue;
    }
    put(codeOf(known) ?? NaN);
    if (next < 4096) table.set(longer, next++);
    else sinceFull++;
    // The decoder's table is one entry behind.
    if (next === 2 ** width && width < 12) width++;
    known = String.fromCharCode(byte);
    if (next >= Math.min(clearAt, 4096) && sinceFull >= clearAt - 4096) {
      put(codeOf(known) ?? NaN);
      known = '';
      clear();
      sinceFull = 0;
    }
  }
  if (known !== '') {
    put(codeOf(known) ?? NaN);
    next++;
    if (next === 2 ** width && width < 12) width++;
  }
  put(257);
  const out = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (out[i >> 3] = (out[i >> 3] ?? 0) | (bit << (7 - (i & 7)))));
  return out;
}

describe('LZW', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.tuple(fc.nat(255), fc.nat(9000)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
    fc
      .nat(1000)
      .map((seed) =>
        Uint8Array.from(
          { length: 12_000 },
          (_, i) => (Math.imul(i + seed, 0x9e3779b1) >>> 11) & 255,
        ),
      ),
  );

  it.each([4094, 4096, 4600])(
    'gives back what was coded, with a new table at %i entries',
    (clearAt) => {
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          expect(Buffer.compare(decodeLzw(encodeLzw(bytes, clearAt), 2 ** 20), bytes)).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('refuses a code that stands for nothing', () => {
    // 256, then 300 in nine bits.
    const bits = '100000000' + '100101100' + '000000';
    const bytes = Uint8Array.from({ length: 3 }, (_, i) =>
      parseInt(bits.slice(8 * i, 8 * i + 8), 2),
    );
    expect(() => decodeLzw(bytes, 2 ** 20)).toThrow('300');
  });

  it('gives what is there of data that is cut off', () => {
    const bytes = Uint8Array.from({ length: 500 }, (_, i) => (i * 37) & 255);
    const cut = decodeLzw(encodeLzw(bytes, 4094).subarray(0, 200), 2 ** 20);
    expect(cut.length).toBeGreaterThan(100);
    expect(cut).toEqual(bytes.slice(0, cut.length));
  });
});
