/**
 * Objects of a large image, measured here and by scikit-image's regionprops_table in the same run: the same numbers, and how
 * long each takes.
 *
 * node build/run.mjs test/bench/measure-objects.ts [--side 4096] [--objects 10000] [--python PYTHON with scikit-image]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureObjects } from '../../shared/objects/measure/measure-objects.ts';
import { encodeObjectMap } from '../../shared/objects/object-map.ts';
import { createRandom } from '../../shared/random.ts';
import { report, runPeer, timed } from './measure.ts';

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: '4096' },
    objects: { type: 'string', default: '10000' },
    python: { type: 'string', default: 'python3' },
  },
});
const side = Number(values.side);
const wanted = Number(values.objects);

/** Ellipses of all sizes and turns in the cells of a grid, so that they touch but do not hide one another. */
function scene() {
  const random = createRandom(19, 'measure-objects');
  const data = new Uint32Array(side * side);
  const image = new Uint16Array(side * side);
  for (let i = 0; i < image.length; i++) image[i] = Math.floor(random.next() * 4096);
  const cells = Math.ceil(Math.sqrt(wanted));
  const cell = side / cells;
  for (let k = 0; k < wanted; k++) {
    const cx = ((k % cells) + 0.5) * cell;
    const cy = (Math.floor(k / cells) + 0.5) * cell;
    const a = cell * (0.2 + 0.32 * random.next());
    const b = a * (0.4 + 0.6 * random.next());
    const turn = Math.PI * random.next();
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    for (let y = Math.max(0, Math.floor(cy - a)); y <= Math.min(side - 1, cy + a); y++) {
      for (let x = Math.max(0, Math.floor(cx - a)); x <= Math.min(side - 1, cx + a); x++) {
        const u = ((x - cx) * cos + (y - cy) * sin) / a;
        const v = ((y - cy) * cos - (x - cx) * sin) / b;
        if (u * u + v * v > 1) continue;
        data[y * side + x] = k + 1;
        image[y * side + x] = 8000 + Math.floor(random.next() * 30_000);
      }
    }
  }
  return { data, image };
}

const { data, image } = scene();
const objects = { width: side, height: side, data };
const classes = { width: side, height: side, data: Uint8Array.from(data, (n) => Math.min(n, 1)) };
let table = new Map<string, Float64Array>() as ReadonlyMap<string, Float64Array>;
let count = 0;
const own = await timed(() => {
  const measuring = measureObjects({ objects, classes }, { channels: 1 });
  measuring.addRows(image, 0);
  const found = measuring.result();
  table = found.columns;
  count = found.labels.length;
});
const peakMb = process.resourceUsage().maxRSS / 1024;

const folder = mkdtempSync(join(tmpdir(), 'graft-measure-'));
const file = (name: string) => join(folder, name);
writeFileSync(file('labels.raw'), new Uint8Array(data.buffer));
writeFileSync(file('image.raw'), new Uint8Array(image.buffer));
const size = String(side);
const args = [file('labels.raw'), file('image.raw'), size, size, file('table.json')];
const peer = z
  .object({ seconds: z.number(), version: z.string(), peakMb: z.number() })
  .parse(runPeer(values.python, 'regionprops.py', args));
const theirs = z
  .record(z.string(), z.array(z.number()))
  .parse(JSON.parse(readFileSync(file('table.json'), 'utf8')));
rmSync(folder, { recursive: true });

/** Largest difference of a column, relative to the value where that is beyond 1. */
const worst = Object.entries(theirs)
  .filter(([name]) => name !== 'label')
  .map(([name, column]) => {
    const mine = table.get(name) ?? new Float64Array(column.length).fill(NaN);
    const differences = column.map((value, i) => {
      const away = Math.abs(value - (mine[i] ?? NaN));
      // Upside down is the same way.
      const turned = name === 'orientation' ? Math.min(away, Math.abs(Math.PI - away)) : away;
      return turned / Math.max(1, Math.abs(value));
    });
    return { name, difference: Math.max(...differences) };
  })
  .toSorted((a, b) => b.difference - a.difference);
const [first] = worst;
console.log(
  `${count} objects of ${side}²; ${worst.length} columns, the largest difference ${String(first?.difference)} (${first?.name ?? ''})`,
);
report('objects measured, seconds and MB', [
  {
    what: 'Graft',
    seconds: own.ms / 1000,
    cpuSeconds: own.cpuMs / 1000,
    peakMb,
    objectMapBytes: encodeObjectMap(objects).length,
  },
  { what: `scikit-image ${peer.version}`, seconds: peer.seconds, peakMb: peer.peakMb },
]);
