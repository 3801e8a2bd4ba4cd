/** Images that are nearly the same view, in the window: found, and made a group. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { cellsGenerator } from '../../engine/data/generators/cells.ts';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

it('finds alike images and makes a group of them', async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const folder = temporaryFolder();
  const images = join(folder, 'images');
  mkdirSync(images);
  for (let i = 0; i < 6; i++) {
    const { image } = cellsGenerator.draw(i, { sizePx: 128, seed: 1 });
    const png = await encodePng(image);
    writeFileSync(join(images, `field ${i}.png`), png);
    if (i > 1) continue;
    writeFileSync(join(images, `field ${i} turned.png`), await sharp(png).rotate(90).toBuffer());
    writeFileSync(
      join(images, `field ${i} brighter.png`),
      await sharp(png).linear(1.2, 9).toBuffer(),
    );
  }
  const project = join(folder, 'cells.graft');
  const engine = createEngine({ engine: 'wasm' });
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'fields', path: images });
  await engine.close();

  const { page, screenshot, expectAccessible, close } = await openGraft({ projects: [project] });
  onTestFinished(close);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: /Alike images/ }).click();
  const dialog = page.getByRole('dialog', { name: /Alike images/ });
  await dialog.getByText(/^2 sets; 1/).waitFor();
  await expect.poll(() => dialog.getByRole('img').count()).toBe(6);
  await screenshot('alike-images');
  await expectAccessible('alike images');
  await dialog.getByRole('button', { name: 'Make groups of all 2 sets' }).click();
  await dialog.getByText('Group “like field 0').waitFor();
  await dialog.getByText('Group “like field 1').waitFor();
});
