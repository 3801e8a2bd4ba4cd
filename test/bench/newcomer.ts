/**
 * The newcomer's path through the window, from the first start in an empty home: clicks and minutes until a verdict is
 * read, a mask is painted, a network is trained, and it has predicted the rest. docs/first-steps.md tells the same.
 * usage: newcomer.ts [--minutes 1] [--strokes 12] [--only sample|nuclei] [--chromium /usr/bin/chromium]
 *
 * `minutes` is what the training may take. The person is a script that neither reads nor hesitates: its minutes are those of
 * the program, to which a person adds their own. A click is a click of the mouse or a choice by it; strokes and typed fields are
 * counted apart. On an idle machine of two cores some 5 minutes. The last line is JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Locator, type Page } from 'playwright';
import { partFile } from '../../engine/parts.ts';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    strokes: { type: 'string', default: '12' },
    only: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});
const MINUTES = Number(flags.minutes);
const STROKES = Number(flags.strokes);
/** On a machine that does other work as well. */
const PATIENCE_MS = 5 * 60_000;

interface Started {
  readonly engine: ChildProcess;
  readonly url: string;
}

/** The engine as `npm start` has it, once everything is installed and the page is built. */
function start(home: string): Promise<Started> {
  const engine = spawn(process.execPath, [partFile('cli'), 'serve', '--json'], {
    cwd: home,
    env: { ...process.env, HOME: home, USERPROFILE: home, GRAFT_CONFIG: join(home, 'config') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    engine.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /"url":"([^"]+)"/.exec(output)?.[1];
      if (url !== undefined) resolve({ engine, url });
    });
    engine.once('exit', (code) =>
      reject(new Error(`the engine ended with code ${code ?? 'none'}`)),
    );
  });
}

/** Does what a person does with mouse and keyboard, and counts it. */
class Person {
  clicks = 0;
  strokes = 0;
  typed = 0;
  readonly #page: Page;
  readonly #began: number;

  constructor(page: Page, began: number) {
    this.#page = page;
    this.#began = began;
  }

  button(name: string | RegExp): Locator {
    return this.#page.getByRole('button', { name });
  }

  async click(locator: Locator): Promise<void> {
    this.clicks++;
    await locator.click();
  }

  async type(locator: Locator, text: string): Promise<void> {
    this.typed++;
    await locator.fill(text);
  }

  /** Short strokes of the brush over the middle of the open image. */
  async paint(count: number): Promise<void> {
    const canvas = this.#page.locator('canvas').first();
    await canvas.waitFor();
    await this.#saved();
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('the canvas is not shown');
    const side = Math.min(box.width, box.height) / 2;
    const { mouse } = this.#page;
    for (let i = 0; i < count; i++) {
      const angle = (2 * Math.PI * i) / count;
      const x = box.x + box.width / 2 + (side / 2) * Math.cos(angle);
      const y = box.y + box.height / 2 + (side / 2) * Math.sin(angle);
      await mouse.move(x, y);
      await mouse.down();
      await mouse.move(x + side / 12, y + side / 16, { steps: 8 });
      await mouse.up();
      this.strokes++;
    }
    await this.#saved();
  }

  async #saved(): Promise<void> {
    await this.#page.getByText('Saved', { exact: true }).first().waitFor();
  }

  /** What was done so far, and the minutes since the start. */
  at() {
    const { clicks, strokes, typed } = this;
    const minutes = Number(((performance.now() - this.#began) / 60_000).toFixed(2));
    return { clicks, strokes, typed, minutes };
  }
}

/** From an open image to the predictions of a network that was trained on what is painted. */
async function labelTrainPredict(page: Page, person: Person) {
  await person.paint(STROKES);
  const painted = person.at();
  await person.click(page.getByRole('main').getByRole('button', { name: 'Train', exact: true }));
  const dialog = page.getByRole('dialog', { name: 'Train a network' });
  await person.type(dialog.getByLabel('Minutes'), String(MINUTES));
  await person.click(dialog.getByRole('button', { name: 'Train', exact: true }));
  await dialog.waitFor({ state: 'hidden' });
  await person.click(person.button(/^Back to the library/));
  await person.click(page.getByRole('navigation').getByRole('button', { name: 'Models' }));
  await page.getByRole('heading', { name: /^How good it is/ }).waitFor();
  const trained = person.at();
  await person.click(person.button('Predict …'));
  await person.click(
    page.getByRole('dialog').getByRole('button', { name: 'Predict', exact: true }),
  );
  await page.getByRole('heading', { name: /masks? predicted$/ }).waitFor();
  const predicted = person.at();
  return { painted, trained, predicted };
}

const PATHS = {
  /** A verdict first, then a mask of one's own on generated images. */
  async sample(page: Page, person: Person) {
    await person.click(person.button(/sample project/));
    await page.getByText('All verdicts').waitFor();
    const verdict = person.at();
    await person.click(person.button('Paint an image'));
    return { verdict, ...(await labelTrainPredict(page, person)) };
  },
  /** Real images, eight of which have labels. */
  async nuclei(page: Page, person: Person) {
    await person.click(person.button(/real images/));
    await page.getByRole('listbox', { name: 'Images' }).getByRole('option').first().waitFor();
    await person.click(page.getByRole('main').getByRole('button', { name: 'Annotate' }));
    return { verdict: null, ...(await labelTrainPredict(page, person)) };
  },
};

async function walk(name: keyof typeof PATHS) {
  const home = mkdtempSync(join(tmpdir(), 'graft-newcomer-'));
  const began = performance.now();
  const { engine, url } = await start(home);
  const browser = await chromium.launch({ executablePath: flags.chromium, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE_MS + MINUTES * 60_000);
    await page.goto(url);
    await page.getByRole('heading', { name: 'Graft' }).waitFor();
    const person = new Person(page, began);
    const view = person.at();
    const steps = { view, ...(await PATHS[name](page, person)) };
    for (const [step, done] of Object.entries(steps)) {
      if (done === null) continue;
      const { clicks, strokes, typed, minutes } = done;
      console.log(
        `${name}, ${step}: ${minutes} min, ${clicks} clicks, ${strokes} strokes, ${typed} typed`,
      );
    }
    return { name, ...steps };
  } finally {
    await browser.close();
    const ended = new Promise((resolve) => engine.once('exit', resolve));
    engine.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  }
}

const paths = [];
for (const name of ['sample', 'nuclei'] as const) {
  if (flags.only === undefined || flags.only === name) paths.push(await walk(name));
}
console.log(JSON.stringify({ cores: cpus().length, trainingMinutes: MINUTES, paths }));
