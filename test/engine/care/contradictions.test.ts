/** What a project says and its own bytes contradict: each is named, and put right where that can be. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { encode } from 'fast-png';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createProject } from '../../../engine/db/project.ts';
import { createEngine } from '../../../engine/engine.ts';
import type { Changes } from '../../../shared/events.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { hurtDecoders, hurtfulImage } from '../../fixtures/hurtful-image.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

it('check names each, repair puts right what it can, and nothing is left but what waits for a person', async () => {
  hurtDecoders();
  const folder = temporaryFolder();
  const path = join(folder, 'theirs.graft');
  const project = createProject(path);
  const datasetId = addDataset(project, 'cells', { count: 7 });
  const png = (bytes: Uint8Array, widthPx: number) => ({
    ...{ datasetId, widthPx, heightPx: widthPx, channels: 1, bitDepth: 8 as const, page: 0 },
    hash: createHash('sha256').update(bytes).digest('hex'),
    ...{ groupName: null, imageClass: null, source: { bytes } },
  });
  project.datasets.addImage({
    ...png(hurtfulImage({ width: 8, height: 8 }), 8),
    name: 'hurts.png',
  });
  const stack = encode({ width: 3, height: 3, channels: 1, data: new Uint8Array(9) });
  project.datasets.addImage({ ...png(stack, 3), name: 'binned.png' });
  project.close();
  const raw = new Database(path);
  raw.exec(`
    UPDATE images SET width_px = 32768, height_px = 32768 WHERE name = '0.png';
    UPDATE images SET channels = 3 WHERE name = '1.png';
    UPDATE images SET name = '../../up.png' WHERE name = '2.png';
    UPDATE images SET name = 'C:\\up.png' WHERE name = '3.png';
    UPDATE images SET link_path = '/dev/zero' WHERE name = '4.png';
    DELETE FROM image_bytes WHERE image_id = (SELECT id FROM images WHERE name = '4.png');
    UPDATE images SET deleted_at = '2026-01-01', name = '/etc/binned.png' WHERE name = 'binned.png';
    DELETE FROM label_maps WHERE image_id = (SELECT id FROM images WHERE name = '0.png')`);
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([9, 1]) });
  raw
    .prepare(
      `INSERT INTO label_maps (image_id, author, created_at, bytes, sha256)
         SELECT id, 'human', '2026-01-01', ?, ? FROM images WHERE name = '5.png'`,
    )
    .run(bytes, createHash('sha256').update(bytes).digest('hex'));
  raw.close();
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());

  const waits = [
    /^The labels of 5\.png hold the value 9, which is no class of "cells".*Add the class/,
    /^the original of hurts\.png is as it was stored, but cannot be read: .*ended the process.*graft images exclude/,
    /^Image 4\.png is a link, and .*(is a device|no such file|cannot be)/i,
  ];
  const found = [
    ...waits,
    /^image 0\.png is stored as 32768×32768 px, 1 channel.*its file says 2×1 px, 1 channel/,
    /^image 1\.png is stored as 2×1 px, 3 channel.*its file says 2×1 px, 1 channel/,
    /^the image name "\.\.\/\.\.\/up\.png" leads out of its folder/,
    /^the image name "C:.*up\.png" begins at the root of a disk/,
    /^the image name "\/etc\/binned\.png" begins at the root of a disk/,
  ];
  const { ok, damaged } = await engine.call('project.check', { project: path });
  const unnamed = (words: readonly RegExp[], lines: readonly string[]) =>
    words.filter((one) => !lines.some((line) => one.test(line))).map(String);
  expect([ok, unnamed(found, damaged), damaged.length]).toEqual([false, [], found.length]);

  const { repaired, lost, copy } = await engine.call('project.repair', { project: path });
  expect(copy).toBeNull();
  expect([...repaired].sort()).toEqual([
    '0.png is 2×1 px, 1 channel of 8 bits, as its file says',
    '1.png is 2×1 px, 1 channel of 8 bits, as its file says',
    'the image "../../up.png" is called up.png now',
    'the image "/etc/binned.png" is called binned.png now',
    expect.stringMatching(/^the image "C:.*up\.png" is called up \(2\)\.png now$/),
  ]);
  expect([unnamed(waits, lost), lost.length]).toEqual([[], waits.length]);
  const after = await engine.call('project.check', { project: path });
  expect([after.ok, unnamed(waits, after.damaged), after.damaged.length]).toEqual([
    ...[false, [], waits.length],
  ]);
});

it('who shows a project that is repaired hears of every image that is other than before, of each dataset', async () => {
  const path = join(temporaryFolder(), 'shown.graft');
  const project = createProject(path);
  const cells = addDataset(project, 'cells', { count: 2 });
  const tissue = addDataset(project, 'tissue', { count: 2 });
  project.close();
  const backups = createEngine({ engine: 'wasm' });
  await backups.call('project.open', { path });
  await backups.call('project.backup', { project: path });
  await backups.close();
  const raw = new Database(path);
  raw.exec(`
    UPDATE images SET name = '../up.png' WHERE name = '1.png' AND dataset_id = ${cells};
    UPDATE images SET channels = 3 WHERE name = '0.png' AND dataset_id = ${tissue};
    UPDATE image_bytes SET bytes = x'00' WHERE image_id =
      (SELECT id FROM images WHERE name = '1.png' AND dataset_id = ${tissue});`);
  raw.close();
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  await engine.call('project.open', { path });
  const idsOf = (datasetId: number) =>
    engine
      .project(path)
      .db.datasets.images(datasetId)
      .map(({ id }) => id);
  const heard: Changes[] = [];
  engine.subscribe((event) => {
    if (event.type === 'changed' && event.project === path) heard.push(event.changes);
  });
  const { lost } = await engine.call('project.repair', { project: path });
  expect(lost).toEqual([]);
  const inOrder = (ids: readonly number[] = []) => ids.toSorted((a, b) => a - b);
  expect(
    heard.map(({ images, datasets }) => [images?.datasetId, inOrder(images?.updated), datasets]),
  ).toEqual([
    [cells, idsOf(cells).slice(1), { updated: [cells] }],
    [tissue, idsOf(tissue), { updated: [tissue] }],
  ]);
});

it('a process for originals that cannot start is told as that, and not as damage', async () => {
  const path = join(temporaryFolder(), 'p.graft');
  const project = createProject(path);
  addDataset(project, 'cells', { count: 1 });
  project.close();
  vi.stubEnv('NODE_OPTIONS', `--import=${new URL('nowhere.mjs', import.meta.url).href}`);
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(async () => {
    await engine.close();
    vi.unstubAllEnvs();
  });
  await expect(engine.call('project.check', { project: path })).rejects.toThrow(/could not start/);
});
