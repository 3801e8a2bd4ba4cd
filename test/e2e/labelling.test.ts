/** What to label next, the time that it takes, and whether it is enough yet, in the window. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cellsGenerator } from '../../engine/data/generators/cells.ts';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

it('leads from image to image, and says whether it is enough', async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const folder = temporaryFolder();
  const images = join(folder, 'images');
  mkdirSync(images);
  for (let i = 0; i < 5; i++) {
    const { image } = cellsGenerator.draw(i, { sizePx: 64, seed: 1 });
    writeFileSync(join(images, `field ${i}.png`), await encodePng(image));
  }
  const project = join(folder, 'cells.graft');
  const engine = createEngine({ engine: 'wasm' });
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'fields', path: images });
  await engine.close();

  const { page, screenshot, expectAccessible, complaints, close } = await openGraft({
    projects: [project],
  });
  onTestFinished(close);
  await page.getByRole('main').getByRole('button', { name: 'Annotate' }).click();
  const queue = page.getByRole('list', { name: 'Images to label next' }).getByRole('listitem');
  await expect.poll(() => queue.count()).toBe(5);
  await page.getByText('the most typical of all: nothing is labelled yet').waitFor();

  const open = () => page.getByRole('heading', { level: 1 }).textContent();
  const order = await queue.locator('.words > .ellipsis').allTextContents();
  const before = order.indexOf((await open()) ?? '');
  await page.keyboard.press('n');
  await expect.poll(open).toBe(order[(before + 1) % order.length]);
  await page.keyboard.press('Shift+N');
  await page.getByText('1 put off, 0 never suggested').waitFor();
  const [first] = await queue.allTextContents();
  await queue.first().hover();
  await queue
    .first()
    .getByRole('button', { name: /^Never suggest / })
    .click();
  const passed = page.getByText('1 put off, 1 never suggested');
  await passed.click();
  await expect.poll(() => queue.count()).toBe(3);
  expect(first).toMatch(/^\s*field/);
  await page.getByRole('button', { name: 'Bring back' }).first().click();
  await expect.poll(() => queue.count()).toBe(4);
  await page.getByRole('button', { name: /Time on this image: 0:\d\d/ }).waitFor();
  await screenshot('annotate-next');
  await expectAccessible('annotate with suggestions');

  await page.keyboard.press('q');
  await page.getByText('Progress', { exact: true }).click();
  await page.getByRole('heading', { name: 'Nothing is labelled yet' }).waitFor();
  await page.getByText(/^\d+(\.\d)? s in Annotate on /).waitFor();
  await expectAccessible('progress');
  await page.getByRole('button', { name: 'Erase the measured time …' }).click();
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  await page.getByText('None was measured here yet').waitFor();
  await page.getByLabel('Measure time in Annotate').uncheck();
  await page.getByText('Time in Annotate is not measured.').waitFor();
  expect(complaints).toEqual([]);
});
