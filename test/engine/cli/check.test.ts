import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { createProject } from '../../../engine/db/project.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { partFile } from '../../../engine/parts.ts';

const CLI = partFile('cli');

function graft(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

it('graft check says that a project is whole, and of a damaged one what to do', async () => {
  const path = join(temporaryFolder(), 'cells.graft');
  const project = createProject(path);
  addDataset(project, 'cells', { count: 20 });
  project.close();

  const whole = await graft('check', path);
  expect([whole.code, whole.out]).toEqual([
    0,
    'cells.graft is whole: every page, row and index was read.\n',
  ]);
  expect(JSON.parse((await graft('check', path, '--json')).out)).toEqual({
    project: path,
    ok: true,
    damaged: [],
  });
  const backup = JSON.parse((await graft('backup', path, '--json')).out) as { path: string };
  expect(backup.path).toMatch(/cells\.graft\.backup-20\d\d-.*Z$/);
  expect((await graft('repair', path)).out).toMatch(/is whole: there is nothing to repair/);

  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(3 * 4096, 0x5a), 0, 3 * 4096, 4 * 4096);
  closeSync(file);
  const json = await graft('check', path, '--json');
  expect(json.code).toBe(3);
  expect(JSON.parse(json.out)).toMatchObject({ project: path, ok: false });
  const damaged = await graft('check', path);
  expect([damaged.code, damaged.out]).toEqual([
    3,
    expect.stringMatching(
      /is damaged\. Not as it was stored:\n {2}.*\nNext: graft repair /s,
    ) as string,
  ]);
  const repaired = await graft('repair', path);
  expect(repaired.code).toBe(0);
  expect(repaired.out).toMatch(
    /All that can be read is in .*cells-repaired\.graft; cells\.graft stays/,
  );
  const copy = join(dirname(path), 'cells-repaired.graft');
  expect((await graft('check', copy)).out).toMatch(/is whole/);
}, 120_000);
