import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { createProject, openProject, openProjectReadonly } from '../../../engine/db/project.ts';
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
  raw.exec(sql);
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
    project.check();
  } finally {
    project.close();
  }
}

it('finds nothing in a project that is whole', () => {
  expect(() => check(damaged('SELECT 1'))).not.toThrow();
});

it.each([
  ['DELETE FROM image_bytes WHERE image_id = 2', /the original of 1\.png in "cells" is gone/],
  [`UPDATE image_bytes SET bytes = x'00' WHERE image_id = 3`, /stored: the original of 2\.png in/],
  [`UPDATE checkpoints SET bytes = x'010204'`, /the weights of run 1/],
  [
    `DROP TRIGGER label_maps_are_immutable; UPDATE label_maps SET bytes = x'00' WHERE id = 1`,
    /label map 1 of 0\.png/,
  ],
  [
    `INSERT INTO results (run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, prediction)
       VALUES (1, 2, 'best', 1, 1, 0, 1, x'00')`,
    /the prediction of 1\.png by run 1/,
  ],
  ['DELETE FROM label_maps WHERE id = 1', /\d of snapshot_items without their label_maps/],
  [`UPDATE runs SET config = '{'`, /\d+ of runs whose config cannot be read/],
])('names what %s has damaged', (sql, words) => {
  const path = damaged(sql);
  const { code, subject, message } = errorOf(() => check(path));
  expect({ code, subject }).toEqual({ code: 'corrupt', subject: path });
  expect(message).toMatch(words);
});

it.each(['DROP TABLE encoders', 'ALTER TABLE results DROP COLUMN uncertainty'])(
  'a project is refused as damaged, and let go of, after %s',
  (sql) => {
    const path = damaged(sql);
    // The first refusal leaves no lock behind: the second is the same.
    for (const open of [openProject, openProject, openProjectReadonly]) {
      const { code, message } = errorOf(() => open(path));
      expect(code).toBe('corrupt');
      expect(message).toMatch(/damaged.*backup/);
    }
  },
);
