/**
 * The everyday loop on real images: from an empty home to a first trained network and its predictions on the rest, through
 * the built window, in minutes and clicks; then Dice after 4, 8 and 16 labelled images, from random weights and from an
 * encoder that was pretrained on the same images.
 * usage: everyday-loop.ts [--images DIR] [--minutes 0.75] [--pretrain-steps 400] [--labels 4,8,16] [--page dist/renderer]
 *        [--chromium PATH] [--no-window | --window-only]
 * DIR holds images/ and masks/ (default: ../shared/data/dsb2018/histology, whose masks are the truth). The last line is JSON.
 * On an idle machine of two cores some 10 minutes: `minutes` is the time of each of the seven trainings.
 *
 * The annotator: takes the images that Graft suggests, in its order. Without a prediction every pixel is drawn as in the truth.
 * Else the prediction is corrected: wrong pixels that touch make a region; the largest is corrected whole, then the next, until
 * nine of ten wrong pixels are right or 20 regions are done; what is left stays wrong in the label. Every third image of the
 * folder is never labelled: Dice is the mean over these. How many of the labelled ones a model holds out is its own rule.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Locator, type Page } from 'playwright';
import { headlessShell } from '../../build/test-browser.mjs';
import { connectedComponents } from '../../engine/data/components.ts';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { startServer } from '../../engine/server.ts';
import { NetworkConfig, SamplingConfig } from '../../shared/entities.ts';
import { decodeLabelMap, encodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { pretrainingPreset } from '../../shared/presets.ts';

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '../shared/data/dsb2018/histology' },
    minutes: { type: 'string', default: '0.75' },
    'pretrain-steps': { type: 'string', default: '400' },
    labels: { type: 'string', default: '4,8,16' },
    page: { type: 'string', default: 'dist/renderer' },
    chromium: { type: 'string', default: headlessShell() ?? '/usr/bin/chromium' },
    'no-window': { type: 'boolean', default: false },
    'window-only': { type: 'boolean', default: false },
  },
});
const MINUTES = Number(flags.minutes);
if (!(MINUTES >= 0.1)) throw new Error('--minutes: at least 0.1, as in the window');
const COUNTS = flags.labels.split(',').map(Number);
/** Every so manieth image is never labelled. */
const UNSEEN = 3;
const CORRECTED_SHARE = 0.9;
const MOST_REGIONS = 20;
const FOREGROUND = 1;
/** Of the browser for one thing: the longest is the training, with its preparation and its scores. */
const LONGEST_WAIT_MS = 15 * 60_000 + 8 * 60_000 * MINUTES;
/** Nothing of it takes as long: whatever hangs beside the browser ends the script, too. */
const LONGEST_MS = 60 * 60_000 + 40 * 60_000 * MINUTES;

const round = (value: number, digits = 3) => Number(value.toFixed(digits));

/** By name of the image. */
type Truth = ReadonlyMap<string, LabelMap>;

