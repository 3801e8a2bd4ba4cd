/**
 * A library of many images in a real Chromium, in the built window over a real engine: how soon it opens, how evenly it
 * scrolls, how fast a filter answers, how soon Annotate shows an image out of it.
 * usage: library.ts [--page dist/renderer] [--images 20000] [--seconds 4] [--chromium /usr/bin/chromium]
 * The last line is JSON. Times in milliseconds; every image has pixels and labels of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright';
import { encodePng } from '../../engine/data/encode.ts';
import { cellsGenerator } from '../../engine/data/generators/cells.ts';
import { sha256 } from '../../engine/sha256.ts';
import { createProject } from '../../engine/db/project.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';
import { marked } from './bench-project.ts';
import { startBenchWindow } from './bench-window.ts';

const { values: flags } = parseArgs({
  options: {
    page: { type: 'string', default: 'dist/renderer' },
    images: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '4' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});
const IMAGES = Number(flags.images);
const SIDE_PX = 64;
/** Pictures that differ; the rest repeat them under other names and hashes. */
const DIFFERENT = 200;
const VIEWPORT = { width: 1280, height: 800 };
/** One notch of a mouse wheel, and notches a second of somebody in a hurry. */
const NOTCH_PX = 120;
const NOTCHES_PER_SECOND = 30;

const round = (value: number) => Math.round(value * 10) / 10;

async function writeProject(path: string): Promise<void> {
  const drawn = await Promise.all(
    Array.from({ length: DIFFERENT }, async (_, i) => {
      const { image, labelMap } = cellsGenerator.draw(i, { sizePx: SIDE_PX, seed: 0 });
      return { bytes: await encodePng(image), labels: encodeLabelMap(labelMap) };
    }),
  );
  const project = createProject(path);
  project.transaction(() => {
    const { classes, imageClasses } = cellsGenerator;
    const origin = { generator: cellsGenerator.name };
    const datasetId = project.datasets.create({ name: 'many', origin, classes, imageClasses });
    for (let i = 0; i < IMAGES; i++) {
      const { bytes: png, labels } = drawn[i % DIFFERENT] ??
        drawn[0] ?? { bytes: new Uint8Array(), labels: new Uint8Array() };
      const bytes = marked(png, String(i));
      const imageId = project.datasets.addImage({
        datasetId,
        name: `${String(i).padStart(5, '0')}.png`,
        widthPx: SIDE_PX,
        heightPx: SIDE_PX,
        channels: 1,
        bitDepth: 8,
        hash: sha256(bytes),
        page: 0,
        groupName: null,
        imageClass: null,
        source: { bytes },
      });
      project.labelMaps.add({ imageId, author: 'generated', bytes: labels });
    }
  });
  project.close();
}

/** In the page: resolves with the time from now until every picture in sight is there, and one frame later. */
const UNTIL_SHOWN = `new Promise((done) => {
  const from = performance.now();
  const look = () => {
    const pictures = [...document.querySelectorAll('[role="option"] img')];
    const there = pictures.length > 8 && pictures.every((one) => one.complete && one.naturalWidth > 0);
    if (there) requestAnimationFrame(() => done(performance.now() - from));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

/** Milliseconds from a change of a control until the grid that follows from it has been painted. */
async function timeFilter(page: Page, label: string, value: string): Promise<number> {
  const took = await page.evaluate<number>(`new Promise((done, fail) => {
    const control = document.querySelector('select[aria-label="${label}"]');
    const count = () => document.querySelector('p.number[role="status"]')?.textContent;
    const before = count();
    const from = performance.now();
    control.value = ${JSON.stringify(value)};
    control.dispatchEvent(new Event('change', { bubbles: true }));
    const look = () => {
      if (count() !== before)
        requestAnimationFrame(() => done(performance.now() - from));
      else if (performance.now() - from > 10000)
        fail(new Error('the number of images in sight does not change'));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  })`);
  return round(took);
}

async function scroll(page: Page) {
  const box = await page.getByRole('listbox', { name: 'Images' }).boundingBox();
  if (box === null) throw new Error('there is no grid');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(`
    window.frameTimes = [];
    window.scrolling = true;
    window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
      .observe({ entryTypes: ['longtask'] });
    const tick = (at) => { if (scrolling) { frameTimes.push(at); requestAnimationFrame(tick); } };
    requestAnimationFrame(tick); 0`);
  const started = performance.now();
  let notches = 0;
  while (performance.now() - started < Number(flags.seconds) * 1000) {
    await page.mouse.wheel(0, NOTCH_PX);
    notches++;
    await page.waitForTimeout(1000 / NOTCHES_PER_SECOND);
  }
  const at = await page.evaluate<number[]>('scrolling = false, frameTimes');
  const gaps = at
    .slice(1)
    .map((one, i) => one - (at[i] ?? one))
    .sort((a, b) => a - b);
  const quantile = (share: number) =>
    round(gaps[Math.min(gaps.length - 1, Math.floor(share * gaps.length))] ?? NaN);
  return {
    notches,
    frames: gaps.length,
    p50: quantile(0.5),
    p95: quantile(0.95),
    max: quantile(1),
    /** Tasks of the page above 50 ms: longer frames without them are the machine's. */
    longTasks: await page.evaluate<number>('longTasks.length'),
  };
}

const dir = mkdtempSync(join(tmpdir(), 'graft-bench-'));
const project = join(dir, 'many.graft');
await writeProject(project);
const { engine, server } = await startBenchWindow({ dir, page: flags.page });
await engine.call('project.open', { path: project });
const browser = await chromium.launch({
  executablePath: flags.chromium,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  // The page forbids eval; waiting for a condition inside it needs it.
  const page = await browser.newPage({ viewport: VIEWPORT, bypassCSP: true });
  await page.goto(server.launchUrl());
  await page.evaluate(UNTIL_SHOWN);
  // From another view to the library, as for the first time: the list is asked for anew after the reload.
  await page.keyboard.press('Control+4');
  await page.getByRole('listbox', { name: 'Images' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('[data-ready="true"]').waitFor();
  await page.getByRole('button', { name: /^Library/ }).waitFor();
  const shown = page.evaluate<number>(UNTIL_SHOWN);
  await page.keyboard.press('Control+1');
  const firstOpenMs = round(await shown);
  await page.keyboard.press('Control+4');
  await page.getByRole('listbox', { name: 'Images' }).waitFor({ state: 'detached' });
  const again = page.evaluate<number>(UNTIL_SHOWN);
  await page.keyboard.press('Control+1');
  const openAgainMs = round(await again);
  const scrolling = await scroll(page);
  await page.waitForTimeout(1000);
  const filterMs = {
    unlabelled: await timeFilter(page, 'Labelled', 'unlabelled'),
    all: await timeFilter(page, 'Labelled', 'all'),
  };
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} threads, software rendering`;
  console.log(
    JSON.stringify({ images: IMAGES, machine, firstOpenMs, openAgainMs, scrolling, filterMs }),
  );
} finally {
  await browser.close();
  await server.close();
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
}
