/**
 * The crossed bootstrap of a study's cell, drawing of the resamples included, beside numpy doing the same: weights by
 * multinomial draws, means by a matrix product.
 * usage: bootstrap.ts [--seeds 10] [--images 500] [--python python3]   (needs numpy; --python '' leaves it out)
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createBootstrap } from '../../engine/study/statistics/bootstrap.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row, runPeer, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    images: { type: 'string', default: '500' },
    python: { type: 'string', default: 'python3' },
  },
});
const seeds = Number(flags.seeds);
const Peer = z.object({ first_ms: z.number(), next_ms: z.number() });

const rows: Row[] = [];
for (const factor of [1, 2, 4]) {
  const images = Number(flags.images) * factor;
  const random = createRandom(0, 'bench bootstrap', images);
  const values = Float64Array.from({ length: seeds * images }, () => random.normal());
  const first = await timed(() => createBootstrap(1)(values, seeds, images));
  const bootstrap = createBootstrap(1);
  bootstrap(values, seeds, images);
  const next = await timed(() => bootstrap(values, seeds, images), 5);
  const peer =
    flags.python === ''
      ? null
      : Peer.parse(runPeer(flags.python, 'bootstrap.py', [String(seeds), String(images)]));
  rows.push({
    seeds,
    images,
    'first cell ms': first.ms,
    'numpy first ms': peer?.first_ms ?? 'left out',
    'next cell ms': next.ms,
    'numpy next ms': peer?.next_ms ?? 'left out',
  });
}
report('crossed bootstrap, 10,000 resamples', rows);