/** Images that may be labelled and those that never are, in folders of their own, without masks. */
function divided(from: string, to: string) {
  const folders = { pool: join(to, 'pool'), unseen: join(to, 'unseen') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  for (const [i, name] of readdirSync(join(from, 'images')).sort().entries()) {
    const folder = i % UNSEEN === UNSEEN - 1 ? folders.unseen : folders.pool;
    copyFileSync(join(from, 'images', name), join(folder, name));
  }
  return folders;
}

async function truthOf(engine: Engine, from: string, dir: string): Promise<Truth> {
  const { path: project } = await engine.call('project.create', { path: join(dir, 'truth.graft') });
  const { datasetId } = await engine.call('datasets.import', {
    project,
    name: 'truth',
    path: from,
  });
  const { db } = engine.project(project);
  const maps = db.datasets.images(datasetId).flatMap(({ name, labelMapId }) => {
    const bytes = labelMapId === null ? undefined : db.labelMaps.bytes(labelMapId);
    return bytes === undefined ? [] : [[nameOf(name), decodeLabelMap(bytes)] as const];
  });
  await engine.call('project.close', { project });
  return new Map(maps);
}

const nameOf = (name: string) => name.split('/').at(-1) ?? name;

function diceOf(one: LabelMap, other: LabelMap): number {
  let [both, all] = [0, 0];
  for (const [i, value] of one.data.entries()) {
    const [a, b] = [value === FOREGROUND ? 1 : 0, other.data[i] === FOREGROUND ? 1 : 0];
    both += a * b;
    all += a + b;
  }
  return all === 0 ? 1 : (2 * both) / all;
}

/** The rule of the annotator: see above. Returns the labels and how many regions were corrected. */
function corrected(predicted: LabelMap, truth: LabelMap): { labels: LabelMap; regions: number } {
  const { width, height } = truth;
  const wrong = predicted.data.map((value, i) => (value === truth.data[i] ? 0 : 1));
  const { ids, values } = connectedComponents({ width, height, data: wrong });
  const sizes = new Map<number, number>(values.map((_, i) => [i + 1, 0]));
  for (const id of ids) if (id > 0) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  const total = wrong.reduce((sum, one) => sum + one, 0);
  const chosen = new Set<number>();
  let done = 0;
  for (const [id, size] of [...sizes].sort((one, other) => other[1] - one[1])) {
    if (done >= CORRECTED_SHARE * total || chosen.size >= MOST_REGIONS) break;
    chosen.add(id);
    done += size;
  }
  const data = predicted.data.map((value, i) =>
    chosen.has(ids[i] ?? 0) ? (truth.data[i] ?? value) : value,
  );
  return { labels: { width, height, data }, regions: chosen.size };
}

async function ended(engine: Engine, project: string, runId: number): Promise<void> {
  for (;;) {
    const { run } = await engine.call('runs.get', { project, runId });
    if (run.status === 'done') return;
    if (run.status === 'failed' || run.status === 'cancelled') {
      throw new Error(`run ${runId}: ${run.error?.message ?? run.status}`);
    }
    await new Promise((wake) => setTimeout(wake, 300));
  }
}

interface Sitting {
  readonly engine: Engine;
  readonly project: string;
  readonly datasetId: number;
  readonly truth: Truth;
}

/** Labels what is suggested until so many are; says how many regions were corrected in how many predictions. */
async function label({ engine, project, datasetId, truth }: Sitting, count: number) {
  const { db } = engine.project(project);
  const { images, labelled } = await engine.call('labelling.next', { project, datasetId });
  const counts = { regions: 0, predictions: 0 };
  for (const { imageId, name } of images.slice(0, count - labelled)) {
    const real = truth.get(nameOf(name));
    const base = db.datasets.image(imageId)?.labelMapId ?? null;
    if (real === undefined) throw new Error(`${name} has no truth`);
    const predicted = base === null ? undefined : db.labelMaps.bytes(base);
    const made = predicted === undefined ? null : corrected(decodeLabelMap(predicted), real);
    const runId = base === null ? null : (db.labelMaps.get(base)?.runId ?? null);
    if (made !== null) {
      counts.predictions++;
      counts.regions += made.regions;
    }
    await engine.call('labelMaps.save', {
      ...{ project, imageId, base, runId },
      author: made === null ? 'human' : 'corrected',
      bytes: encodeLabelMap(made?.labels ?? real),
    });
  }
  return counts;
}

/** Mean Dice over the images that are never labelled, of a run's predictions. */
async function diceUnseen(sitting: Sitting, runId: number, datasetId: number): Promise<number> {
  const { engine, project, truth } = sitting;
  await engine.call('predict.dataset', { project, runId, datasetId });
  const { db } = engine.project(project);
  const all = db.datasets.images(datasetId).map(({ name, labelMapId }) => {
    const bytes = labelMapId === null ? undefined : db.labelMaps.bytes(labelMapId);
    const real = truth.get(nameOf(name));
    if (bytes === undefined || real === undefined) throw new Error(`${name} was not predicted`);
    return diceOf(decodeLabelMap(bytes), real);
  });
  return all.reduce((sum, one) => sum + one, 0) / all.length;
}

async function loop(
  engine: Engine,
  options: {
    start: 'random' | 'own encoder';
    dir: string;
    pool: string;
    unseen: string;
    truth: Truth;
  },
) {
  const { start, dir, truth } = options;
  const { path: project } = await engine.call('project.create', {
    path: join(dir, `${start}.graft`),
  });
  const imported = (name: string, path: string) =>
    engine.call('datasets.import', { project, name, path });
  const { datasetId } = await imported('pool', options.pool);
  const { datasetId: unseen } = await imported('unseen', options.unseen);
  for (const id of [datasetId, unseen]) {
    await engine.call('datasets.setClasses', {
      ...{ project, datasetId: id },
      classes: [
        { index: 0, name: 'background', color: '#000000' },
        { index: FOREGROUND, name: 'nucleus', color: '#e69f00' },
      ],
    });
  }
  let encoderId: number | null = null;
  if (start === 'own encoder') {
    const steps = Number(flags['pretrain-steps']);
    const run = await engine.call('encoders.pretrain', {
      ...{ project, datasetId, task: 'multi-conrec' as const },
      network: NetworkConfig.parse({ inputChannels: 3 }),
      sampling: SamplingConfig.parse({}),
      optimisation: { ...pretrainingPreset('quick'), steps },
    });
    await ended(engine, project, run.id);
    encoderId = engine.project(project).db.encoders.list()[0]?.id ?? null;
  }
  const sitting: Sitting = { engine, project, datasetId, truth };
  const rounds = [];
  for (const count of COUNTS) {
    const { regions, predictions } = await label(sitting, count);
    const began = performance.now();
    const { run } = await engine.call('models.train', {
      ...{ project, datasetId, minutes: MINUTES },
      from: encoderId === null ? 'random' : { encoderId },
    });
    await ended(engine, project, run.id);
    const dice = round(await diceUnseen(sitting, run.id, unseen));
    await engine.call('predict.dataset', { project, runId: run.id, datasetId });
    const seconds = round((performance.now() - began) / 1000, 1);
    rounds.push({ labels: count, dice, seconds, predictions, regions });
    console.log(`${start}: ${count} labelled, Dice ${dice} on images never labelled, ${seconds} s`);
  }
  const { verdict } = await engine.call('labelling.progress', { project, datasetId });
  console.log(`${start}: ${verdict}`);
  await engine.call('project.close', { project });
  return { start, rounds };
}

/** A user at the window: counts what is clicked. Typing the name, the folder and the minutes is not counted. */
function countingUser() {
  let clicks = 0;
  const began = performance.now();
  const minutes = () => round((performance.now() - began) / 60_000, 2);
  return {
    clicks: () => clicks,
    minutes,
    /** Says on the way what it does, so that one who waits sees where it stands. */
    click: async (what: string, locator: Locator) => {
      await locator.click();
      clicks++;
      console.log(`window: ${minutes()} min, click ${clicks}: ${what}`);
    },
  };
}

async function throughWindow(options: { dir: string; pool: string; truth: Truth }) {
  const { dir } = options;
  // New projects go where the user's documents are.
  process.env['HOME'] = dir;
  process.env['USERPROFILE'] = dir;
  let endpoint: { url: string; token: string } | null = null;
  const engine = createEngine({
    runQueues: true,
    settingsPath: join(dir, 'settings.json'),
    endpoint: () => endpoint,
  });
  try {
    const server = await startServer(engine, { pageFolder: resolve(flags.page) });
    endpoint = { url: server.url, token: server.token };
    try {
      const browser = await chromium.launch({
        executablePath: flags.chromium,
        args: ['--no-sandbox'],
      });
      try {
        const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
        // Whatever does not come ends the script with its name, the training too: it is the longest.
        page.setDefaultTimeout(LONGEST_WAIT_MS);
        await page.goto(server.launchUrl());
        return await firstNetwork(page, { ...options, engine });
      } finally {
        await browser.close();
      }
    } finally {
      await server.close();
    }
  } finally {
    await engine.close();
  }
}

/** From the first page to predictions of all images that are not labelled. */
async function firstNetwork(page: Page, options: { engine: Engine; pool: string; truth: Truth }) {
  const { engine, pool, truth } = options;
  const user = countingUser();
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  await user.click('Use my images', button(/^Use my images/));
  await page.getByLabel('Name').fill('cells');
  await user.click('Create', button('Create'));
  const folder = page.getByLabel('Folder or file');
  await folder.fill(pool);
  await folder.press('Tab');
  await user.click('Import', button(/^Import \d+ images$/));
  await user.click('Show the images', button('Show the images'));
  const imported = user.minutes();
  const [project] = (await engine.call('project.list', {})).map(({ path }) => path);
  if (project === undefined) throw new Error('the window made no project');
  const [dataset] = await engine.call('datasets.list', { project });
  if (dataset === undefined) throw new Error('the window imported nothing');
  // Painting is the user's: these labels stand for it, and take no time.
  await label({ engine, project, datasetId: dataset.id, truth }, COUNTS[0] ?? 0);
  await user.click('Train', page.getByRole('button', { name: 'Train', exact: true }).first());
  const dialog = page.getByRole('dialog', { name: 'Train a network' });
  await dialog.getByLabel('Minutes').fill(String(MINUTES));
  await user.click(
    'Train, in its dialog',
    dialog.getByRole('button', { name: 'Train', exact: true }),
  );
  await user.click('Predict …', button(/^Predict/).first());
  const trained = user.minutes();
  await user.click(
    'Predict, in its dialog',
    page.getByRole('dialog').getByRole('button', { name: 'Predict', exact: true }),
  );
  await page.getByRole('heading', { name: /masks predicted$/ }).waitFor();
  return { clicks: user.clicks(), minutes: { imported, trained, predicted: user.minutes() } };
}

const watchdog = setTimeout(() => {
  console.error(`not done after ${LONGEST_MS / 60_000} minutes`);
  process.exit(1);
}, LONGEST_MS);
watchdog.unref();
const dir = mkdtempSync(join(tmpdir(), 'graft-everyday-'));
try {
  const engine = createEngine({ runQueues: true });
  const from = resolve(flags.images);
  const { pool, unseen } = divided(from, dir);
  const truth = await truthOf(engine, from, dir);
  const window = flags['no-window'] ? null : await throughWindow({ dir, pool, truth });
  if (window !== null) {
    const { clicks, minutes } = window;
    console.log(
      `window: ${clicks} clicks; imported after ${minutes.imported} min, trained after ${minutes.trained}, predicted after ${minutes.predicted}`,
    );
  }
  const loops = [];
  for (const start of flags['window-only'] ? [] : (['random', 'own encoder'] as const)) {
    loops.push(await loop(engine, { start, dir, pool, unseen, truth }));
  }
  await engine.close();
  console.log(JSON.stringify({ cores: cpus().length, minutes: MINUTES, window, loops }));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
