/**
 * From the key *Predict this image* to the overlay on the screen, in a real Chromium, the built window and a real engine:
 * a model of a few steps that sees patches at full resolution, and images of several sides. `first`: the process of the
 * predictor begins with it and loads the network; `again`: the median of the next ones.
 * usage: predict-image.ts [--sides 256,1024,4096] [--patch 256] [--steps 20] [--repeats 3] [--live]
 *        [--page dist/renderer] [--chromium /usr/bin/chromium]
 * --live: the same while a training goes on beside it (docs/live.md). The last line is JSON; times in milliseconds.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright';
import sharp from 'sharp';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { startBenchWindow } from './bench-window.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    sides: { type: 'string', default: '256,1024,4096' },
    patch: { type: 'string', default: '256' },
    steps: { type: 'string', default: '20' },
    repeats: { type: 'string', default: '3' },
    live: { type: 'boolean', default: false },
    page: { type: 'string', default: 'dist/renderer' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});
const sides = flags.sides.split(',').map(Number);
const repeats = Number(flags.repeats);
const TRAINED = 8;
const LONGEST_MS = 600_000;

/** Bright discs of several sizes on a darker ground with some structure. */
async function writePicture(path: string, side: number): Promise<void> {
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const radius = 10 + (((x >> 6) * 7 + (y >> 6) * 5) % 18);
      const inside = ((x & 63) - 32) ** 2 + ((y & 63) - 32) ** 2 < radius ** 2;
      data.fill(
        (inside ? 170 : 60) + (((x * 7) ^ (y * 13)) % 40),
        3 * (y * side + x),
        3 * (y * side + x) + 3,
      );
    }
  }
  const raw = { width: side, height: side, channels: 3 } as const;
  await sharp(data, { raw }).png({ compressionLevel: 1 }).toFile(path);
}

async function trainModel(engine: Engine, project: string): Promise<void> {
  const { id: datasetId } = await engine.call('datasets.generate', {
    ...{ project, name: 'trained', generator: 'texshapes-source', count: TRAINED },
    ...{ sizePx: 512, seed: 1 },
  });
  const { run } = await engine.call('models.train', {
    ...{ project, datasetId, name: 'benchmark', steps: Number(flags.steps) },
    settings: { mode: 'patches', sizePx: Number(flags.patch) },
  });
  for (;;) {
    const { run: now } = await engine.call('runs.get', { project, runId: run.id });
    if (now.status === 'done') return;
    if (now.status === 'failed') throw new Error(now.error?.message ?? 'the training failed');
    await new Promise((next) => setTimeout(next, 500));
  }
}

const answers = (page: Page) => page.getByText(/^Whole image · uncertainty/);

/** Presses the key, and waits for the answer and the frame that shows it. */
async function predictOnce(page: Page): Promise<number> {
  const start = performance.now();
  await page.keyboard.press('m');
  await answers(page).waitFor({ state: 'detached' });
  await answers(page).waitFor({ timeout: LONGEST_MS });
  // The answer is in the panel before it is painted: two frames later it is on the screen.
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
  );
  return performance.now() - start;
}

async function startTraining(engine: Engine, project: string): Promise<void> {
  const datasets = await engine.call('datasets.list', { project });
  const datasetId = datasets.find(({ name }) => name === 'trained')?.id ?? 0;
  await engine.call('live.start', { project, datasetId });
  await new Promise<void>((resolve, reject) => {
    const stop = engine.subscribe((event) => {
      if (event.type !== 'live.state') return;
      const { phase, step, why } = event.state;
      if (phase === 'failed') reject(new Error(why ?? 'the training failed'));
      if (step < 3) return;
      stop();
      resolve();
    });
  });
}

const dir = mkdtempSync(join(tmpdir(), 'graft-bench-'));
const project = join(dir, 'p.graft');
const maker = createEngine({ settingsPath: join(dir, 'maker.json') });
await maker.call('project.create', { path: project });
const folder = join(dir, 'images');
mkdirSync(folder);
// In the order in which they are gone through.
for (const [i, side] of sides.entries()) await writePicture(join(folder, `${i}.png`), side);
await maker.call('datasets.import', { project, name: 'asked', path: folder });
await trainModel(maker, project);
await maker.close();

const { engine, server } = await startBenchWindow({ dir, page: flags.page, trains: true });
await engine.call('project.open', { path: project });
if (flags.live) await startTraining(engine, project);
const browser = await chromium.launch({
  executablePath: flags.chromium,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    bypassCSP: true,
  });
  await page.goto(server.launchUrl());
  await page.locator('[data-ready="true"]').waitFor();
  const rows: Row[] = [];
  await page.keyboard.press('Control+2');
  for (const [i, side] of sides.entries()) {
    if (i > 0) await page.keyboard.press('d');
    await page.getByText(`${side} × ${side} px`).waitFor();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const first = await predictOnce(page);
    const again: number[] = [];
    for (let i = 0; i < repeats; i++) again.push(await predictOnce(page));
    const median = again.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? NaN;
    rows.push({ side, beside: flags.live ? 'a training' : 'nothing', first, again: median });
  }
  report('from the key to the overlay', rows);
} finally {
  await browser.close();
  await server.close();
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
}
