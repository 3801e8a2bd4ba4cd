/**
 * Brush latency in a real Chromium: scripted pointer input on large label maps, in the built window over a real engine.
 * usage: brush.ts [--page dist/renderer] [--size 4096] [--huge 16384] [--seconds 6] [--viewport 1280x800]
 *        [--chromium /usr/bin/chromium] [--live] [--asked 5] [--helper]
 * (--size 0 leaves the usual size out, --huge 0 the largest)
 * --live: the same strokes on the usual size while a training goes on beside them (docs/live.md), and the time from the
 * key that asks for its prediction until some of it (`firstMs`: what is on the screen) and all of it (`wholeMs`) is shown.
 * --helper: the same strokes on the usual size while every pixel of it is classified from two scribbles (docs/assist.md);
 * `helper` says how far that was after the strokes, `threadsMiB` what each thread of the window holds then. No other helper goes on once the brush is in hand.
 * The last line is JSON. Frames are measured twice: `free` without the 60 Hz limit, where the time from one frame to
 * the next is what a frame costs (input, painting, raster, compositing); `paced` at 60 Hz, where it says whether the
 * screen keeps up. `longTasks`: tasks of the page above 50 ms; longer frames without one are the machine's, not the
 * painter's. Times in milliseconds.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type CDPSession, type Page } from 'playwright';
import sharp from 'sharp';
import { History } from '../../renderer/canvas/history.ts';
import { LabelLayer } from '../../renderer/canvas/label-layer.ts';
import { sweptDisc } from '../../renderer/canvas/shapes.ts';
import { imagePoint } from '../../renderer/canvas/viewport.ts';
import type { LiveState } from '../../shared/entities.ts';
import { startLive } from './bench-live.ts';
import { startBenchWindow } from './bench-window.ts';

const { values: flags } = parseArgs({
  options: {
    page: { type: 'string', default: 'dist/renderer' },
    size: { type: 'string', default: '4096' },
    huge: { type: 'string', default: '16384' },
    seconds: { type: 'string', default: '6' },
    viewport: { type: 'string', default: '1280x800' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    /** Keeps what a person would see. */
    screenshots: { type: 'string' },
    live: { type: 'boolean', default: false },
    asked: { type: 'string', default: '5' },
    helper: { type: 'boolean', default: false },
  },
});
const SIDE = Number(flags.size);
const HUGE = Number(flags.huge);
const SECONDS = Number(flags.seconds);
const ASKED = Number(flags.asked);
/** Images beside the three that are painted on. */
const LABELLED = 5;
const BRUSH_PX = 200;
/** A fast mouse. */
const POINTER_HZ = 250;
const [width = 1280, height = 800] = flags.viewport.split('x').map(Number);
const VIEWPORT = { width, height };

/** In the page: the times of frames between start and stop, and when the header says that all is saved. */
const RECORDER = `
window.recorder = { frames: [], longTasks: 0, moved: false, on: false, released: 0, savedAt: 0 };
new PerformanceObserver((list) => { if (recorder.on) recorder.longTasks += list.getEntries().length; })
  .observe({ entryTypes: ['longtask'] });
const tick = (at) => {
  if (recorder.on) recorder.frames.push({ at, painted: recorder.moved });
  recorder.moved = false;
  requestAnimationFrame(tick);
};
requestAnimationFrame(tick);
addEventListener('pointermove', () => { recorder.moved = true; }, true);
addEventListener('pointerup', () => { recorder.released = performance.now(); recorder.savedAt = 0; }, true);
const watch = () => {
  const state = document.querySelector('header [role="status"]');
  if (state === null) return setTimeout(watch, 50);
  new MutationObserver(() => {
    if (state.textContent.trim() === 'Saved' && recorder.savedAt === 0) recorder.savedAt = performance.now();
  }).observe(state, { childList: true, characterData: true, subtree: true });
};
watch();
`;

interface Frame {
  readonly at: number;
  /** The pointer had moved since the frame before. */
  readonly painted: boolean;
}

