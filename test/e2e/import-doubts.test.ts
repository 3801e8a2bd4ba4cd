/** Masks that can be read in two ways, as the import shows them before anything is written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

const SIDE = 32;

/** A disc with smoothed edges: 255 inside, 0 outside, and what lies between. */
const smoothDisc = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
  const far = Math.hypot((i % SIDE) - 15.5, Math.floor(i / SIDE) - 15.5);
  return 255 * Math.min(1, Math.max(0, 9 - far));
});

it('shows what is doubtful, and reads masks otherwise at one click', async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) return ctx.skip(obstacle);
  const folder = temporaryFolder();
  const image = { width: SIDE, height: SIDE, channels: 1 } as const;
  const smooth = await encodePng({ ...image, data: smoothDisc });
  const sharp = await encodePng({ ...image, data: smoothDisc.map((v) => (v > 127 ? 255 : 0)) });
  for (const [name, mask] of [
    ['data', smooth],
    ['other', sharp],
  ] as const) {
    for (const kind of ['images', 'masks']) {
      mkdirSync(join(folder, name, kind), { recursive: true });
      writeFileSync(join(folder, name, kind, 'a.png'), kind === 'images' ? smooth : mask);
    }
  }
  const project = join(folder, 'p.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  await engine.close();

  const { page, screenshot, expectAccessible, complaints, close } = await openGraft({
    projects: [project],
  });
  onTestFinished(close);
  await page.keyboard.press('Control+1');
  await page
    .getByRole('button', { name: /^Import/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog', { name: 'Import images' });
  await dialog.getByLabel('Folder or file').fill(join(folder, 'data'));
  await dialog.getByRole('button', { name: 'Look' }).click();
  const found = dialog.getByRole('region', { name: 'What was found' });
  await found.getByText('Doubtful:').waitFor();
  expect(await found.getByRole('combobox', { name: /^What .* becomes$/ }).count()).toBeLessThan(5);
  await screenshot('import-doubtful');
  await expectAccessible('a doubtful import');

  await found.getByRole('button', { name: 'all but 0 (black) is the foreground' }).click();
  await found.getByText('Masks are read as you asked').waitFor();
  expect(await found.getByText('Doubtful:').count()).toBe(0);
  await found.getByRole('button', { name: 'Read them as proposed' }).click();
  await found.getByText('Doubtful:').waitFor();

  // What leaves nothing to learn is told at once, and what is chosen for one folder is not of another.
  await found.getByLabel('What 255 becomes').selectOption('0 background');
  await found.getByText(/there is nothing to learn from them/).waitFor();
  await dialog.getByLabel('Folder or file').fill(join(folder, 'other'));
  await dialog.getByLabel('Folder or file').press('Tab');
  await found.getByText(/masks hold only 0 and 255/).waitFor();
  expect(await found.getByLabel('What 255 becomes').inputValue()).toBe('1');
  expect(await dialog.getByLabel('Name of the dataset').inputValue()).toBe('other');
  expect(complaints.join('\n')).toBe('');
});
