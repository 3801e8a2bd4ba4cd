import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkOfEngine, wordsOfVectors } from '../../../../engine/handlers/system.ts';
import { assertAskedWords, askedWord } from '../../../../engine/training/tensorflow/asked-for.ts';
import { EngineInfo, OwnOperation } from '../../../../shared/entities.ts';
import { partFile } from '../../../../engine/parts.ts';

const info = EngineInfo.parse({
  name: 'tensorflow',
  version: '2.21.0',
  threads: 1,
  operations: OwnOperation.options,
  node: '24',
  graft: '0',
});

afterEach(() => void vi.unstubAllEnvs());

describe('what the environment asks of kernels and operations', () => {
  it.each([
    ['GRAFT_INSTRUCTIONS', 'AVX2', /GRAFT_INSTRUCTIONS is "AVX2"; use avx2 or baseline/],
    ['GRAFT_INSTRUCTIONS', 'sse9', /leave it unset/],
    ['GRAFT_OPERATIONS', 'none', /GRAFT_OPERATIONS is "none"; use tensorflow/],
    ['TF_ENABLE_ONEDNN_OPTS', 'yes', /TF_ENABLE_ONEDNN_OPTS is "yes"; use 1 .* or 0/],
    ['TF_ENABLE_ONEDNN_OPTS', '00', /use 1 .* or 0/],
  ])('%s=%s is refused, not passed over', (variable, value, words) => {
    expect(() => assertAskedWords({ [variable]: value })).toThrow(words);
  });

  it('takes the words that TensorFlow and the compiled library take, and empty ones as none', () => {
    const env = {
      TF_ENABLE_ONEDNN_OPTS: 'False',
      GRAFT_OPERATIONS: '',
      GRAFT_INSTRUCTIONS: 'baseline',
    };
    assertAskedWords(env);
    expect(askedWord('TF_ENABLE_ONEDNN_OPTS', env)).toBe('false');
    expect(askedWord('GRAFT_OPERATIONS', env)).toBe(null);
    expect(askedWord('GRAFT_INSTRUCTIONS', env)).toBe('baseline');
    assertAskedWords({});
  });

  it('ends a command before it does anything, as bad input', async () => {
    const cli = partFile('cli');
    const env = { ...process.env, GRAFT_INSTRUCTIONS: 'AVX2' };
    await expect(
      promisify(execFile)(process.execPath, [cli, 'doctor'], { env }),
    ).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('GRAFT_INSTRUCTIONS is "AVX2"') as string,
    });
  });

  it('is said where doctor says what computes', () => {
    vi.stubEnv('GRAFT_INSTRUCTIONS', undefined);
    vi.stubEnv('GRAFT_OPERATIONS', undefined);
    expect(wordsOfVectors(info)).not.toMatch(/GRAFT/);
    expect(wordsOfVectors({ ...info, operations: [] })).toBe('');
    vi.stubEnv('GRAFT_OPERATIONS', 'tensorflow');
    expect(wordsOfVectors({ ...info, operations: [] })).toBe(
      "; without Graft's operations, as GRAFT_OPERATIONS asks",
    );
    vi.stubEnv('GRAFT_INSTRUCTIONS', 'baseline');
    const few = { ...info, operations: OwnOperation.exclude(['bfloat16 activations']).options };
    if (process.arch === 'x64') {
      expect(wordsOfVectors(few)).toBe(
        '; these operations use what every processor has, as GRAFT_INSTRUCTIONS asks',
      );
    }
  });
});

it('a library that does not load is no secret of the trainer', () => {
  const said = "Graft's own operations do not load (invalid ELF header).";
  expect(checkOfEngine({ ...info, operations: [] }, null, said)).toMatchObject({
    ok: true,
    remedy: said,
  });
});
