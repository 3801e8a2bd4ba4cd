/**
 * The twin of `made_up` in fixtures/make-references.py: weights that follow from the names of their tensors, bit for bit
 * as Python computes them, so that files of 40 MB need not be kept.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';

export const FIXTURES = join(import.meta.dirname, 'fixtures');

/** [0, 1) in steps of 1/256. */
function uniform(name: string, count: number): Float32Array {
  const start = crc32(name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 2654435761) + start) >>> 0;
    for (let round = 0; round < 2; round++) {
      x ^= x >>> 16;
      x = Math.imul(x, 0x45d9f3b) >>> 0;
    }
    x ^= x >>> 16;
    values[i] = (x >>> 24) / 256;
  }
  return values;
}

export function madeUp(name: string, kind: string, shape: readonly number[]): Float32Array {
  const u = uniform(
    name,
    shape.reduce((product, n) => product * n, 1),
  );
  if (kind === 'kernel') {
    const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
    const scale = 2 ** Math.floor(Math.log2(12 / fanIn) / 2 + 0.51);
    return u.map((v) => (v - 0.5) * scale);
  }
  if (kind === 'gamma') return u.map((v) => 0.75 + 0.5 * v);
  return kind === 'variance' ? u.map((v) => 0.5 + v) : u.map((v) => (v - 0.5) / 2);
}

const Reference = z.object({
  name: z.string(),
  tensors: z.array(z.tuple([z.string(), z.string(), z.array(z.number())])).optional(),
  /** Level of ours → every step-th value of its output [1, h, w, c], float32 in base64. */
  levels: z.record(
    z.string(),
    z.object({ shape: z.array(z.number()), step: z.number(), values: z.string() }),
  ),
});
const References = z.object({ size: z.number(), references: z.array(Reference) });

const kept = (name: string) => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as unknown;
const file = References.parse(kept('references.json'));
/** Of the files that PyTorch itself wrote. */
const ofTorch = Reference.parse(kept('torch-files.json'));
export const SIZE = file.size;

/** [1, SIZE, SIZE, 3] in [0, 1) */
export const image = () => uniform('image', SIZE * SIZE * 3);

export function reference(name: string) {
  const found = [...file.references, ofTorch].find((r) => r.name === name);
  if (found === undefined) throw new Error(`references.json has no ${name}`);
  return found;
}

export const floats = (base64: string) => {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
