import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { ensureNuclei } from '../../engine/nuclei-example.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

it('makes a project of real images, some of them labelled, and says where they come from', async () => {
  const folder = temporaryFolder();
  const [path, same] = await Promise.all([ensureNuclei({ folder }), ensureNuclei({ folder })]);
  expect(same).toBe(path);
  expect(readdirSync(folder)).toEqual(['Graft nuclei.graft']);
  const engine = createEngine();
  const info = await engine.call('project.open', { path });
  expect(info.about).toMatch(/public domain/);
  const [dataset] = await engine.call('datasets.list', { project: path });
  expect(dataset).toMatchObject({ name: 'Nuclei', imageCount: 24, labelledCount: 8 });
  expect(dataset?.classes.map(({ name }) => name)).toEqual(['background', 'nucleus']);
  await engine.close();
  // A later look opens what was painted meanwhile.
  expect(await ensureNuclei({ folder })).toBe(path);
});

it('leaves nothing behind where it was stopped, and says what cannot be written', async () => {
  const folder = temporaryFolder();
  const stopped = ensureNuclei({ folder, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(folder)).toEqual([]);
  const nowhere = join(folder, 'gone');
  await expect(ensureNuclei({ folder: nowhere })).rejects.toThrow(/cannot be written|no folder/i);
  expect(existsSync(nowhere)).toBe(false);
});
