/** Finding linked originals again in the window. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

it('finds linked images where they lie now, and shows them', async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'images'));
  const pixels = { width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(90) } as const;
  writeFileSync(join(folder, 'images', 'cell.png'), await encodePng(pixels));
  const project = join(folder, 'linked.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', {
    ...{ project, name: 'linked', path: join(folder, 'images'), link: true },
  });
  await engine.close();
  mkdirSync(join(folder, 'shelf'));
  renameSync(join(folder, 'images', 'cell.png'), join(folder, 'shelf', 'other.png'));

  const { page, screenshot, expectAccessible, close } = await openGraft({ projects: [project] });
  onTestFinished(close);
  const details = page.getByRole('complementary', { name: 'Details' });
  const option = page.getByRole('listbox', { name: 'Images' }).getByRole('option');
  await option.click();
  await details.getByText(/does not exist.*Find linked images/).waitFor();
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: /Find linked images/ }).click();
  const dialog = page.getByRole('dialog', { name: /Find linked images/ });
  await dialog.getByLabel('Folder').fill(join(folder, 'shelf'));
  await dialog.getByRole('button', { name: 'Look there' }).click();
  await dialog
    .getByText(
      '1 linked image: 1 found there (1 at a new place), 0 still where they were, 0 missing.',
    )
    .waitFor();
  await screenshot('find-linked-images');
  await expectAccessible('find linked images');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await details.getByText('shelf/other.png').waitFor();
  await expect.poll(() => details.getByRole('img').count()).toBe(1);
});
