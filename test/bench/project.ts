/**
 * Opening a large project: the file itself (ownership, integrity check), the list of its images as the window asks for
 * it, a backup as migrations make one, and the bytes of it all.
 * usage: project.ts [--images 20000] [--kb 40]   (kilobytes of an original)
 */
import { randomFillSync } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MAX_IMAGES_A_PAGE } from '../../shared/api.ts';
import { createProject, openProject } from '../../engine/db/project.ts';
import { createEngine } from '../../engine/engine.ts';
import { addPicture, emptyDataset, inFolder, picture } from './bench-project.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '20000' },
    kb: { type: 'string', default: '40' },
  },
});
const largest = Number(flags.images);

function fill(path: string, count: number): number {
  const project = createProject(path);
  const datasetId = emptyDataset(project, 'bench');
  const { labelMap } = picture(1, 256);
  const png = new Uint8Array(1000 * Number(flags.kb));
  project.transaction(() => {
    for (let i = 0; i < count; i++) {
      randomFillSync(png, 0, 64);
      addPicture(project, datasetId, {
        name: `${i}.png`,
        sizePx: 256,
        picture: { png, labelMap },
      });
    }
  });
  project.close();
  return datasetId;
}

const rows = await inFolder(async (folder) => {
  const found: Row[] = [];
  for (const count of [largest / 4, largest / 2, largest].map(Math.round)) {
    const path = join(folder, `${count}.graft`);
    const datasetId = fill(path, count);
    const open = await timed(() => openProject(path).close());
    const engine = createEngine({ engine: 'auto' });
    await engine.call('project.open', { path });
    const page = await timed(() =>
      engine.call('images.list', {
        project: path,
        datasetId,
        offset: Math.max(0, count - 500),
        limit: 500,
      }),
    );
    const all = await timed(async () => {
      for (let offset = 0; offset < count; offset += MAX_IMAGES_A_PAGE) {
        const asked = { project: path, datasetId, offset, limit: MAX_IMAGES_A_PAGE };
        const { images } = await engine.call('images.list', asked);
        JSON.stringify(images);
      }
    });
    const labels = await timed(() => engine.call('images.labels', { project: path, datasetId }));
    await engine.close();
    const project = openProject(path);
    const backup = await timed(() => project.copyTo(join(folder, `copy ${count}`)), 1);
    project.close();
    found.push({
      images: count,
      'file MB': statSync(path).size / 1e6,
      'open ms': open.ms,
      'last 500 of images.list ms': page.ms,
      'all of images.list as JSON ms': all.ms,
      'images.labels ms': labels.ms,
      'backup ms': backup.ms,
    });
  }
  return found;
});
report('project', rows);
