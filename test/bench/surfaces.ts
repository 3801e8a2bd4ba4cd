/**
 * All scores of a predicted label map against the truth (Dice, IoU, HD95, boundary-F1) by megapixel, beside scipy on the
 * same maps (binary_erosion and distance_transform_edt).
 * usage: surfaces.ts [--side 2048] [--python python3]   (needs numpy and scipy; --python '' leaves it out)
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { scoreImage } from '../../engine/training/scoring/metrics.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';
import { inFolder } from './bench-project.ts';
import { report, type Row, runPeer, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    side: { type: 'string', default: '2048' },
    python: { type: 'string', default: 'python3' },
  },
});

/** Discs of all sizes; `shift` moves them by some pixels, as a prediction differs from the truth. */
function discs(side: number, shift: number): LabelMap {
  const random = createRandom(side, 'bench surfaces');
  const data = new Uint8Array(side * side);
  for (let n = 0; n < side / 8; n++) {
    const [cx, cy] = [random.below(side) + random.below(shift + 1), random.below(side)];
    const radius = 4 + random.below(Math.ceil(side / 32));
    for (let y = Math.max(0, cy - radius); y < Math.min(side, cy + radius); y++) {
      for (let x = Math.max(0, cx - radius); x < Math.min(side, cx + radius); x++) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2) data[y * side + x] = 1;
      }
    }
  }
  return { width: side, height: side, data };
}

const Peer = z.object({ ms: z.number(), hd95: z.number(), boundaryF1: z.number() });
const BINARY = { count: 2, scored: [1] };
const largest = Number(flags.side);
const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  // 1, 2 and 4 times the pixels.
  for (const side of [largest / 2, largest / Math.SQRT2, largest].map(Math.round)) {
    const [prediction, truth] = [discs(side, 3), discs(side, 0)];
    let scores = scoreImage(prediction, truth, BINARY);
    const { ms, cpuMs } = await timed(() => (scores = scoreImage(prediction, truth, BINARY)), 5);
    const raw = join(folder, 'maps.raw');
    writeFileSync(raw, Buffer.concat([prediction.data, truth.data]));
    const peer =
      flags.python === ''
        ? null
        : Peer.parse(runPeer(flags.python, 'surface_distance.py', [raw, String(side)]));
    if (
      peer !== null &&
      (Math.abs(peer.hd95 - (scores.hd95 ?? NaN)) > 1e-9 ||
        Math.abs(peer.boundaryF1 - (scores.boundaryF1 ?? NaN)) > 1e-9)
    ) {
      throw new Error(`scipy finds ${JSON.stringify(peer)}, Graft ${JSON.stringify(scores)}`);
    }
    const megapixels = side ** 2 / 1e6;
    found.push({
      megapixels,
      ms,
      'CPU ms': cpuMs,
      'ms a megapixel': ms / megapixels,
      'scipy ms': peer?.ms ?? 'left out',
      'times scipy': peer === null ? '' : peer.ms / ms,
    });
  }
  return found;
});
report('HD95 and boundary-F1', rows);