interface Frames {
  readonly frames: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly over50: number;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** From frames in which the brush moved to the next frame: without input there is nothing to paint or to wait for. */
function summarise(frames: readonly Frame[]): Frames {
  const gaps = frames.flatMap(({ at, painted }, i) => {
    const next = frames[i + 1];
    return painted && next !== undefined ? [next.at - at] : [];
  });
  const sorted = gaps.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN);
  return {
    frames: gaps.length,
    p50: quantile(0.5),
    p95: quantile(0.95),
    max: quantile(1),
    over50: gaps.filter((gap) => gap > 50).length,
  };
}

/** A grey picture with some structure at every scale, that compresses fast. */
async function writePicture(path: string, side: number, seed: number): Promise<void> {
  const data = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const row = Math.sin((y + seed * 97) / 61) * 40 + 110;
    for (let x = 0; x < side; x++) data[y * side + x] = row + (((x >> 3) ^ (y >> 3)) % 64);
  }
  const raw = { width: side, height: side, channels: 1 } as const;
  // 16,384² is one row more than sharp takes unasked.
  const picture = sharp(data, { raw, limitInputPixels: false }).toColourspace('b-w');
  await picture.png({ compressionLevel: 1 }).toFile(path);
}

/** Moves the mouse in loops over the middle of the canvas, as fast as a mouse reports, without waiting for answers. */
async function scribble(session: CDPSession, box: Box, seconds: number): Promise<void> {
  const started = performance.now();
  const pending: Promise<unknown>[] = [];
  for (;;) {
    const t = (performance.now() - started) / 1000;
    if (t > seconds) break;
    const x = box.x + box.width * (0.5 + 0.38 * Math.sin(2.1 * t));
    const y = box.y + box.height * (0.5 + 0.38 * Math.sin(3.7 * t + 1));
    pending.push(
      session.send('Input.dispatchMouseEvent', {
        type: 'mouseMoved',
        x,
        y,
        button: 'left',
        buttons: 1,
      }),
    );
    await new Promise((next) => setTimeout(next, 1000 / POINTER_HZ));
  }
  await Promise.all(pending);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function measureStroke(page: Page, session: CDPSession) {
  const box = await page.locator('canvas').boundingBox();
  if (box === null) throw new Error('there is no canvas');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.evaluate('recorder.frames = []; recorder.longTasks = 0; recorder.on = true');
  await scribble(session, box, SECONDS);
  const frames = await page.evaluate<Frame[]>('recorder.on = false, recorder.frames');
  await page.mouse.up();
  await page.waitForFunction('recorder.savedAt > 0', undefined, { timeout: 30_000 });
  const saved = await page.evaluate<number>('recorder.savedAt - recorder.released');
  const longTasks = await page.evaluate<number>('recorder.longTasks');
  return { ...summarise(frames), longTasks, strokeToSavedMs: round(saved) };
}

/** Milliseconds from a key until the image it asks for has been painted. */
async function timeNavigation(page: Page, key: string): Promise<number> {
  const name = await page.locator('header h1').textContent();
  await page.evaluate(`
    recorder.painted = new Promise((done) => {
      addEventListener('keydown', () => {
        const from = performance.now();
        const look = () => {
          const changed = document.querySelector('header h1').textContent !== ${JSON.stringify(name)};
          if (changed && document.querySelector('.loading') === null) {
            requestAnimationFrame(() => done(performance.now() - from));
          } else requestAnimationFrame(look);
        };
        look();
      }, { once: true, capture: true });
    });
    0`);
  await page.keyboard.press(key);
  return round(await page.evaluate<number>('recorder.painted'));
}

interface AnswerTimes {
  readonly firstMs: number;
  readonly wholeMs: number;
}

/** From the key that asks the training for its prediction: until the first of its answers, and all, have been painted. */
async function timeAnswer(page: Page): Promise<AnswerTimes> {
  await page.evaluate(`
    performance.clearResourceTimings();
    recorder.answered = new Promise((done) => {
      addEventListener('keydown', () => {
        const from = performance.now();
        let firstMs = null;
        const look = () => {
          const came = performance.getEntriesByType('resource').some(({ name }) => /\\/pixels\\/live\\?/.test(name));
          const isBusy = document.querySelector('aside [aria-busy="true"]') !== null;
          // Seen by one frame, shown by the next.
          if (came && firstMs === null) requestAnimationFrame(() => (firstMs = performance.now() - from));
          if (isBusy) return requestAnimationFrame(look);
          requestAnimationFrame(() => {
            const wholeMs = performance.now() - from;
            done({ firstMs: firstMs ?? wholeMs, wholeMs });
          });
        };
        requestAnimationFrame(look);
      }, { once: true, capture: true });
    });
    0`);
  await page.keyboard.press('t');
  const { firstMs, wholeMs } = await page.evaluate<AnswerTimes>('recorder.answered');
  return { firstMs: round(firstMs), wholeMs: round(wholeMs) };
}

async function setBrush(page: Page): Promise<void> {
  await page.keyboard.press('b');
  await page.getByLabel('Size in pixels').fill(String(BRUSH_PX));
  await page.getByLabel('Size in pixels').press('Enter');
  await page.evaluate('document.activeElement.blur()');
}

/** Two short strokes of two classes, from which every pixel is classified: resolves when that has begun. */
async function startHelper(page: Page): Promise<void> {
  const box = await page.locator('canvas').boundingBox();
  if (box === null) throw new Error('there is no canvas');
  const stroke = async (key: string, down: number) => {
    await page.keyboard.press(key);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * down);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 20, box.y + box.height * down, { steps: 4 });
    await page.mouse.up();
  };
  await page.keyboard.press('s');
  await stroke('1', 0.4);
  await stroke('0', 0.6);
  await page.getByText(/^Classifying: /).waitFor();
}

