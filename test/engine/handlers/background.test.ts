/** Class 0 as the background or as a class like any other, changed after the import. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { encode } from 'fast-png';
import { expect, it, vi } from 'vitest';
import { addClassesCommand } from '../../../engine/cli/classes.ts';
import { addDataCommands } from '../../../engine/cli/data.ts';
import { pinnedDataset } from '../../../engine/data/pinned-dataset.ts';
import { createProject, openProject, type Project } from '../../../engine/db/project.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { analyseStoredStudy, gatherReport } from '../../../engine/study/report/gather.ts';
import { runData } from '../../../engine/training/batches/run-data.ts';
import { blankLabel } from '../../../shared/foreground.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';
import { studyProject } from './study-project.ts';

/** The same scores of every test image. */
function saveScores(db: Project, runId: number): void {
  const items = db.snapshots.items(db.runs.get(runId)?.config.snapshotId ?? 0);
  for (const { imageId } of items.filter(({ part }) => part === 'test')) {
    db.runs.addResult(
      runId,
      {
        imageId,
        checkpoint: 'best',
        dice: 0.5,
        iou: 0.4,
        hd95: 1,
        boundaryF1: 0.5,
        classes: [],
        uncertainty: null,
      },
      null,
    );
  }
}

it('datasets.setBackground makes class 0 a class with a colour of its own, and the background again', async () => {
  const { engine, project, db } = await studyProject();
  const [dataset] = db.datasets.list();
  const datasetId = dataset?.id ?? 0;
  const set = (hasBackground: boolean) =>
    engine.call('datasets.setBackground', { project, datasetId, hasBackground });
  expect(dataset?.hasBackground).toBe(true);
  const without = await set(false);
  expect(without).toMatchObject({ hasBackground: false });
  expect(without.classes[0]?.color).not.toBe('#000000');
  expect(new Set(without.classes.map(({ color }) => color)).size).toBe(without.classes.length);
  expect(blankLabel(without)).toBe(255);
  const again = await set(true);
  expect(again.hasBackground).toBe(true);
  expect(blankLabel(again)).toBe(0);
  await expect(
    engine.call('datasets.setBackground', { project, datasetId: 99, hasBackground: true }),
  ).rejects.toMatchObject({ code: 'not-found' });
});

it('a study keeps the classes that it was planned with, and its report says where class 0 is another now', async () => {
  const { engine, project, db, studyId } = await studyProject();
  const study = db.studies.get(studyId);
  if (study === undefined) throw new Error('no study');
  const { targetDatasetId: datasetId } = study.config;
  await engine.call('datasets.setBackground', { project, datasetId, hasBackground: false });
  const { classes = [] } = db.datasets.get(datasetId) ?? {};
  await engine.call('datasets.setClasses', {
    project,
    datasetId,
    classes: [...classes, { index: 2, name: 'debris', color: '#123456' }],
  });
  const [run] = db.runs.list().filter(({ kind }) => kind === 'finetune');
  if (run === undefined) throw new Error('no run');
  expect(runData(db, run.config)).toMatchObject({ classes: 2, scored: [1] });
  for (const { id, kind } of db.runs.list()) {
    db.runs.setStatus(id, 'done');
    if (kind === 'finetune') saveScores(db, id);
  }
  expect(analyseStoredStudy(db, study).analysis.classes).toEqual([{ index: 1, name: 'cell' }]);
  const { data } = await gatherReport(db, study);
  expect(data.notes).toContain(
    'When this study was planned, class 0 (background) of "target" was the background, which is not scored; now it is a class like any other. All runs of the study keep to what it was; repeat the study to go by what it is.',
  );
  // Planned anew, it goes by what is there now.
  const { sourceDatasetId } = study.config;
  const config = smallStudy(
    { source: sourceDatasetId, target: datasetId },
    { name: 'again', labelCounts: [2], seeds: 1 },
  );
  const again = createStudy(db, config);
  expect(again.targetSnapshotId).not.toBe(study.targetSnapshotId);
  expect(pinnedDataset(db, again.targetSnapshotId)).toMatchObject({ hasBackground: false });
  expect(pinnedDataset(db, again.targetSnapshotId)?.classes).toHaveLength(3);
});

/** Commands on data, and what they print. */
function terminal() {
  const written: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const progress = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const graft = async (...args: string[]) => {
    const program = new Command().exitOverride();
    addDataCommands(program);
    addClassesCommand(program);
    await program.parseAsync(args, { from: 'user' });
    return written.splice(0).join('');
  };
  const restore = () => {
    out.mockRestore();
    progress.mockRestore();
  };
  return { graft, restore };
}

it('graft import says what class 0 was taken for, and asks where nobody said', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const png = (values: readonly number[]) =>
    encode({ width: 4, height: 4, data: Uint8Array.from(values), channels: 1 });
  for (const kind of ['images', 'masks']) mkdirSync(join(data, kind), { recursive: true });
  for (const name of ['a.png', 'b.png']) {
    writeFileSync(join(data, 'images', name), png(Array.from({ length: 16 }, (_, i) => 9 * i)));
    writeFileSync(join(data, 'masks', name), png(Array.from({ length: 16 }, (_, i) => i >> 3)));
  }
  const path = join(folder, 'p.graft');
  createProject(path).close();
  const { graft, restore } = terminal();
  const add = (dataset: string, ...more: string[]) =>
    graft('import', path, data, '--dataset', dataset, ...more);
  try {
    expect(await add('asked')).toContain(
      'class 0 (background) is the background: trained, not scored. Is it a class like any other (sky, membrane)? --background no, here or of graft classes',
    );
    const said = await add('said', '--background', 'no');
    expect(said).toContain('class 0 (background) is a class like any other: trained and scored.');
    expect(said).not.toContain('Is it the background?');
  } finally {
    restore();
  }
});

it('graft classes shows what class 0 counts as, changes it, and names the studies that keep what it was', async () => {
  const path = join(temporaryFolder(), 'streets.graft');
  const made = createProject(path);
  const source = addDataset(made, 'source', { count: 4 });
  const target = addDataset(made, 'target', { count: 20 });
  createStudy(made, smallStudy({ source, target }, { name: 'first', labelCounts: [2], seeds: 1 }));
  made.close();
  const { graft, restore } = terminal();
  const classes = (...args: string[]) => graft('classes', path, ...args);
  try {
    expect(await classes('--dataset', 'target')).toMatch(
      /0 +background +#000000 +background: trained, not scored/,
    );
    const said = await classes('--dataset', 'target', '--background', 'no');
    expect(said).toMatch(/0 +background +#[0-9a-f]{6} +trained and scored/);
    expect(said).toContain('"first" keeps what class 0 was when it was planned');
    // Said again, nothing is changed.
    expect(await classes('--dataset', 'target', '--background', 'no')).not.toContain('"first"');
  } finally {
    restore();
  }
  const opened = openProject(path);
  expect(opened.datasets.get(target)?.hasBackground).toBe(false);
  expect(opened.datasets.get(source)?.hasBackground).toBe(true);
  opened.close();
});
