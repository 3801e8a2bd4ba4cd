/** Snapshots of before classes were pinned: they take what their datasets say when the project is opened. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pinnedDataset } from '../../../engine/data/pinned-dataset.ts';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile } from '../../../engine/db/open.ts';
import { openProject } from '../../../engine/db/project.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

it('a snapshot of before keeps what class 0 was, and how many classes there were', () => {
  const path = join(temporaryFolder(), 'old.graft');
  const old = createFile(path, {
    migrations: readMigrations().filter(({ version }) => version < 10),
  });
  old.sqlite.exec(`
    INSERT INTO datasets (id, name, created_at, origin, has_background)
      VALUES (1, 'cells', '2026-01-01', '{}', 1), (2, 'streets', '2026-01-01', '{}', 0), (3, 'none', '2026-01-01', '{}', 1);
    INSERT INTO classes (dataset_id, idx, name, color)
      VALUES (1, 0, 'background', '#000000'), (1, 1, 'cell', '#ff0000'),
             (2, 0, 'sky', '#0000ff'), (2, 1, 'building', '#ff0000'), (2, 2, 'road', '#00ff00');
    INSERT INTO snapshots (id, dataset_id, created_at, hash)
      VALUES (1, 1, '2026-01-01', 'a'), (2, 2, '2026-01-01', 'b'), (3, 3, '2026-01-01', 'c')`);
  old.close();
  const project = openProject(path);
  project.datasets.setBackground(2, true);
  project.datasets.setClasses(1, [
    { index: 0, name: 'ground', color: '#000000' },
    { index: 1, name: 'cell', color: '#ff0000' },
    { index: 2, name: 'debris', color: '#00ff00' },
  ]);
  const cells = pinnedDataset(project, 1);
  expect(cells?.hasBackground).toBe(true);
  // Names are of now, the number of classes of then.
  expect(cells?.classes.map(({ name }) => name)).toEqual(['ground', 'cell']);
  const streets = pinnedDataset(project, 2);
  expect(streets?.hasBackground).toBe(false);
  expect(streets?.classes).toHaveLength(3);
  expect(pinnedDataset(project, 3)?.classes).toEqual([]);
  expect(pinnedDataset(project, 4)).toBeUndefined();
  project.close();
});
