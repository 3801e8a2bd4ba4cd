/** Charts are read by pointer and keys, zoomed by their axes, and saved as they are seen. On the sample's study. */
import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraftWindow, openGraft, whyNoWindow } from './graft-window.ts';

const obstacle = whyNoWindow();
const PIXELS_PER_UNIT = 3;
const MARGIN = 12;

describe('charts', () => {
  let graft: GraftWindow | undefined;
  const window = (): GraftWindow => {
    if (graft === undefined) throw new Error('the window is not open');
    return graft;
  };
  /** Moves the pointer to shares of a chart's width and height. */
  const point = async (chart: Locator, x: number, y: number): Promise<void> => {
    const box = await chart.boundingBox();
    if (box === null) throw new Error('the chart is not in the page');
    await window().page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  };
  const readout = () => window().page.locator('.readout');
  /** Values below the x axis of a chart. */
  const ticks = async (chart: Locator): Promise<number[]> => {
    const texts = await chart.locator('svg.chart text.middle').allTextContents();
    return texts.map((text) => Number(text.replace('−', '-'))).filter(Number.isFinite);
  };
  const tab = (name: string) =>
    window().page.getByRole('radiogroup', { name: 'What is shown' }).getByText(name).click();
  const enlarge = async (title: string): Promise<Locator> => {
    const { page } = window();
    await page.getByRole('button', { name: `Save or enlarge: ${title}` }).click();
    await page.getByRole('menuitem', { name: 'Enlarge' }).click();
    const dialog = page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    return dialog;
  };
  const save = async (button: string, format: RegExp): Promise<string> => {
    const { page } = window();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('menuitem', { name: format }).first().click();
    return (await download).path();
  };

  beforeAll(async () => {
    if (obstacle !== null) return;
    graft = await openGraft();
    await graft.page.getByRole('button', { name: /sample project/ }).click();
    await graft.page.getByText('All verdicts').waitFor();
  });
  afterAll(async () => graft?.close());

  it('say what stands where the pointer is', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const forest = window()
      .page.getByRole('application', { name: /^Does the encoder help/ })
      .first();
    await forest.scrollIntoViewIfNeeded();
    await point(forest, 0.05, 0.36);
    await expect.poll(() => readout().textContent()).toMatch(/Segmentation, 4\slabels/);
    expect(await readout().textContent()).toMatch(/\+0\.\d{3}\s*\[\+0\.\d{3}, \+0\.\d{3}\]/);
    await point(forest, 0.05, 0.54);
    await expect.poll(() => readout().textContent()).toMatch(/Segmentation, 16\slabels/);

    await tab('Curves');
    const curve = window().page.getByRole('application').first();
    await curve.scrollIntoViewIfNeeded();
    const steps = new Set<string>();
    for (const share of [0.3, 0.45, 0.6, 0.75, 0.9]) {
      await point(curve, share, 0.5);
      await expect.poll(() => readout().count()).toBe(1);
      steps.add((await readout().locator('.heading').textContent()) ?? '');
    }
    // A learning curve has fewer markers than places where it is read.
    expect([...steps].every((step) => /^Step \d+$/.test(step))).toBe(true);
    expect(steps.size).toBe(5);
    expect(await readout().locator('svg').count()).toBe(
      await window().page.locator('.legend li').count(),
    );
    await window().page.mouse.move(2, 2);
    await expect.poll(() => readout().count()).toBe(0);
  });

  it('show their readings wholly within the window', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.setViewportSize({ width: 900, height: 600 });
    const curve = page.getByRole('application').last();
    await curve.scrollIntoViewIfNeeded();
    await point(curve, 0.93, 0.95);
    await readout().waitFor();
    const box = await readout().boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(900);
    expect((box?.y ?? 0) + (box?.height ?? Infinity)).toBeLessThanOrEqual(600);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.mouse.move(2, 2);
  });

  it('are read by keys', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    const curve = page.getByRole('application').first();
    const spoken = page.locator('[aria-live=polite]').filter({ hasText: 'Step' });
    await curve.focus();
    await page.keyboard.press('End');
    const last = await spoken.textContent();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => spoken.textContent()).not.toBe(last);
    expect(await spoken.textContent()).toMatch(/^Step \d+: random start 0\.\d{3} \[/);
    await readout().waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => readout().count()).toBe(0);
  });

  it('are zoomed by a drag or keys, drawn anew and saved as seen', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    const dialog = await enlarge('Learning curves');
    const curve = dialog.getByRole('application').first();
    await expect.poll(() => ticks(curve)).not.toEqual([]);
    const whole = await ticks(curve);
    const drag = async () => {
      await point(curve, 0.4, 0.5);
      await page.mouse.down();
      await point(curve, 0.6, 0.5);
      await page.mouse.up();
      await page.mouse.move(2, 2);
    };
    await drag();
    await expect.poll(() => ticks(curve)).not.toEqual(whole);
    const seen = await ticks(curve);
    expect(Math.min(...seen)).toBeGreaterThan(Math.min(...whole));
    expect(Math.max(...seen)).toBeLessThan(Math.max(...whole));
    // Panels beside each other stay comparable.
    expect(await ticks(dialog.getByRole('application').last())).toEqual(seen);
    const [, , width] = ((await curve.locator('svg.chart').getAttribute('viewBox')) ?? '')
      .split(' ')
      .map(Number);
    for (const line of await curve.locator('polyline').all()) {
      const xs = ((await line.getAttribute('points')) ?? '')
        .trim()
        .split(' ')
        .filter((_, i) => i % 2 === 0)
        .map(Number);
      expect(Math.min(...xs)).toBeGreaterThanOrEqual(44);
      expect(Math.max(...xs)).toBeLessThanOrEqual((width ?? 0) - 15.9);
    }
    await window().expectAccessible('a zoomed chart');
    await window().screenshot('charts-zoomed');

    const saved = readFileSync(await save('Save: Learning curves', /^SVG:/), 'utf8');
    for (const tick of seen) expect(saved).toContain(`>${tick}</text>`);
    expect(saved).not.toContain(`>${Math.max(...whole)}</text>`);
    expect(saved).not.toMatch(/crosshair|var\(--/);

    await page.getByRole('button', { name: 'Whole' }).click();
    await expect.poll(() => ticks(curve)).toEqual(whole);
    await curve.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect.poll(() => ticks(curve)).not.toEqual(whole);
    await page.keyboard.press('0');
    await expect.poll(() => ticks(curve)).toEqual(whole);
    await drag();
    await expect.poll(() => ticks(curve)).toEqual(seen);
    await point(curve, 0.5, 0.5);
    await page.mouse.dblclick(...(await centre(curve)));
    await expect.poll(() => ticks(curve)).toEqual(whole);
    // Escape leaves the reading first, then the dialog.
    await page.mouse.move(2, 2);
    await curve.focus();
    await page.keyboard.press('ArrowRight');
    await readout().waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => readout().count()).toBe(0);
    expect(await dialog.isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('keep the zoom of live curves until the whole is asked for', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.keyboard.press('Control+5');
    await page.getByText('45 of 45 runs done').waitFor();
    const live = page.getByRole('application', { name: /^Validation Dice/ }).first();
    await expect.poll(() => ticks(live)).not.toEqual([]);
    const whole = await ticks(live);
    expect(await page.getByRole('button', { name: 'Whole' }).count()).toBe(0);
    await point(live, 0.3, 0.5);
    await page.mouse.down();
    await point(live, 0.5, 0.5);
    await page.mouse.up();
    await expect.poll(() => ticks(live)).not.toEqual(whole);
    await page.getByRole('button', { name: 'Whole' }).click();
    await expect.poll(() => ticks(live)).toEqual(whole);
  });

  it('have the window’s font in a PNG', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.keyboard.press('Control+6');
    await tab('Scores');
    const chart = page.locator('svg.chart').first();
    /** In units of the drawing, in the window's font. */
    const [title, whole] = [
      await chart.locator('text.strong').first().boundingBox(),
      await chart.boundingBox(),
    ];
    const length = (760 * (title?.width ?? 0)) / (whole?.width ?? 1);
    const file = await save('Save or enlarge: Dice', /^PNG:/);
    const { data, info } = await sharp(file)
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.width).toBe(PIXELS_PER_UNIT * (760 + 2 * MARGIN));
    // The title is alone in its lines of pixels: how far its ink reaches is its length.
    const rows = { from: PIXELS_PER_UNIT * (MARGIN + 4), to: PIXELS_PER_UNIT * (MARGIN + 12) };
    let end = 0;
    for (let y = rows.from; y < rows.to; y += 1)
      for (let x = end; x < info.width; x += 1)
        if ((data[(y * info.width + x) * info.channels] ?? 255) < 128) end = x;
    expect(Math.abs(end / PIXELS_PER_UNIT - MARGIN - length)).toBeLessThan(1.5);
  });
});

async function centre(chart: Locator): Promise<[number, number]> {
  const box = await chart.boundingBox();
  if (box === null) throw new Error('the chart is not in the page');
  return [box.x + box.width / 2, box.y + box.height / 2];
}
