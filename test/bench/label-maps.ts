/**
 * A label map between the canvas, its code and the project: encoding, decoding, saving a revision and reading it back.
 * usage: label-maps.ts [--side 4096]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readLabelMap } from '../../engine/data/image-source.ts';
import { createProject } from '../../engine/db/project.ts';
import { decodeLabelMap, encodeLabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';
import { addPicture, emptyDataset, inFolder, picture } from './bench-project.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({ options: { side: { type: 'string', default: '4096' } } });
const largest = Number(flags.side);

/** Discs, or noise: many runs of one pixel, the code's worst case. */
function labels(side: number, kind: 'discs' | 'noise'): Uint8Array {
  if (kind === 'discs') return decodeLabelMap(picture(1, side, 60).labelMap).data;
  const random = createRandom(side, 'bench label map');
  return Uint8Array.from({ length: side * side }, () => random.below(3));
}

const rows = await inFolder(async (folder) => {
  const project = createProject(join(folder, 'bench.graft'));
  const datasetId = emptyDataset(project, 'maps');
  const found: Row[] = [];
  for (const kind of ['discs', 'noise'] as const) {
    // 1, 2 and 4 times the pixels.
    for (const side of [largest / 2, largest / Math.SQRT2, largest].map(Math.round)) {
      const map = { width: side, height: side, data: labels(side, kind) };
      const code = encodeLabelMap(map);
      const imageId = addPicture(project, datasetId, {
        name: `${kind} ${side}.png`,
        sizePx: side,
        picture: { png: new Uint8Array([side & 255, side >> 8, kind.length]), labelMap: code },
      });
      let labelMapId = 0;
      const encode = await timed(() => encodeLabelMap(map));
      const decode = await timed(() => decodeLabelMap(code));
      const save = await timed(() => {
        labelMapId = project.labelMaps.add({ imageId, author: 'human', bytes: code });
      });
      const read = await timed(() => readLabelMap(project, labelMapId));
      found.push({
        labels: kind,
        megapixels: side ** 2 / 1e6,
        'encode ms': encode.ms,
        'decode ms': decode.ms,
        'code kB': code.length / 1000,
        'save ms': save.ms,
        'read ms': read.ms,
      });
    }
  }
  project.close();
  return found;
});
report('label maps', rows);
