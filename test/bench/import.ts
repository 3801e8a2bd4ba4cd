/**
 * Importing images with masks, as a folder and as COCO: the whole import (looking at all, reading, hashing, writing the
 * project), the largest pause in which the engine could answer nothing else, and the peak memory of the process.
 * usage: import.ts [--images 10000] [--format folder|coco]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { z } from 'zod';
import { cocoRegions } from '../../engine/data/export/coco-regions.ts';
import { labelsOfRegions } from '../../engine/data/export/labels.ts';
import { runImport } from '../../engine/data/import/import.ts';
import { createProject } from '../../engine/db/project.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { inFolder, picture } from './bench-project.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '10000' },
    format: { type: 'string', default: 'folder' },
  },
});
const format = z.enum(['folder', 'coco']).parse(flags.format);
const SIZE_PX = 64;
/** Pictures that are drawn; the others differ from one of them in a pixel. */
const DRAWN = 50;
const classes = [{ index: 1, name: 'disc', color: '#ffffff' }];

/** images/N.png with masks/N.png or instances.json. */
function writeImages(folder: string, count: number): string {
  mkdirSync(join(folder, 'images'), { recursive: true });
  mkdirSync(join(folder, 'masks'));
  const drawn = Array.from({ length: DRAWN }, (_, i) => {
    const { pixels, labelMap } = picture(i, SIZE_PX);
    const map = decodeLabelMap(labelMap);
    const mask = encode({ ...map, data: map.data.map((v) => 255 * v), channels: 1 });
    return {
      pixels,
      mask,
      regions: cocoRegions(labelsOfRegions(map, { hasBackground: true }), {
        name: 'bench',
        drawn: classes,
      }),
    };
  });
  const images: unknown[] = [];
  const annotations: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const of = drawn[i % DRAWN];
    if (of === undefined) continue;
    const data = of.pixels.slice();
    new DataView(data.buffer).setUint32(0, i);
    const png = encode({ width: SIZE_PX, height: SIZE_PX, data, channels: 3 });
    writeFileSync(join(folder, 'images', `${i}.png`), png);
    if (format === 'folder') writeFileSync(join(folder, 'masks', `${i}.png`), of.mask);
    images.push({ id: i + 1, file_name: `${i}.png`, width: SIZE_PX, height: SIZE_PX });
    for (const region of of.regions) {
      annotations.push({ id: annotations.length + 1, image_id: i + 1, ...region });
    }
  }
  if (format === 'folder') return folder;
  const json = join(folder, 'instances.json');
  const categories = [{ id: 1, name: 'disc' }];
  writeFileSync(json, JSON.stringify({ images, annotations, categories }));
  return json;
}

const largest = Number(flags.images);
const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  for (const count of [largest / 4, largest / 2, largest].map(Math.round)) {
    const path = writeImages(join(folder, String(count)), count);
    const project = createProject(join(folder, `${count}.graft`));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { ms, cpuMs } = await timed(async () => {
      const imported = await runImport(
        project,
        { format, path, imagesDir: null, mapping: null },
        { datasetName: 'bench', link: false },
      );
      if (imported.labelled !== count) throw new Error(`${imported.labelled} of ${count} labelled`);
    }, 1);
    delay.disable();
    project.close();
    found.push({
      format,
      images: count,
      'import ms': ms,
      'CPU ms': cpuMs,
      'ms an image': ms / count,
      'longest pause ms': delay.max / 1e6,
      'peak MB': process.resourceUsage().maxRSS / 1024,
    });
  }
  return found;
});
report('import', rows);
