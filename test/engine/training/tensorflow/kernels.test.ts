import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { kernelCandidates, kernelsFor } from '../../../../engine/training/tensorflow/kernels.ts';
import { featuresOf } from '../../../../engine/training/tensorflow/processor.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

describe('the kernels of TensorFlow', () => {
  const machine = (changes: {
    env?: string;
    architecture?: string;
    features?: string[] | null;
  }) => ({
    env: { TF_ENABLE_ONEDNN_OPTS: changes.env },
    architecture: changes.architecture ?? 'x64',
    features: changes.features === undefined ? ['AVX', 'AVX2', 'FMA'] : changes.features,
  });

  it('are oneDNN’s from AVX2 on, Eigen’s before, and TensorFlow’s choice elsewhere', () => {
    expect(kernelsFor(undefined, machine({}))).toBe('onednn');
    expect(kernelsFor(undefined, machine({ features: null }))).toBe('onednn');
    expect(kernelsFor(undefined, machine({ features: ['AVX'] }))).toBe('eigen');
    expect(kernelsFor(undefined, machine({ architecture: 'arm64', features: ['NEON'] }))).toBe(
      null,
    );
  });

  it('are those that calibration found, and before all those that the environment asks for', () => {
    expect(kernelsFor('eigen', machine({}))).toBe('eigen');
    expect(kernelsFor('eigen', machine({ env: '1' }))).toBe('onednn');
    expect(kernelsFor('onednn', machine({ env: 'False' }))).toBe('eigen');
    expect(kernelsFor('eigen', machine({ env: '' }))).toBe('eigen');
  });

  it('are measured where there is a choice, the likelier first', () => {
    expect(kernelCandidates(machine({}))).toEqual(['onednn', 'eigen']);
    expect(kernelCandidates(machine({ features: [] }))).toEqual(['eigen', 'onednn']);
    expect(kernelCandidates(machine({ env: '0' }))).toEqual([]);
    expect(kernelCandidates(machine({ architecture: 'arm64' }))).toEqual([]);
  });
});

it('reads the features of a processor as Linux lists them', () => {
  const wide = 'avx512f avx512dq avx512bw avx512vl avx512_bf16';
  const lines = ['model name\t: avx512_bf16', `flags\t\t: fpu fma avx avx2 ${wide}`];
  expect(featuresOf(lines.join('\n'))).toEqual(['AVX', 'AVX2', 'FMA', 'AVX-512', 'AVX512-BF16']);
  // A processor that has the first instructions of AVX-512 alone runs no code for it.
  expect(featuresOf('flags: avx avx2 fma avx512f avx512cd')).toEqual(['AVX', 'AVX2', 'FMA']);
  expect(featuresOf('Features\t: fp asimd sve')).toEqual(['NEON', 'SVE']);
  expect(featuresOf('')).toEqual([]);
});

const Checks = z.object({
  kernels: z.string(),
  checks: z.array(
    z.object({
      encoder: z.string(),
      losses: z.array(z.number()),
      resumes: z.boolean(),
      differenceWithoutOwn: z.number(),
      eagerDifference: z.number(),
      portableDifference: z.number(),
    }),
  ),
});

/** Those that this process has are tested by every test of this folder. */
it('trains networks with the other kernels, too, with own operations and without', async () => {
  const [other, asked] = engine.info.kernels === 'onednn' ? ['eigen', '0'] : ['onednn', '1'];
  const script = join(import.meta.dirname, 'kernel-checks.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    env: { ...process.env, TF_ENABLE_ONEDNN_OPTS: asked },
  });
  const { kernels, checks } = Checks.parse(JSON.parse(stdout));
  expect(kernels).toBe(other);
  expect(checks).toHaveLength(2);
  for (const { losses, resumes, encoder, ...differences } of checks) {
    expect(losses[2], encoder).toBeLessThan(losses[0] ?? NaN);
    expect(resumes, encoder).toBe(true);
    // A batch norm over two values at the bottleneck amplifies rounding.
    for (const [what, difference] of Object.entries(differences)) {
      expect(difference, `${encoder}: ${what}`).toBeLessThan(1e-3);
    }
  }
});
