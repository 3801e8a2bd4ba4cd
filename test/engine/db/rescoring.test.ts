import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { APPLICATION_ID } from '../../../engine/db/schema.ts';
import { openProject } from '../../../engine/db/project.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';

const MIGRATIONS = new URL('../../../engine/db/migrations/', import.meta.url);
const before = (version: number) =>
  readdirSync(MIGRATIONS)
    .map((name) => ({ name, version: Number(name.slice(0, 3)) }))
    .filter((one) => one.version < version)
    .sort((a, b) => a.version - b.version)
    .map((one) => ({
      version: one.version,
      sql: readFileSync(new URL(one.name, MIGRATIONS), 'utf8'),
    }));

let dir = '';
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'graft-rescoring-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Four pixels of a digit each; '#' is ignored. */
const code = (row: string) =>
  encodeLabelMap({
    width: 4,
    height: 1,
    data: Uint8Array.from(row, (c) => (c === '#' ? 255 : Number(c))),
  });

/** Of version 7, with three classes above the background: truth, prediction, and the scores of its rule. */
const OLD = [
  // Half of class 1 found, classes 2 and 3 nowhere: (2/3 + 1 + 1) / 3, HD95 (1 + 0 + 0) / 3.
  { truth: '0011', prediction: '0001', dice: 8 / 9, iou: 5 / 6, hd95: 1 / 3, f1: 0.9 },
  { truth: '1123', prediction: '1123', dice: 1, iou: 1, hd95: 0, f1: 1 },
  // Nothing but background, and nothing but ignored pixels.
  { truth: '0000', prediction: '0200', dice: 2 / 3, iou: 2 / 3, hd95: 4 / 3, f1: 2 / 3 },
  { truth: '####', prediction: '1111', dice: 1, iou: 1, hd95: 0, f1: 1 },
];

it('scores of a project of before are taken over by the rule of today', () => {
  const path = join(dir, 'old.graft');
  const raw = new Database(path);
  raw.function('path_from_project', (link: unknown) => link);
  for (const { sql } of before(8)) raw.exec(sql);
  raw.pragma(`application_id = ${APPLICATION_ID}`);
  raw.pragma('user_version = 7');
  raw.exec(`
    INSERT INTO datasets (id, name, created_at, origin) VALUES (1, 'd', '2026-01-01', '{}');
    INSERT INTO classes (dataset_id, idx, name, color)
      VALUES (1, 0, 'background', '#000000'), (1, 1, 'a', '#ff0000'), (1, 2, 'b', '#00ff00'), (1, 3, 'c', '#0000ff');
    INSERT INTO snapshots (id, dataset_id, created_at, hash) VALUES (1, 1, '2026-01-01', 'h');
    INSERT INTO runs (id, kind, seed, status, config, snapshot_id, steps, created_at)
      VALUES (7, 'finetune', 0, 'done', '{}', 1, 1, '2026-01-01');`);
  OLD.forEach(({ truth, prediction, dice, iou, hd95, f1 }, i) => {
    raw
      .prepare(
        `INSERT INTO images (id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, created_at)
         VALUES (?, 1, ?, 4, 1, 1, 8, ?, '2026-01-01')`,
      )
      .run(i + 1, `${i}.png`, `hash ${i}`);
    raw
      .prepare(
        `INSERT INTO label_maps (id, image_id, author, created_at, bytes) VALUES (?, ?, 'human', '2026-01-01', ?)`,
      )
      .run(i + 1, i + 1, code(truth));
    raw
      .prepare(
        `INSERT INTO snapshot_items (snapshot_id, image_id, image_hash, label_map_id, part) VALUES (1, ?, ?, ?, 'test')`,
      )
      .run(i + 1, `hash ${i}`, i + 1);
    for (const checkpoint of ['best', 'last']) {
      raw
        .prepare(
          `INSERT INTO results (run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, prediction)
           VALUES (7, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[i + 1, checkpoint, dice, iou, hd95, f1],
          checkpoint === 'best' ? code(prediction) : null,
        );
    }
  });
  raw.close();

  const project = openProject(path);
  const results = project.runs.results(7);
  const of = (kind: string) => results.filter(({ checkpoint }) => checkpoint === kind);
  const [half, all, empty, ignored] = of('best');
  expect(half?.dice).toBeCloseTo(2 / 3, 12);
  expect(half?.iou).toBeCloseTo(1 / 2, 12);
  expect(half?.hd95).toBeCloseTo(1, 12);
  expect(half?.boundaryF1).toBeCloseTo(0.7, 12);
  expect(half?.classes).toEqual([{ classIndex: 1, predictedPx: 1, truePx: 2, bothPx: 1 }]);
  expect(all).toMatchObject({ dice: 1, iou: 1, hd95: 0, boundaryF1: 1 });
  const none = { dice: null, iou: null, hd95: null, boundaryF1: null };
  // Invented, in an image of 1 × 4 px.
  expect(empty).toMatchObject({ dice: 0, iou: 0, classes: [{ classIndex: 2, predictedPx: 1 }] });
  expect(empty?.hd95).toBeCloseTo(4, 12);
  expect(empty?.boundaryF1).toBeCloseTo(0, 12);
  expect(ignored).toMatchObject({ ...none, classes: [] });
  // Predictions of the last checkpoint were not kept: what may have counted absent classes is unknown.
  expect(of('last').map(({ dice }) => dice)).toEqual([null, 1, null, null]);
  project.close();

  const stored = new Database(path, { readonly: true });
  expect(
    stored
      .prepare(
        'SELECT image_id, class_idx, dice, iou FROM class_results ORDER BY image_id, class_idx',
      )
      .raw()
      .all(),
  ).toEqual([
    [1, 1, 2 / 3, 1 / 2],
    [2, 1, 1, 1],
    [2, 2, 1, 1],
    [2, 3, 1, 1],
    [3, 2, 0, 0],
  ]);
  expect(stored.pragma('foreign_key_check')).toEqual([]);
  stored.close();
});
