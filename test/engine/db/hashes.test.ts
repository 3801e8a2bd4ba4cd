/** One bit of what is stored flips: whoever reads it is told, and check names it. Nothing else is hindered. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile } from '../../../engine/db/open.ts';
import { openProject, type Project } from '../../../engine/db/project.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { flip, LABELS, wholeProject } from '../../fixtures/whole-project.ts';

it.each([
  ['image_bytes.bytes', (p: Project) => p.datasets.imageBytes(2), /the original of 1\.png/],
  ['label_maps.bytes', (p: Project) => p.labelMaps.bytes(1), /label map 1 of 0\.png/],
  [
    'results.prediction',
    (p: Project) => p.runs.prediction(1, 2),
    /the prediction of 1\.png by run 1/,
  ],
  ['checkpoints.bytes', (p: Project) => p.runs.checkpoint(1, 'best'), /the best weights of run 1/],
  ['examples.png', (p: Project) => p.examples.ofRun(1), /a picture of run 1/],
  [
    'encoders.weights',
    (p: Project) => p.encoders.importedWeights(1),
    /the weights of encoder "theirs"/,
  ],
] as const)(
  'a flipped bit of %s is noticed by whoever reads it, and by check',
  (place, read, words) => {
    const path = wholeProject();
    const whole = openProject(path);
    expect(read(whole)).toBeDefined();
    expect([...whole.damage()]).toEqual([]);
    whole.close();
    const [table = '', column = ''] = place.split('.');
    flip(path, { table, column });
    const project = openProject(path);
    expect(() => read(project)).toThrow(words);
    expect([...project.damage()].map(({ what }) => what).join()).toMatch(words);
    // The library still lists what there is.
    expect(project.datasets.list()).toHaveLength(2);
    expect(Array.from(project.labelMaps.latestOf(1), ({ bytes }) => bytes === null)).toContain(
      table === 'label_maps',
    );
    project.close();
  },
);

it('what was stored before hashes were gets them when the project is opened', () => {
  const path = join(temporaryFolder(), 'old.graft');
  const old = createFile(path, {
    migrations: readMigrations().filter(({ version }) => version < 11),
  });
  old.sqlite.exec(`
    INSERT INTO datasets (id, name, created_at, origin) VALUES (1, 'd', '2026-01-01', '{}');
    INSERT INTO images (id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, created_at)
      VALUES (1, 1, 'a.png', 2, 1, 1, 8, 'h', '2026-01-01')`);
  old.sqlite
    .prepare(
      `INSERT INTO label_maps (image_id, author, created_at, bytes) VALUES (1, 'human', '2026-01-01', ?)`,
    )
    .run(LABELS);
  old.close();
  const project = openProject(path);
  expect(project.labelMaps.bytes(1)).toEqual(Buffer.from(LABELS));
  project.close();
  flip(path, { table: 'label_maps', column: 'bytes' });
  const again = openProject(path);
  expect(() => again.labelMaps.bytes(1)).toThrow(/label map 1 of a\.png/);
  again.close();
});
