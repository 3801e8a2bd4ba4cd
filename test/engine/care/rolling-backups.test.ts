import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RollingBackups } from '../../../engine/care/rolling-backups.ts';
import { openProject } from '../../../engine/db/project.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { flip, wholeProject } from '../../fixtures/whole-project.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-03-01T12:00:00Z');

function rolling(
  path = wholeProject(),
  settings = () => ({ automatic: true, folder: null as string | null }),
) {
  const project = openProject(path);
  const notices: string[] = [];
  const backups = new RollingBackups(project, (message) => notices.push(message), settings);
  onTestFinished(async () => {
    await backups.close();
    project.close();
  });
  const names = () =>
    readdirSync(dirname(path))
      .filter((name) => name.includes('.backup-'))
      .sort();
  const day = (n: number) => backups.backUpIfDue(new Date(START + n * DAY_MS));
  return { path, project, notices, names, day };
}

it('are made once a day on which something changed, and the last three stay', async () => {
  const { project, names, day, notices } = rolling();
  await day(0);
  expect(names()).toEqual([]);
  for (let n = 0; n < 5; n++) {
    project.runs.log(1, `day ${n}`);
    await day(n);
    project.runs.log(1, `later`);
    await day(n + 0.5);
  }
  expect(names()).toEqual(
    [2, 3, 4].map((n) => `cells.graft.backup-auto-2026-03-0${n + 1}T12-00-00-000Z`),
  );
  expect(notices).toEqual([]);
});

it('of a damaged project are not kept, and none that is good goes for one', async () => {
  const { path, project, names, day, notices } = rolling();
  project.runs.log(1, 'a change');
  await day(0);
  const [good] = names();
  flip(path, { table: 'checkpoints', column: 'bytes' });
  project.runs.log(1, 'another');
  await day(1);
  expect(names()).toEqual([good]);
  expect(notices).toEqual([
    expect.stringMatching(/damaged \(the best weights of run 1\).*backups are kept/),
  ]);
  const backup = openProject(join(dirname(path), good ?? ''));
  expect([...backup.damage()]).toEqual([]);
  backup.close();
});

it('are made where the settings say, are not where they are off, and a folder that is gone is told once', async () => {
  const folder = temporaryFolder();
  const backups = { automatic: false, folder: folder as string | null };
  const { path, project, names, day, notices } = rolling(wholeProject(), () => backups);
  project.runs.log(1, 'a change');
  await day(0);
  expect(readdirSync(folder)).toEqual([]);
  backups.automatic = true;
  await day(1);
  expect(names()).toEqual([]);
  const [own = ''] = readdirSync(folder);
  expect(own).toMatch(/^cells-[0-9a-f]{8}$/);
  const [made = ''] = readdirSync(join(folder, own));
  expect(made).toBe('cells.graft.backup-auto-2026-03-02T12-00-00-000Z');
  rmSync(folder, { recursive: true });
  project.runs.log(1, 'another');
  await day(3);
  await day(3.1);
  expect(notices).toEqual([expect.stringContaining(`${folder}, is not there. Plug in its disk`)]);
  expect(notices[0]).toContain(path);
  // Chosen anew, it goes on.
  backups.folder = null;
  await day(3.2);
  expect(names()).toHaveLength(1);
});
