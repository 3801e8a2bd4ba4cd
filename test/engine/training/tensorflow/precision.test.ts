import { describe, expect, it } from 'vitest';
import {
  assertPrecision,
  computesBfloat16,
} from '../../../../engine/training/tensorflow/precision.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

describe('float16', () => {
  it('is refused where the processor computes, or a card without it, with what to do', () => {
    expect(() => assertPrecision(engine, 'float16')).toThrow(/graphics cards.*--engine webgpu/);
    const card = { adapter: { name: 'Old card' }, features: new Set(['subgroups']) } as never;
    expect(() => assertPrecision({ ...engine, native: null, card }, 'float16')).toThrow(
      /"Old card" or its driver has no float16.*Choose float32/,
    );
    expect(() => assertPrecision({ ...engine, native: null, card }, 'bfloat16')).toThrow(
      /bfloat16 is of processors.*Choose float32/,
    );
  });
});

describe('bfloat16', () => {
  it('is refused under the portable engine, with what to do', () => {
    const portable = { ...engine, native: null, traced: false };
    expect(() => assertPrecision(portable, 'bfloat16')).toThrow(/portable engine.*Choose float32/);
    expect(() => assertPrecision(portable, 'float32')).not.toThrow();
  });

  it.each([
    [['AVX2', 'AVX512-BF16'], true],
    [['AMX', 'AMX-BF16'], true],
    [['AVX2', 'AVX-512'], false],
    [null, false],
  ])('is found where the processor lists it: %j', (features, expected) => {
    expect(computesBfloat16(features)).toBe(expected);
  });
});
