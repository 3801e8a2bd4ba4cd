/**
 * Adding images with masks to a dataset that is there: looking at them, adding them, and taking them back; meanwhile label
 * maps are saved as Annotate does while somebody paints, and each save is timed. Pictures follow from their number (the
 * dataset's from 0 on, the added ones behind), so every run adds the same.
 * usage: addition.ts [--images 10000] [--added 1000] [--size 64]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { createEngine } from '../../engine/engine.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { painting } from './bench-painting.ts';
import { discsProject, inFolder, picture } from './bench-project.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '10000' },
    added: { type: 'string', default: '1000' },
    size: { type: 'string', default: '64' },
  },
});
const sizePx = Number(flags.size);

function writeAdded(folder: string): void {
  mkdirSync(join(folder, 'images'), { recursive: true });
  mkdirSync(join(folder, 'masks'));
  for (let i = 0; i < Number(flags.added); i++) {
    const { png, labelMap } = picture(Number(flags.images) + i, sizePx);
    const { data } = decodeLabelMap(labelMap);
    writeFileSync(join(folder, 'images', `new ${i}.png`), png);
    const mask = encode({ width: sizePx, height: sizePx, data, channels: 1 });
    writeFileSync(join(folder, 'masks', `new ${i}.png`), mask);
  }
}

const rows = await inFolder(async (folder) => {
  const path = join(folder, 'bench.graft');
  const { project, datasetId } = discsProject(path, { images: Number(flags.images), sizePx });
  project.close();
  const added = join(folder, 'added');
  writeAdded(added);
  const engine = createEngine({ engine: 'auto' });
  await engine.call('project.open', { path });
  const source = { project: path, datasetId, format: 'auto', path: added } as const;
  const found: Row[] = [];
  const add = async (what: string, work: () => Promise<unknown>) => {
    found.push({ what, ...(await painting(engine, path, work)) });
  };
  await add('saving alone', () => sleep(3000));
  await add('looking', () => engine.call('additions.preview', source));
  await add('adding', async () => {
    const { images, issues } = await engine.call('additions.add', source);
    if (images !== Number(flags.added)) throw new Error(`${images}: ${JSON.stringify(issues)}`);
  });
  const [last] = await engine.call('additions.list', { project: path, datasetId });
  await add('taking back', () =>
    engine.call('additions.undo', { project: path, additionId: last?.id ?? 0 }),
  );
  await engine.close();
  return found;
});
report('addition', rows);
