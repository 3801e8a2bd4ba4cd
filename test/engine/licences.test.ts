import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { licences } from '../../engine/licences.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

it('names the licence of Graft and of every package of a clone', async () => {
  const engine = createEngine();
  const text = await engine.call('system.licences', {});
  await engine.close();
  expect(text).toMatch(/MIT License/i);
  expect(text).toContain('native TensorFlow (Apache-2.0)');
  expect(text).toMatch(/^svelte \d+\.\d+\.\d+: MIT$/m);
});

it('gives all texts where an installed copy has them, and no error where nothing is there', () => {
  const folder = temporaryFolder();
  expect(licences(folder)).toContain('Packages');
  writeFileSync(join(folder, 'LICENCES.txt'), 'everything');
  expect(licences(folder)).toBe('everything');
});
