import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  assertPrecision,
  predictionPrecision,
} from '../../../../engine/training/tensorflow/precision.ts';
import { computesBfloat16 } from '../../../../engine/training/tensorflow/processor.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

afterEach(() => void vi.unstubAllEnvs());

describe('float16', () => {
  it('is refused where the processor computes, or a card without it, with what to do', () => {
    expect(() => assertPrecision(engine, 'float16')).toThrow(/graphics cards.*GRAFT_ENGINE=webgpu/);
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

  it('is refused where its own operations are held to vectors without it, as a resumed run brings them along', () => {
    const features = ['AVX2', 'AVX-512', 'AVX512-BF16'];
    const narrow = { ...engine, operations: ['bfloat16 activations' as const] };
    vi.stubEnv('GRAFT_INSTRUCTIONS', 'avx2');
    expect(() => assertPrecision(narrow, 'bfloat16', features)).toThrow(
      /GRAFT_INSTRUCTIONS=avx2 does not leave them. Leave it unset/,
    );
    expect(() => assertPrecision(narrow, 'float32', features)).not.toThrow();
    // TensorFlow's own, which a run that begins so has, are held to nothing.
    expect(() =>
      assertPrecision({ ...engine, operations: [] }, 'bfloat16', features),
    ).not.toThrow();
  });

  it('is refused on processors without it, and networks trained in it predict in float32 there', () => {
    vi.stubEnv('GRAFT_INSTRUCTIONS', undefined);
    const narrow = { ...engine, operations: ['bfloat16 activations' as const] };
    const without = ['AVX2', 'AVX-512'];
    expect(() => assertPrecision(narrow, 'bfloat16', without)).toThrow(
      /not known to multiply.*Choose float32/,
    );
    expect(predictionPrecision(narrow, 'bfloat16', without)).toBe('float32');
    const features = [...without, 'AVX512-BF16'];
    expect(() => assertPrecision(narrow, 'bfloat16', features)).not.toThrow();
    expect(predictionPrecision(narrow, 'bfloat16', features)).toBe('bfloat16');
    expect(predictionPrecision(narrow, 'float32', features)).toBe('float32');
    // A run that began before activations stayed in bfloat16 goes on as it began.
    expect(predictionPrecision({ ...engine, operations: [] }, 'bfloat16', features)).toBe(
      'float32',
    );
  });
});
