/** Windows of 1280 px, and half of that, which is what 200 % leaves of them: nothing is cut off that has room, or lies over anything else. */
import type { Locator, Page } from 'playwright';
import { expect, it, onTestFinished } from 'vitest';
import { openGraft, whyNoWindow } from './graft-window.ts';

/** CSS pixels by which the right edge of what `inside` matches lies beyond that of `around`; below 1 it is rounding. */
async function beyond(page: Page, inside: string, around: string): Promise<number> {
  const rightOf = async (place: Locator) => {
    const box = await place.boundingBox();
    return box === null ? -Infinity : box.x + box.width;
  };
  const edges = await Promise.all((await page.locator(inside).all()).map(rightOf));
  return Math.max(...edges) - (await rightOf(page.locator(around).first()));
}

it('shows the name of a dataset in full at 1280 px, and keeps tools and curves within their place at 640', async (ctx) => {
  const why = whyNoWindow();
  if (why !== null) ctx.skip(why);
  const { page, close } = await openGraft();
  onTestFinished(close);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('button', { name: /sample project/ }).click();
  await page.getByText('All verdicts').waitFor();
  await page.keyboard.press('Control+1');
  const name = page.getByRole('heading', { name: 'Textures (source)', level: 1 });
  await name.waitFor();
  const heading = `document.querySelector('.view-head h1')`;
  const cut = await page.evaluate(`${heading}.scrollWidth - ${heading}.clientWidth`);
  expect(cut).toBe(0);
  await page.getByRole('button', { name: 'Add images …' }).waitFor();

  await page.setViewportSize({ width: 640, height: 400 });
  await page.getByRole('main').getByRole('button', { name: 'Annotate', exact: true }).click();
  await page.getByText('Keep other classes').waitFor();
  expect(await beyond(page, '.options label', '.options')).toBeLessThan(1);
  expect(await beyond(page, '.info > *', '.info')).toBeLessThan(1);
  await page.getByRole('button', { name: /^Back to the library/ }).click();
  await page.getByRole('navigation').getByRole('button', { name: 'Studies' }).click();
  await page.getByText('Validation Dice', { exact: true }).waitFor();
  expect(await beyond(page, '.heading > *', '.heading')).toBeLessThan(1);
});
