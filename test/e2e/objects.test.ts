/** The tab Objects in a real browser: measured, sorted, chosen by a drag, written, and found by keys alone. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

it('measures objects, sorts and gates them, and shows the picked one in Annotate', async (ctx) => {
  const why = whyNoWindow();
  if (why !== null) ctx.skip(why);
  const project = join(temporaryFolder(), 'drawn.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  const { id: datasetId } = await engine.call('datasets.generate', {
    ...{ project, name: 'drawn', generator: 'texshapes-target', count: 12, sizePx: 96 },
  });
  const pixelSize = { size: 0.65, unit: 'um' } as const;
  await engine.call('measures.setPixelSize', { project, datasetId, pixelSize });
  await engine.close();
  const window = await openGraft({ projects: [project] });
  onTestFinished(window.close);
  const { page, screenshot, expectAccessible, complaints } = window;
  await page.getByText('Objects', { exact: true }).click();
  const grid = page.getByRole('grid', { name: 'Objects' });
  await grid.waitFor();
  const status = page.getByText(/objects? in \d+ images/);
  const all = Number((await status.textContent())?.trim().split(' ')[0]);
  expect(all).toBeGreaterThan(5);
  await screenshot('objects');
  await expectAccessible('objects of a dataset');

  const area = grid.getByRole('columnheader', { name: /^Area/ });
  await area.getByRole('button').click();
  await expect.poll(() => area.getAttribute('aria-sort')).toBe('descending');
  // Which object a row is stays in sight, beside columns that lie far to the right.
  const cell = grid.getByRole('gridcell').first();
  const left = (await cell.boundingBox())?.x;
  const headLeft = (await area.boundingBox())?.x ?? 0;
  await grid.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect.poll(async () => (await area.boundingBox())?.x).toBe(headLeft - 240);
  expect((await cell.boundingBox())?.x).toBe(left);
  await screenshot('objects-sideways');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  // And by the palette, in words.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('sort by eccentricity');
  await page.keyboard.press('Enter');
  const eccentricity = grid.getByRole('columnheader', { name: /^Eccentricity/ });
  await expect.poll(() => eccentricity.getAttribute('aria-sort')).toBe('descending');
  await area.getByRole('button').click();
  const plot = page.getByRole('img', { name: /^Histogram of area/ });
  const box = await plot.boundingBox();
  if (box === null) throw new Error('the histogram is on the screen');
  await page.mouse.move(box.x + 2, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.getByText(new RegExp(`of ${all} objects in`)).waitFor();
  await screenshot('objects-gated');
  await expectAccessible('objects that are chosen by a range');

  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await grid.getAttribute('aria-activedescendant')).toMatch(/^object-row-/);
  await page.keyboard.press('Enter');
  await page.getByRole('group', { name: 'Tools' }).waitFor();
  await screenshot('objects-annotate');

  // Back at the table, it is as it was left, and goes on.
  await page.keyboard.press('q');
  await page.getByText('Objects', { exact: true }).click();
  await grid.focus();
  const before = await grid.getAttribute('aria-activedescendant');
  expect(before).toMatch(/^object-row-/);
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => grid.getAttribute('aria-activedescendant')).not.toBe(before);
  expect(await grid.getByRole('row', { selected: true }).getAttribute('id')).not.toBe(before);
  expect(complaints).toEqual([]);
});
