/** Strokes wait for the disk, so that a power cut takes none of them; what a training can compute again does not. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile, withoutWaiting } from '../../../engine/db/open.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

/** SQLite's numbers: 1 writes the log in order, 2 also waits until each commit has reached the disk. */
const [NORMAL, FULL] = [1, 2];

it('waits for the disk, but not for what can be computed again', () => {
  const path = join(temporaryFolder(), 'p.graft');
  const file = createFile(path, { migrations: readMigrations() });
  const { sqlite } = file;
  const waiting = () => sqlite.pragma('synchronous', { simple: true });
  expect(waiting()).toBe(FULL);
  expect(withoutWaiting(sqlite, waiting)).toBe(NORMAL);
  expect(waiting()).toBe(FULL);
  expect(() =>
    withoutWaiting(sqlite, () => {
      throw new Error('not stored');
    }),
  ).toThrow('not stored');
  expect(waiting()).toBe(FULL);
  file.close();
});
