/** What only a real browser can show of the library: files that are dropped on it, and a grid that is found again. */
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openGraft, ROOT, whyNoWindow } from './graft-window.ts';

const REAL_DATA = join(ROOT, '..', 'shared', 'data', 'dsb2018', 'fluorescence');
const IMAGES = 30;
/** Beside other tests a browser takes its time. */
const TIMEOUT_MS = 120_000;
const obstacle = whyNoWindow() ?? (existsSync(REAL_DATA) ? null : 'the real images are not there');

it(
  'takes over a folder that is dropped, and finds the place again after annotating',
  { timeout: TIMEOUT_MS },
  async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, home, complaints, screenshot, expectAccessible, close } = await openGraft({
      dark: true,
    });
    onTestFinished(close);
    const folder = join(home, 'dropped');
    for (const part of ['images', 'masks']) {
      mkdirSync(join(folder, part), { recursive: true });
      for (const name of readdirSync(join(REAL_DATA, part)).sort().slice(0, IMAGES)) {
        cpSync(join(REAL_DATA, part, name), join(folder, part, name));
      }
    }
    await page.getByRole('button', { name: /New project/ }).click();
    const dialog = page.getByRole('dialog', { name: 'New project' });
    await dialog.getByLabel('Name').fill('nuclei');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByText('No images yet').waitFor();
    // The name that was typed is the name it got.
    await page.getByRole('button', { name: 'nuclei' }).waitFor();

    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      session.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
    await drag('dragEnter');
    await drag('dragOver');
    await page.getByText('Drop to import').waitFor();
    await screenshot('drop-1-over');
    await drag('drop');
    await page.getByText(`${IMAGES} images, ${IMAGES} with labels`).waitFor();
    await screenshot('drop-2-preview');
    await page.getByRole('button', { name: `Import ${IMAGES} images` }).click();
    await page.getByRole('button', { name: 'Show the images' }).click();

    const grid = page.getByRole('listbox', { name: 'Images' });
    await grid.getByRole('option').first().waitFor();
    await page.getByLabel('Labelled', { exact: true }).selectOption('labelled');
    await grid.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.locator('canvas').waitFor();
    await page.getByText(`${IMAGES} of ${IMAGES}`).waitFor();
    await page.keyboard.press('a');
    await page.getByText(`${IMAGES - 1} of ${IMAGES}`).waitFor();
    const name = await page.locator('header h1').textContent();
    await page.keyboard.press(']');
    const size = await page.getByLabel('Size in pixels').inputValue();
    await expectAccessible('annotate, dark');
    await page.keyboard.press('q');

    const selected = grid.getByRole('option', { selected: true });
    await selected.waitFor();
    expect(await selected.getAttribute('aria-label')).toContain(name);
    const place = await selected.boundingBox();
    expect((place?.y ?? Infinity) + (place?.height ?? 0)).toBeLessThan(800);
    expect(await page.getByLabel('Labelled', { exact: true }).inputValue()).toBe('labelled');
    await expectAccessible('library, dark');
    await screenshot('drop-3-found-again');
    // And the keys go on from there.
    await page.keyboard.press('Enter');
    await page.locator('canvas').waitFor();
    expect(await page.getByLabel('Size in pixels').inputValue()).toBe(size);
    expect(complaints).toEqual([]);
  },
);
