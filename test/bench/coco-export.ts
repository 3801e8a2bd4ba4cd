/**
 * Objects of label maps as COCO annotations: connected regions, run lengths, area and box, compressed counts; beside
 * pycocotools on the same objects, which takes each of them as a mask of its own (finding the objects is not timed there).
 * Then a whole export of a dataset, files and JSON included.
 * usage: coco-export.ts [--objects 100000] [--python python3]   (needs numpy, scipy and pycocotools; --python '' leaves it out)
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { cocoRegions } from '../../engine/data/export/coco-regions.ts';
import { labelsOfRegions } from '../../engine/data/export/labels.ts';
import { exportDataset } from '../../engine/data/export/export.ts';
import { createProject } from '../../engine/db/project.ts';
import { encodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';
import { addPicture, emptyDataset, inFolder, picture } from './bench-project.ts';
import { report, type Row, runPeer, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    objects: { type: 'string', default: '100000' },
    python: { type: 'string', default: 'python3' },
  },
});
const SIDE_PX = 256;
/** One in each square of 32 px: 64 objects a map. */
const CELL_PX = 32;
const OBJECTS_A_MAP = (SIDE_PX / CELL_PX) ** 2;

/** An ellipse in every square, none touching another. */
function objects(index: number): LabelMap {
  const random = createRandom(index, 'bench objects');
  const data = new Uint8Array(SIDE_PX * SIDE_PX);
  for (let top = 0; top < SIDE_PX; top += CELL_PX) {
    for (let left = 0; left < SIDE_PX; left += CELL_PX) {
      const [a, b] = [random.uniform(5, 14), random.uniform(5, 14)];
      for (let y = -14; y <= 14; y++) {
        for (let x = -14; x <= 14; x++) {
          if ((x / a) ** 2 + (y / b) ** 2 > 1) continue;
          data[(top + 16 + y) * SIDE_PX + left + 16 + x] = 1;
        }
      }
    }
  }
  return { width: SIDE_PX, height: SIDE_PX, data };
}

const Peer = z.object({ ms: z.number(), objects: z.number(), sha256: z.string() });
const maps = Math.ceil(Number(flags.objects) / OBJECTS_A_MAP);
const classes = [{ index: 1, name: 'object', color: '#ffffff' }];

const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  for (const count of [maps / 4, maps / 2, maps].map(Math.ceil)) {
    const own = Array.from({ length: count }, (_, i) => objects(i));
    let counts: string[] = [];
    const { ms, cpuMs } = await timed(() => {
      counts = own.flatMap((map) =>
        cocoRegions(labelsOfRegions(map, { hasBackground: true }), {
          name: 'bench',
          drawn: classes,
        }).map((region) => region.segmentation.counts),
      );
    }, 2);
    const raw = join(folder, 'maps.raw');
    writeFileSync(raw, Buffer.concat(own.map((map) => map.data)));
    const peer =
      flags.python === ''
        ? null
        : Peer.parse(runPeer(flags.python, 'coco_encode.py', [raw, String(SIDE_PX)]));
    const sha256 = createHash('sha256').update(counts.toSorted().join('\n')).digest('hex');
    if (peer !== null && (peer.objects !== counts.length || peer.sha256 !== sha256)) {
      throw new Error('pycocotools found other objects, or encodes them otherwise');
    }
    const project = createProject(join(folder, `${count}.graft`));
    const datasetId = emptyDataset(project, 'objects');
    own.forEach((map, i) => {
      const { png } = picture(i, 64);
      const labelMap = encodeLabelMap(map);
      addPicture(project, datasetId, {
        name: `${i}.png`,
        sizePx: SIDE_PX,
        picture: { png, labelMap },
      });
    });
    let n = 0;
    const whole = await timed(
      () =>
        exportDataset(project, datasetId, {
          format: 'coco',
          dir: join(folder, `out ${count} ${n++}`),
        }),
      2,
    );
    project.close();
    found.push({
      objects: counts.length,
      'regions ms': ms,
      'CPU ms': cpuMs,
      'pycocotools ms': peer?.ms ?? 'left out',
      'times pycocotools': peer === null ? '' : peer.ms / ms,
      'whole export ms': whole.ms,
    });
  }
  return found;
});
report('COCO export', rows);
