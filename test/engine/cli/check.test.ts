import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProject } from '../../../engine/db/project.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'engine', 'cli.ts');

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
  addDataset(project, 'cells', { count: 200 });
  project.close();

  const whole = await graft('check', path);
  expect([whole.code, whole.out]).toEqual([
    0,
    'cells.graft is whole: every page, row and index was read.\n',
  ]);
  expect(JSON.parse((await graft('check', path, '--json')).out)).toEqual({
    project: path,
    ok: true,
  });

  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(3 * 4096, 0x5a), 0, 3 * 4096, 4 * 4096);
  closeSync(file);
  const damaged = await graft('check', path, '--json');
  expect(damaged.code).toBe(3);
  expect(JSON.parse(damaged.out)).toMatchObject({ error: { code: 'corrupt', subject: path } });
  expect(damaged.err).toMatch(/damaged.*backup/s);
});
