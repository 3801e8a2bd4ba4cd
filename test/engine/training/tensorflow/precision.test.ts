import { describe, expect, it } from 'vitest';
import {
  assertPrecision,
  listsBfloat16,
} from '../../../../engine/training/tensorflow/precision.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

describe('bfloat16', () => {
  it('is refused under the portable engine, with what to do', () => {
    const portable = { ...engine, native: null, traced: false };
    expect(() => assertPrecision(portable, 'bfloat16')).toThrow(/portable engine.*Choose float32/);
    expect(() => assertPrecision(portable, 'float32')).not.toThrow();
  });

  it.each([
    ['flags\t\t: fpu avx512f avx512_bf16 fsrm', true],
    ['flags\t\t: fpu amx_bf16 amx_tile', true],
    ['flags\t\t: fpu avx2 avx512f', false],
    ['model name\t: avx512_bf16', false],
    ['', false],
  ])('is found where the processor lists it: %j', (cpuinfo, expected) => {
    expect(listsBfloat16(cpuinfo)).toBe(expected);
  });
});
