/**
 * Pictures of the grid: drawn from the original for the first time, with labels laid over it, and from the memory
 * afterwards; by the megapixels of the original.
 * usage: thumbnails.ts [--side 2048] [--images 8]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createThumbnails } from '../../engine/server/thumbnails.ts';
import { discsProject, inFolder } from './bench-project.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: { side: { type: 'string', default: '2048' }, images: { type: 'string', default: '8' } },
});
const largest = Number(flags.side);
const count = Number(flags.images);

const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  // 1, 2 and 4 times the pixels.
  for (const side of [largest / 2, largest / Math.SQRT2, largest].map(Math.round)) {
    const path = join(folder, `${side}.graft`);
    const { project, datasetId } = discsProject(path, { images: count, sizePx: side });
    const images = project.datasets.images(datasetId);
    const draw = (thumbnails: ReturnType<typeof createThumbnails>, withLabels: boolean) =>
      Promise.all(
        images.map((image) =>
          thumbnails.png(project, { image, maxSidePx: 160, withLabels }, () => true),
        ),
      );
    const plain = await timed(() => draw(createThumbnails(), false), 2);
    const labelled = await timed(() => draw(createThumbnails(), true), 2);
    const kept = createThumbnails();
    await draw(kept, false);
    const again = await timed(() => draw(kept, false));
    project.close();
    found.push({
      megapixels: side ** 2 / 1e6,
      'first ms': plain.ms / count,
      'CPU ms': plain.cpuMs / count,
      'with labels ms': labelled.ms / count,
      'with labels CPU ms': labelled.cpuMs / count,
      'again ms': again.ms / count,
    });
  }
  return found;
});
report('thumbnails, each', rows);
