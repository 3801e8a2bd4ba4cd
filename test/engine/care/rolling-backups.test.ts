import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RollingBackups } from '../../../engine/care/rolling-backups.ts';
import { openProject } from '../../../engine/db/project.ts';
import { flip, wholeProject } from '../../fixtures/whole-project.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-03-01T12:00:00Z');

function rolling(path = wholeProject()) {
  const project = openProject(path);
  const notices: string[] = [];
  const backups = new RollingBackups(project, (message) => notices.push(message));
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
