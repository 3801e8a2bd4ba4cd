/** No stroke older than a second is lost, whoever is killed: the engine, the window, or the line between them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { openProjectReadonly } from '../../engine/db/project.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { type GraftWindow, openGraft, whyNoWindow } from './graft-window.ts';

const obstacle = whyNoWindow();
/** What may be lost at most. */
const SECOND_MS = 1000;
const SIDE = 64;

async function projectWithImages(folder: string): Promise<string> {
  const project = join(folder, 'shapes.graft');
  const engine = createEngine({ engine: 'wasm' });
  await engine.call('project.create', { path: project });
  await engine.call('datasets.generate', {
    project,
    name: 'shapes',
    generator: 'cells',
    count: 2,
    sizePx: SIDE,
  });
  await engine.close();
  return project;
}

/** Class ids of the first image as they are on disk, row by row. */
function labelsOnDisk(project: string): Uint8Array {
  const db = openProjectReadonly(project);
  try {
    const [dataset] = db.datasets.list();
    const [image] = db.datasets.images(dataset?.id ?? 0);
    const bytes = db.labelMaps.bytes(image?.labelMapId ?? 0);
    if (bytes === undefined) throw new Error('there are no labels on disk');
    return decodeLabelMap(bytes).data;
  } finally {
    db.close();
  }
}

/** Pixels of the row that hold the ignore class, which no generator draws. */
const ignoredInRow = (data: Uint8Array, row: number) =>
  data.subarray(row * SIDE, (row + 1) * SIDE).filter((value) => value === 255).length;

async function annotating(
  { onTestFinished }: TestContext,
  { ownBrowser = false } = {},
): Promise<{
  graft: GraftWindow;
  project: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'graft-crash-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const project = await projectWithImages(folder);
  const graft = await openGraft({ ownBrowser, projects: [project] });
  onTestFinished(() => graft.close());
  const { page } = graft;
  await page.getByRole('listbox', { name: 'Images' }).getByRole('option').first().dblclick();
  await page.locator('canvas').waitFor();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  await expect
    .poll(async () => (await page.locator('canvas').boundingBox())?.width ?? 0)
    .toBeGreaterThan(100);
  // Shares of the classes are counted once image and labels are there.
  await page.getByRole('list', { name: 'Classes' }).getByText('%').first().waitFor();
  await page.keyboard.press('i');
  await page.getByRole('button', { name: /^Ignore/, pressed: true }).waitFor();
  await page.keyboard.press('b');
  return { graft, project };
}

/** Draws along a row of the image, which is fitted into the canvas. */
async function drawRow({ page }: GraftWindow, row: number): Promise<void> {
  const box = await page.locator('canvas').boundingBox();
  if (box === null) throw new Error('the canvas is not shown');
  const scale = (Math.min(box.width, box.height) * 0.96) / SIDE;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const y = middle.y + (row + 0.5 - SIDE / 2) * scale;
  await page.mouse.move(middle.x - 20 * scale, y);
  await page.mouse.down();
  await page.mouse.move(middle.x + 20 * scale, y, { steps: 6 });
  await page.mouse.up();
}

/** A second, and on a machine that is busy with other things until the window says that all is saved. */
async function untilSaved({ page }: GraftWindow): Promise<void> {
  await page.waitForTimeout(SECOND_MS);
  await page.getByText('Saved', { exact: true }).first().waitFor();
}

// Most of their time they wait: for the second, and for an engine that is gone.
describe.concurrent('a stroke', () => {
  it('is on disk a second later, though the engine is killed then', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { graft, project } = await annotating(ctx);
    expect(ignoredInRow(labelsOnDisk(project), 20)).toBe(0);
    await drawRow(graft, 20);
    await untilSaved(graft);
    await graft.killEngine();
    expect(ignoredInRow(labelsOnDisk(project), 20)).toBeGreaterThan(38);
  });

  it('is on disk a second later, though the window is killed then', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { graft, project } = await annotating(ctx, { ownBrowser: true });
    await drawRow(graft, 20);
    await untilSaved(graft);
    await graft.crashBrowser();
    await graft.killEngine();
    expect(ignoredInRow(labelsOnDisk(project), 20)).toBeGreaterThan(38);
  });

  it('drawn while the engine is away is saved when it is back, and the window says so', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { graft, project } = await annotating(ctx);
    const { page } = graft;
    await drawRow(graft, 14);
    await untilSaved(graft);
    await graft.killEngine();
    await page.getByText('The engine stopped answering').waitFor();
    await drawRow(graft, 44);
    await page.getByText('Not saved').first().waitFor();
    await graft.screenshot('crash-engine-away');
    await graft.restartEngine();
    await page.getByText('The engine is back').waitFor();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const labels = labelsOnDisk(project);
    expect(ignoredInRow(labels, 14)).toBeGreaterThan(38);
    expect(ignoredInRow(labels, 44)).toBeGreaterThan(38);
    // And the work goes on.
    await drawRow(graft, 50);
    await untilSaved(graft);
    expect(ignoredInRow(labelsOnDisk(project), 50)).toBeGreaterThan(38);
  });
});
