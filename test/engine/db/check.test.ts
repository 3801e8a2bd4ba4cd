import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import {
  createProject,
  openProject,
  openProjectReadonly,
  type Project,
} from '../../../engine/db/project.ts';
import { DamageError } from '../../../engine/db/open.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { AppError } from '../../../shared/errors.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

/** A project with a dataset, a study and the weights of its first run, in which `sql` has been run behind Graft's back. */
function damaged(sql: string): string {
  const path = join(temporaryFolder(), 'cells.graft');
  const project = createProject(path);
  const source = addDataset(project, 'cells', { count: 12 });
  createStudy(project, smallStudy({ source, target: addDataset(project, 'more', { count: 12 }) }));
  project.runs.saveCheckpoint(1, 'best', 1, new Uint8Array([1, 2, 3]));
  project.close();
  const raw = new Database(path);
  raw.pragma('foreign_keys = OFF');
  // As bits flip: nothing in the file is asked.
  const trigger = raw
    .prepare<[], { sql: string }>(
      `SELECT sql FROM sqlite_schema WHERE name = 'label_maps_are_immutable'`,
    )
    .get();
  raw.exec(`DROP TRIGGER label_maps_are_immutable; ${sql}; ${trigger?.sql ?? ''}`);
  raw.close();
  return path;
}

function errorOf(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

function check(path: string): void {
  const project = openProject(path);
  try {
    const found = [...project.damage()].map(({ what }) => what);
    if (found.length > 0) throw new DamageError(path, found.join('; '));
  } finally {
    project.close();
  }
}

it('finds nothing in a project that is whole', () => {
  expect(() => check(damaged('SELECT 1'))).not.toThrow();
});

it.each([
  ['DELETE FROM image_bytes WHERE image_id = 2', /the original of 1\.png in "cells" is gone/],
  [
    `UPDATE image_bytes SET bytes = x'00' WHERE image_id = 3`,
    /damaged \(the original of 2\.png in/,
  ],
  [`UPDATE checkpoints SET bytes = x'010204'`, /the best weights of run 1/],
  [`UPDATE label_maps SET bytes = x'00' WHERE id = 1`, /label map 1 of 0\.png/],
  [
    `INSERT INTO results (run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, prediction)
       VALUES (1, 2, 'best', 1, 1, 0, 1, x'00')`,
    /the prediction of 1\.png by run 1/,
  ],
  ['DELETE FROM label_maps WHERE id = 1', /\d of snapshot_items without their label_maps/],
  [`UPDATE runs SET config = '{'`, /\d+ of runs whose config cannot be read/],
  [`UPDATE runs SET config = '{}'`, /run 1 cannot be read: config/],
])('names what %s has damaged', (sql, words) => {
  const path = damaged(sql);
  const { code, subject, message } = errorOf(() => check(path));
  expect({ code, subject }).toEqual({ code: 'corrupt', subject: path });
  expect(message).toMatch(words);
});

it.each([
  ['DROP TABLE encoders', /the table encoders is gone/],
  ['DROP INDEX images_by_hash', /the index images_by_hash is gone/],
  ['ALTER TABLE results DROP COLUMN uncertainty', /the table results has lost its uncertainty/],
])('a project is refused as damaged, and let go of, after %s', (sql, words) => {
  const path = damaged(sql);
  // The first refusal leaves no lock behind: the second is the same.
  for (const open of [openProject, openProject, openProjectReadonly]) {
    const { code, message } = errorOf(() => open(path));
    expect(code).toBe('corrupt');
    expect(message).toMatch(/damaged.*backup/);
    expect(message).toMatch(words);
  }
});

it.each([
  [
    'studies SET config',
    (p: Project) => p.studies.list(),
    /study "small" cannot be read: its JSON/,
  ],
  ['runs SET config', (p: Project) => p.runs.get(1), /run 1 cannot be read: its JSON/],
  ['runs SET engine', (p: Project) => p.runs.list(), /run 1 cannot be read: its JSON/],
  ['datasets SET origin', (p: Project) => p.datasets.list(), /dataset "cells" cannot be read/],
  ['datasets SET image_classes', (p: Project) => p.datasets.get(1), /dataset "cells" cannot/],
  ['images SET channel_pages', (p: Project) => p.datasets.image(2), /image 1\.png cannot be read/],
  ['encoders SET network', (p: Project) => p.encoders.list(), /encoder "mine" cannot be read/],
] as const)('%s = "{" fails where it is used as damage that is named', (column, use, words) => {
  const path = damaged(
    `INSERT INTO encoders (run_id, name, task, network, created_at) VALUES (1, 'mine', 'autoencoder', '{}', '2026-01-01');
     UPDATE ${column} = '{'`,
  );
  const project = openProject(path);
  try {
    const { code, subject, message } = errorOf(() => use(project));
    expect({ code, subject }).toEqual({ code: 'corrupt', subject: path });
    expect(message).toMatch(words);
    expect(message).toMatch(/graft check.*graft repair/);
  } finally {
    project.close();
  }
});