interface Usage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

/** MiB that each thread of the page holds: its objects and its arrays. */
async function threadsMiB(session: CDPSession): Promise<number[]> {
  const targets: string[] = [];
  session.on('Target.attachedToTarget', ({ sessionId }) => targets.push(sessionId));
  const answers = new Promise<number[]>((resolve) => {
    const found: number[] = [];
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { result } = JSON.parse(message) as { readonly result?: Usage };
      // Others are events.
      if (result === undefined) return;
      found.push(Math.round((result.usedSize + (result.backingStorageSize ?? 0)) / 2 ** 20));
      if (found.length === targets.length) resolve(found);
    });
  });
  // Without `flatten` messages to threads travel in messages to the page.
  const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
  await session.send('Target.setAutoAttach', attach);
  const message = JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' });
  for (const sessionId of targets)
    await session.send('Target.sendMessageToTarget', { message, sessionId });
  return targets.length === 0 ? [] : answers;
}

const helperState = (page: Page): Promise<string | null> =>
  page.getByText(/^(Classifying: |Learned from )/).textContent();

/** Opens the window on a dataset and runs `work` in Annotate. */
async function inAnnotate<T>(
  address: string,
  options: { free: boolean },
  work: (page: Page, session: CDPSession) => Promise<T>,
): Promise<T> {
  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(options.free ? ['--disable-frame-rate-limit', '--disable-gpu-vsync'] : []),
    ],
  });
  try {
    // The page forbids eval; waiting for a condition inside it needs it.
    const page = await browser.newPage({ viewport: VIEWPORT, bypassCSP: true });
    await page.goto(address);
    await page.waitForSelector('[data-ready="true"]');
    await page.keyboard.press('Control+2');
    await page.waitForSelector('canvas');
    await page.waitForFunction(
      'document.querySelector("canvas") && !document.querySelector(".loading")',
      undefined,
      { timeout: 120_000 },
    );
    await page.evaluate(RECORDER);
    return await work(page, await page.context().newCDPSession(page));
  } finally {
    await browser.close();
  }
}

/** 500 strokes of the brush on one layer: what undoing all of them costs in memory. */
function measureUndo() {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const layer = new LabelLayer(SIDE, SIDE);
  const history = new History();
  const started = performance.now();
  for (let stroke = 0; stroke < 500; stroke++) {
    const edit = layer.edit();
    let from = imagePoint(
      ((stroke * 7919) % 997) * (SIDE / 997),
      ((stroke * 104_729) % 991) * (SIDE / 991),
    );
    for (let step = 1; step <= 40; step++) {
      const to = imagePoint(
        from.x + 60 * Math.cos(stroke + step / 9),
        from.y + 60 * Math.sin(stroke * 1.7 + step / 7),
      );
      const paint = { value: 1 + (stroke % 9), only: null };
      sweptDisc(from, to, {
        radius: BRUSH_PX / 2,
        visit: (y, x0, x1) => edit.fillSpan(y, x0, x1, paint),
      });
      from = to;
    }
    history.commit(edit, { kind: 'record', label: 'stroke' });
  }
  const msPerStroke = (performance.now() - started) / 500;
  globalThis.gc?.();
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const undoStarted = performance.now();
  history.goTo(0);
  return {
    strokes: history.entries.length,
    historyMb: round(history.bytes / 2 ** 20),
    withLabelMapMb: round(grown / 2 ** 20),
    msPerStroke: round(msPerStroke),
    msPerUndo: round((performance.now() - undoStarted) / 500),
  };
}

