/** Keys on keyboards that have signs, digits and letters elsewhere, and undo within a shape, pressed in the window itself. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { encodePng } from '../../engine/data/encode.ts';
import { openProjectReadonly } from '../../engine/db/project.ts';
import { createEngine } from '../../engine/engine.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

const SIDE = 64;
const CONTROL = 2;
const CLASSES = 3;

/** An image whose mask has all classes, and one to draw on. */
async function projectOfClasses(): Promise<string> {
  const folder = temporaryFolder();
  for (const kind of ['images', 'masks']) mkdirSync(join(folder, kind));
  const png = (valueOf: (i: number) => number) =>
    encodePng({
      ...{ width: SIDE, height: SIDE, channels: 1 },
      data: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => valueOf(i)),
    });
  writeFileSync(join(folder, 'images', 'a.png'), await png((i) => i & 127));
  writeFileSync(join(folder, 'images', 'b.png'), await png((i) => (i >> 3) & 127));
  writeFileSync(join(folder, 'masks', 'a.png'), await png((i) => (i >> 10) % (CLASSES + 1)));
  const project = join(folder, 'classes.graft');
  const engine = createEngine({ engine: 'wasm' });
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'd', path: folder });
  await engine.close();
  return project;
}

/** How many pixels of the image without a mask each class has on disk; null: it has no labels yet. */
function onDisk(project: string): Readonly<Record<number, number>> | null {
  const db = openProjectReadonly(project);
  try {
    const [dataset] = db.datasets.list();
    const image = db.datasets.images(dataset?.id ?? 0).find(({ name }) => name === 'b.png');
    const bytes = db.labelMaps.bytes(image?.labelMapId ?? 0);
    if (bytes === undefined) return null;
    const counts: Record<number, number> = {};
    for (const value of decodeLabelMap(bytes).data) counts[value] = (counts[value] ?? 0) + 1;
    return counts;
  } finally {
    db.close();
  }
}

async function annotating(ctx: TestContext) {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const project = await projectOfClasses();
  const graft = await openGraft({ projects: [project], viewport: { width: 1280, height: 800 } });
  onTestFinished(graft.close);
  const { page } = graft;
  await page.getByRole('listbox', { name: 'Images' }).getByRole('option').nth(1).dblclick();
  const canvas = page.locator('canvas');
  await canvas.waitFor();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  await expect.poll(async () => (await canvas.boundingBox())?.width ?? 0).toBeGreaterThan(100);
  await page.getByRole('list', { name: 'Classes' }).getByText('%').first().waitFor();
  const box = await canvas.boundingBox();
  if (box === null) throw new Error('the canvas is not shown');
  const scale = (Math.min(box.width, box.height) * 0.96) / SIDE;
  /** The middle of a pixel of the image, which is fitted into the canvas. */
  const at = (x: number, y: number): [number, number] => [
    box.x + box.width / 2 + (x + 0.5 - SIDE / 2) * scale,
    box.y + box.height / 2 + (y + 0.5 - SIDE / 2) * scale,
  ];
  return { ...graft, project, at, keyboard: await page.context().newCDPSession(page) };
}

/** A press as a browser tells it on such a keyboard: the place of the key, and what it types. */
async function press(keyboard: CDPSession, code: string, key: string, modifiers = 0) {
  const text = modifiers === CONTROL ? {} : { text: key };
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyDown', code, key, modifiers, ...text });
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', code, key, modifiers });
}

const sizeOf = async (page: Page) =>
  Number(await page.getByRole('spinbutton', { name: 'Size in pixels' }).inputValue());
const chosenClass = async (page: Page) => {
  const buttons = await page.getByRole('list', { name: 'Classes' }).getByRole('button').all();
  const pressed = await Promise.all(buttons.map((one) => one.getAttribute('aria-pressed')));
  return pressed.indexOf('true');
};

/** What the keys of names that count here type: brush, [ and ], comma and full stop, the digits 1 and 2, undo. */
const KEYBOARDS = {
  russian: {
    ...{ brush: ['KeyB', 'и'], smaller: ['BracketLeft', 'х'], larger: ['BracketRight', 'ъ'] },
    ...{ previous: ['Comma', 'б'], next: ['Period', 'ю'], one: ['Digit1', '1'] },
    ...{ two: ['Digit2', '2'], undo: ['KeyZ', 'я'] },
  },
  azerty: {
    ...{ brush: ['KeyB', 'b'], smaller: ['BracketLeft', '^'], larger: ['BracketRight', '$'] },
    ...{ previous: ['KeyM', ','], next: ['Comma', ';'], one: ['Digit1', '&'] },
    ...{ two: ['Digit2', 'é'], undo: ['KeyW', 'z'] },
  },
  czech: {
    ...{ brush: ['KeyB', 'b'], smaller: ['BracketLeft', 'ú'], larger: ['BracketRight', ')'] },
    ...{ previous: ['Comma', ','], next: ['Period', '.'], one: ['Digit1', '+'] },
    ...{ two: ['Digit2', 'ě'], undo: ['KeyY', 'z'] },
  },
} as const;

