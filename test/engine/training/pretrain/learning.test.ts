import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PRETRAINING_TASKS } from '../../../../shared/entities.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { channelsFor, learnedByHeart, lossesOf } from './few-images.ts';

const engine = await nativeEngineOrSkip();

/**
 * What a task must come down to. At three seeds, with oneDNN's kernels and with Eigen's, the worst was .30
 * (segmentation) and most were below .1, so a processor's rounding does not decide.
 */
const LEARNED = 0.5;

describe.each(PRETRAINING_TASKS)('%s', (task) => {
  it.each([1, 2])('learns four images by heart from seed %i', async (seed) => {
    expect(await learnedByHeart(task, { engine, seed })).toBeLessThan(LEARNED);
  });

  it('gives the same losses traced and eager, whatever the channels', async () => {
    for (const channels of channelsFor(task)) {
      const setting = { steps: 2, channels, base: 8, sizePx: 16 };
      const traced = await lossesOf(task, { engine, ...setting });
      const eager = await lossesOf(task, { engine: { ...engine, traced: false }, ...setting });
      eager.forEach((loss, i) => expect(loss).toBeCloseTo(traced[i] ?? NaN, 5));
    }
  });
});

it('is learned with the other kernels, too', async () => {
  const script = join(import.meta.dirname, 'learn-by-heart.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, 'segmentation', 'simclr', 'conrec'],
    {
      env: { ...process.env, TF_ENABLE_ONEDNN_OPTS: engine.info.kernels === 'onednn' ? '0' : '1' },
    },
  );
  const shares = z.array(z.number()).parse(JSON.parse(stdout.slice(stdout.indexOf('['))));
  expect(shares).toHaveLength(3);
  for (const share of shares) expect(share).toBeLessThan(LEARNED);
});