const undo = SIDE > 0 ? measureUndo() : null;
const dir = mkdtempSync(join(tmpdir(), 'graft-bench-'));
const { engine, server } = await startBenchWindow({ dir, page: flags.page, trains: flags.live });

/** A project of blank grey images. */
async function createProject(name: string, side: number, images: number): Promise<string> {
  const folder = join(dir, name);
  const project = join(dir, `${name}.graft`);
  mkdirSync(join(folder, 'images'), { recursive: true });
  for (let i = 0; i < images; i++) {
    await writePicture(join(folder, 'images', `${i}.png`), side, i);
  }
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name, path: folder });
  return project;
}

async function onProject<T>(project: string, work: () => Promise<T>): Promise<T> {
  await engine.call('project.open', { path: project });
  try {
    return await work();
  } finally {
    await engine.call('project.close', { project });
  }
}

try {
  const measureLarge = async () => {
    const project = join(dir, 'large.graft');
    const stateNow = (): Promise<LiveState> => engine.call('live.state', { project });
    if (flags.live) await startLive(engine, { project, labelled: LABELLED, side: SIDE });
    const run = (free: boolean) =>
      inAnnotate(server.launchUrl(), { free }, async (page, session) => {
        if (flags.helper) await startHelper(page);
        await setBrush(page);
        const before = flags.live ? (await stateNow()).step : 0;
        const fitted = await measureStroke(page, session);
        await page.keyboard.press('End');
        const actual = await measureStroke(page, session);
        const helper = flags.helper
          ? { helper: await helperState(page), threadsMiB: await threadsMiB(session) }
          : {};
        if (flags.screenshots !== undefined && free)
          await page.screenshot({ path: join(flags.screenshots, 'brush-large.png') });
        await page.waitForTimeout(1500);
        const next = await timeNavigation(page, 'd');
        const painted = { fitted, actual, nextImageMs: next, ...helper };
        if (!flags.live) return painted;
        const trained = (await stateNow()).step - before;
        const answers: AnswerTimes[] = [];
        for (let i = 0; i < ASKED; i++) answers.push(await timeAnswer(page));
        if (flags.screenshots !== undefined)
          await page.screenshot({ path: join(flags.screenshots, 'brush-live.png') });
        return { ...painted, stepsMeanwhile: trained, phase: (await stateNow()).phase, answers };
      });
    return { free: await run(true), paced: await run(false) };
  };
  const large =
    SIDE > 0
      ? await onProject(
          await createProject('large', SIDE, flags.live ? 3 + LABELLED : 3),
          measureLarge,
        )
      : null;
  let huge: unknown = null;
  if (HUGE > 0) {
    const path = await createProject('huge', HUGE, 1);
    huge = await onProject(path, () => {
      const started = performance.now();
      return inAnnotate(server.launchUrl(), { free: true }, async (page, session) => {
        const openMs = round(performance.now() - started);
        await setBrush(page);
        const fitted = await measureStroke(page, session);
        await page.keyboard.press('End');
        const actual = await measureStroke(page, session);
        if (flags.screenshots !== undefined)
          await page.screenshot({ path: join(flags.screenshots, 'brush-huge.png') });
        return { openMs, fitted, actual };
      });
    });
  }
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} threads, software rendering`;
  console.log(
    JSON.stringify({
      side: SIDE,
      brushPx: BRUSH_PX,
      viewport: VIEWPORT,
      machine,
      large,
      huge,
      undo,
    }),
  );
} finally {
  await server.close();
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
}