it('on Russian, French and Czech keyboards the keys of sizes, classes, tools and undo do what they do', async (ctx) => {
  const { page, keyboard, at, project, complaints } = await annotating(ctx);
  const zoom = () => page.locator('.zoom').textContent();
  for (const [name, keys] of Object.entries(KEYBOARDS)) {
    const hit = (key: keyof typeof keys, modifiers = 0) => {
      const [code = '', typed = ''] = keys[key];
      return press(keyboard, code, typed, modifiers);
    };
    await page.keyboard.press('e');
    await hit('brush');
    await page.getByRole('button', { name: /^Brush/, pressed: true }).waitFor();
    const size = await sizeOf(page);
    await hit('larger');
    await expect.poll(() => sizeOf(page), { message: `${name}: larger` }).toBeGreaterThan(size);
    await hit('smaller');
    await expect.poll(() => sizeOf(page), { message: `${name}: smaller` }).toBe(size);
    const before = await zoom();
    await hit('two');
    await expect.poll(() => chosenClass(page), { message: `${name}: class 2` }).toBe(2);
    await hit('one');
    await expect.poll(() => chosenClass(page), { message: `${name}: class 1` }).toBe(1);
    expect(await zoom(), `${name}: a digit does not zoom`).toBe(before);
    if (name !== 'azerty') {
      await hit('next');
      await expect.poll(() => chosenClass(page), { message: `${name}: next` }).toBe(2);
    }
    await hit('previous');
    await expect.poll(() => chosenClass(page), { message: `${name}: previous` }).not.toBe(2);
    await hit('two');
    await page.mouse.move(...at(10, 32));
    await page.mouse.down();
    await page.mouse.move(...at(50, 32), { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => onDisk(project)?.[2] ?? 0, { message: name }).toBeGreaterThan(40);
    await hit('undo', CONTROL);
    await expect.poll(() => onDisk(project)?.[2] ?? 0, { message: `${name}: undo` }).toBe(0);
  }
  expect(complaints).toEqual([]);
});

it('undo takes back a corner, and nothing that was drawn before', async (ctx) => {
  const { page, at, project, complaints, screenshot } = await annotating(ctx);
  const corners = async (...all: readonly (readonly [number, number])[]) => {
    for (const [x, y] of all) await page.mouse.click(...at(x, y));
  };
  const count = (value: number) => onDisk(project)?.[value] ?? 0;
  await page.keyboard.press('b');
  await page.keyboard.press('1');
  await expect.poll(() => chosenClass(page)).toBe(1);
  await page.mouse.move(...at(8, 6));
  await page.mouse.down();
  await page.mouse.move(...at(56, 6), { steps: 4 });
  await page.mouse.up();
  const strokes = page.getByRole('list', { name: 'Strokes' }).getByRole('listitem');
  await expect.poll(() => strokes.count()).toBe(2);
  // A busy machine saves while the hand still moves, and again afterwards.
  await page.getByText('Saved', { exact: true }).first().waitFor();
  const stroke = count(1);
  expect(stroke).toBeGreaterThan(48);

  await page.keyboard.press('p');
  await page.keyboard.press('2');
  await expect.poll(() => chosenClass(page)).toBe(2);
  for (const some of [
    [[20, 30]],
    [
      [20, 30],
      [40, 30],
    ],
  ] as const) {
    await corners(...some);
    for (let i = 0; i < some.length; i++) await page.keyboard.press('Control+z');
    await expect.poll(() => strokes.count()).toBe(2);
  }
  // Of five corners, the last two are taken back, one is given back: a figure of four.
  await corners([20, 20], [50, 20], [50, 50], [20, 50], [2, 60]);
  await screenshot('polygon-of-five');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+Shift+z');
  await screenshot('polygon-of-four');
  // The first closes, the second paints.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect.poll(() => count(2)).toBeGreaterThan(850);
  expect(count(2)).toBeLessThan(980);
  expect(count(1)).toBe(stroke);
  await page.keyboard.press('Control+z');
  await expect.poll(() => count(2)).toBe(0);
  expect(count(1)).toBe(stroke);
  await page.keyboard.press('Control+z');
  await expect.poll(() => count(1)).toBe(0);
  expect(complaints).toEqual([]);
});
