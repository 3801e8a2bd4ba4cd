/**
 * Compacting a project half of which was deleted, in place and by rewriting it as a file of an older Graft is, and a
 * backup of it; meanwhile label maps are saved as Annotate does while somebody paints, and each save is timed.
 * usage: compact.ts [--mb 1000]
 */
import { randomFillSync } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createProject } from '../../engine/db/project.ts';
import { rewriteProject } from '../../engine/care/rewrite.ts';
import { createEngine } from '../../engine/engine.ts';
import { painting } from './bench-painting.ts';
import { addPicture, emptyDataset, inFolder, picture } from './bench-project.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({ options: { mb: { type: 'string', default: '1000' } } });
const ORIGINAL_BYTES = 2 ** 20;
const SIZE_PX = 1024;

function fill(path: string): void {
  const project = createProject(path);
  const [stays, goes] = [emptyDataset(project, 'stays'), emptyDataset(project, 'goes')];
  const { labelMap } = picture(1, SIZE_PX);
  const png = new Uint8Array(ORIGINAL_BYTES);
  for (let i = 0; i < Number(flags.mb); i++) {
    randomFillSync(png);
    // One after the other, so that what stays lies at the end as well.
    addPicture(project, i % 2 === 0 ? goes : stays, {
      name: `${i}.png`,
      sizePx: SIZE_PX,
      picture: { png, labelMap },
    });
  }
  project.datasets.delete(goes);
  project.close();
}

const rows = await inFolder(async (folder) => {
  const path = join(folder, 'bench.graft');
  fill(path);
  const engine = createEngine({ engine: 'auto' });
  await engine.call('project.open', { path });
  const found: Row[] = [];
  const add = async (what: string, work: () => Promise<unknown>) => {
    const before = statSync(path).size;
    const row = await painting(engine, path, work);
    found.push({ what, ...row, 'MB before': before / 1e6, 'MB after': statSync(path).size / 1e6 });
  };
  await add('saving alone', () => sleep(3000));
  await add('backup', () => engine.call('project.backup', { project: path }));
  await add('compacting in place', () => engine.call('project.compact', { project: path }));
  const { signal } = new AbortController();
  await add('rewriting', () =>
    engine.projects.replace(path, () =>
      rewriteProject(path, { bytes: statSync(path).size, signal, onProgress: () => undefined }),
    ),
  );
  await engine.close();
  return found;
});
report('compact', rows);
