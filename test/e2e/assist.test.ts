/** Help with labelling in the window: patches, cutting out, scribbles and clicks, by pointer and keys, for screen readers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cellsGenerator } from '../../engine/data/generators/cells.ts';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

/** Beside other tests a browser takes its time. */
const TIMEOUT_MS = 120_000;

it('helps to label in the window', { timeout: TIMEOUT_MS }, async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const folder = temporaryFolder();
  const images = join(folder, 'images');
  mkdirSync(images);
  const { image } = cellsGenerator.draw(0, { sizePx: 128, seed: 1 });
  writeFileSync(join(images, 'field.png'), await encodePng(image));
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
  const tool = (name: string) => page.getByRole('button', { name, exact: true, pressed: true });
  const canvas = page.locator('canvas');
  await canvas.waitFor();
  // Before the image is there, keys take no tool in hand.
  await page.locator('.loading').waitFor({ state: 'hidden' });
  await page.getByText('128 × 128 px').waitFor();
  const box = await canvas.boundingBox();
  if (box === null) expect.fail('there is no canvas');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const drag = async (from: [number, number], to: [number, number]) => {
    await page.mouse.move(x + from[0], y + from[1]);
    await page.mouse.down();
    await page.mouse.move(x + to[0], y + to[1], { steps: 4 });
    await page.mouse.up();
  };
  const step = (name: string) => page.getByRole('button', { name });

  await page.keyboard.press('Shift+P');
  await tool('Patches').waitFor();
  await page.getByText(/^\d+ patches of about 24 px/).waitFor();
  await page.keyboard.press('Shift+V');
  await page.getByRole('button', { name: 'By edges', pressed: true }).waitFor();
  await page.getByText(/^\d+ patches of about 24 px/).waitFor();
  await drag([0, 0], [60, 0]);
  await step('Patches, ').first().waitFor();
  await screenshot('annotate-patches');
  await expectAccessible('annotate with patches');
  await page.keyboard.press('Control+z');
  // By keys alone: the pointer is moved, pressed and let go.
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  await step('Patches, ').first().waitFor();

  await page.keyboard.press('Shift+W');
  await tool('Cut out').waitFor();
  await page.getByText(/^Drag a box around an object: it is cut out/).waitFor();
  await drag([-120, -120], [-30, -30]);
  await page.getByText(/^(Click what is missing|Nothing in the box differs)/).waitFor();
  // A click is inside whatever its colours say, so that something is there to be painted.
  await page.mouse.click(x - 75, y - 75);
  await page.getByRole('button', { name: /^Paint/ }).waitFor();
  await screenshot('annotate-cut');
  await expectAccessible('annotate with something cut out');
  await page.keyboard.press('Escape');

  await page.keyboard.press('s');
  await tool('Scribble').waitFor();
  await drag([-100, 100], [-60, 100]);
  await page.getByText(/^Only .* is scribbled so far/).waitFor();
  await page.keyboard.press('0');
  await drag([60, -100], [100, -100]);
  await page.getByText(/^Learned from \d+ scribbled pixels here/).waitFor();
  // All of it moves to the class in hand, and back.
  const more = page.getByRole('slider', { name: 'More or less' });
  expect(await more.inputValue()).toBe('0');
  await page.keyboard.press('Shift+Period');
  await expect.poll(() => more.inputValue()).toBe('1');
  await page.keyboard.press('Shift+Comma');
  await page.keyboard.press('Shift+Comma');
  await expect.poll(() => more.inputValue()).toBe('-1');
  await page.getByText(/^Learned from \d+ scribbled pixels here/).waitFor();
  // Seen without scrolling in a window as small as this.
  const accept = await page.getByRole('button', { name: /^Accept all/ }).boundingBox();
  expect((accept?.y ?? Infinity) + (accept?.height ?? 0)).toBeLessThan(box.y + box.height);
  await screenshot('annotate-scribbles');
  await expectAccessible('annotate with scribbles');
  await page.keyboard.press('Enter');
  await step('Accepted prediction').waitFor();
  // Nothing is proposed any more, and the labels say whose they are.
  await page.getByRole('button', { name: /^Accept all/, disabled: true }).waitFor();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  const training = page.getByRole('dialog', { name: 'Train a network' });
  await training.getByText('Scribbles: 1 image.').waitFor();
  await training.getByLabel('Labels made with helpers').selectOption('left out: scribbles');
  await training.getByText(/were made with scribbles, and none is left to learn from/).waitFor();
  await page.keyboard.press('Escape');

  await page.keyboard.press('c');
  await tool('Click an object').waitFor();
  await expectAccessible('annotate with clicks');
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Patches by colour, or by edges').waitFor();
  await page.keyboard.press('Escape');
  expect(complaints).toEqual([]);
});
