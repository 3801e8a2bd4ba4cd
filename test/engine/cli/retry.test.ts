/** A training that failed for want of its graphics card, as a shell goes on with it; holds with a card and without. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { openProject } from '../../../engine/db/project.ts';
import { cellsProject, graft } from './shell.ts';

it('graft train names the command that tries again, and that trains; predictions say whose card is gone', async () => {
  const { folder, path } = await cellsProject();
  const small = ['--size', '16', '--base', '2', '--depth', '1', '--batch', '2', '--steps', '3'];
  const training = ['train', path, '--dataset', 'cells', '--name', 'monday', ...small];
  // Named alone, it is asked for: nothing else computes in its place.
  const failed = await graft('--adapter', 'No such card', ...training);
  expect(failed.code).toBe(5);
  // Where the window lets one choose, whatever the reason that the card is not there.
  expect(failed.stderr).toContain('(About Graft, or --');
  const again = /try it again, .*: graft retry \S+p\.graft (\d+)\n$/.exec(failed.stderr)?.[1] ?? '';
  expect(Number(again)).toBeGreaterThan(0);

  const retried = await graft('retry', path, again);
  expect(retried).toMatchObject({ code: 0, stdout: `run ${again}: done\n` });
  const twice = await graft('retry', path, again);
  expect(twice.code).toBe(3);
  expect(twice.stderr).toMatch(/is done: there is nothing to retry/);

  // As if a card had trained it that is not there any more.
  const db = openProject(path);
  const run = db.runs.get(Number(again));
  if (run?.engine == null) throw new Error('it has trained');
  const { engine: began, layers } = run;
  const card = { maker: '', architecture: '', driver: '', backend: 'vulkan' } as const;
  const adapter = { name: 'No such card', isSoftware: false, features: [], ...card };
  db.transaction(() => {
    db.runs.started(run.id, { ...began, name: 'webgpu', adapter }, layers ?? []);
    db.runs.setStatus(run.id, 'done');
  });
  db.close();
  const image = join(folder, 'grey.png');
  const data = Uint8Array.from({ length: 32 * 32 }, (_, index) => index % 251);
  writeFileSync(image, encode({ width: 32, height: 32, channels: 1, data }));
  const predict = ['predict', path, image, '--model', 'monday'];
  const predicted = await graft(...predict, '--out', join(folder, 'masks'));
  expect(predicted.code).toBe(0);
  expect(predicted.stdout).toMatch(/note: .*The processor computes instead\.\n/);
});
