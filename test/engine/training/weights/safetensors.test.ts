import { describe, expect, it } from 'vitest';
import {
  readSafetensors,
  writeSafetensors,
} from '../../../../engine/training/weights/safetensors.ts';
import { fromHalf } from '../../../../engine/data/small-floats.ts';

const tensors = new Map([
  ['a', { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-8, -1e8) }],
  ['b', { shape: [], values: Float32Array.of(7) }],
]);

/** A file with any header, over 16 zero bytes. */
function withHeader(header: unknown): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(16)]);
}

describe('safetensors', () => {
  it('reads what it wrote', () => {
    const read = readSafetensors(writeSafetensors({ tensors, metadata: { by: 'graft' } }), 'f');
    expect(read.tensors).toEqual(tensors);
    expect(read.metadata).toEqual({ by: 'graft' });
  });

  it('reads half precision (numpy: np.array([…], np.float16).view(np.uint16))', () => {
    expect([15360, 48640, 1, 1023, 31744, 64512, 32768].map(fromHalf)).toEqual([
      1,
      -1.5,
      5.960464477539063e-8,
      6.097555160522461e-5,
      Infinity,
      -Infinity,
      -0,
    ]);
    expect(fromHalf(32256)).toBeNaN();
  });

  it('refuses a file that is cut off anywhere, and says that it is', () => {
    const whole = writeSafetensors({ tensors, metadata: {} });
    for (const length of [0, 5, 20, whole.length - 1]) {
      expect(() => readSafetensors(whole.subarray(0, length), 'w.safetensors')).toThrow(
        /w\.safetensors is damaged or cut off/,
      );
    }
  });

  it('refuses tensors that share their bytes, before room is made for them', () => {
    const entry = { dtype: 'F32', shape: [4], data_offsets: [0, 16] };
    const shared = { ...entry, shape: [2], data_offsets: [8, 16] };
    expect(() => readSafetensors(withHeader({ t: entry, u: shared }), 'f')).toThrow(
      /t and u lie in one another/,
    );
    const empty = { ...entry, shape: [0], data_offsets: [8, 8] };
    expect(readSafetensors(withHeader({ t: entry, u: empty }), 'f').tensors.size).toBe(2);
  });

  it('refuses headers that lie, naming the tensor', () => {
    const entry = { dtype: 'F32', shape: [4], data_offsets: [0, 16] };
    expect(readSafetensors(withHeader({ t: entry }), 'f').tensors.size).toBe(1);
    expect(() => readSafetensors(withHeader({ t: { ...entry, shape: [5] } }), 'f')).toThrow(
      /t has 16 bytes for 5 values/,
    );
    expect(() =>
      readSafetensors(withHeader({ t: { ...entry, data_offsets: [8, 24] } }), 'f'),
    ).toThrow(/t reaches beyond its end/);
    expect(() => readSafetensors(withHeader({ t: { ...entry, dtype: 'F8_E4M3' } }), 'f')).toThrow(
      /t is of type F8_E4M3/,
    );
    expect(() => readSafetensors(withHeader({ t: 3 }), 'f')).toThrow(/entry of t/);
  });

  it('leaves out counters', () => {
    const counter = { dtype: 'I64', shape: [], data_offsets: [0, 8] };
    expect(readSafetensors(withHeader({ counter }), 'f').tensors.size).toBe(0);
  });
});
