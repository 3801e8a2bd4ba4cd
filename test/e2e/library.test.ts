/** What only a real browser can show of the library: files that are dropped on it, and a grid that is found again. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from 'vitest';
import { z } from 'zod';
import { encodePng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { ClientMessage } from '../../shared/api.ts';
import { nucleiFolder } from '../fixtures/nuclei.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { type GraftWindow, openGraft, whyNoWindow } from './graft-window.ts';

const IMAGES = 30;
/** That a browser sends, one by one. */
const CHOSEN = 8;
/** Whatever an answer leads to is there by then. */
const SETTLED_MS = 500;

function skipWithoutWindow(ctx: TestContext): void {
  const why = whyNoWindow();
  if (why !== null) ctx.skip(why);
}

/** One window, and in it one test after the other. */
describe('of the sample', () => {
  let graft: GraftWindow | undefined;
  const window = (): GraftWindow => {
    if (graft === undefined) throw new Error('the window is not open');
    return graft;
  };
  beforeAll(async () => {
    if (whyNoWindow() !== null) return;
    graft = await openGraft();
    await graft.page.getByRole('button', { name: /sample project/ }).click();
    await graft.page.getByText('All verdicts').waitFor();
  });
  afterAll(async () => graft?.close());

  it('gives the focus to what is to be filled in, and back', async (ctx) => {
    skipWithoutWindow(ctx);
    const { page } = window();
    await page.keyboard.press('Control+1');
    const grid = page.getByRole('listbox', { name: 'Images' });
    await grid.getByRole('option').first().waitFor();
    const inFocus = page.locator(':focus');
    const dialog = page.getByRole('dialog', { name: /^Export/ });

    const more = page.getByRole('button', { name: 'More' });
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /Export/ }).press('Enter');
    await dialog.waitFor();
    await dialog.locator('select:focus').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => inFocus.getAttribute('aria-label')).toBe('More');

    await grid.focus();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('export');
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => inFocus.getAttribute('aria-label')).toBe('Images');

    await page.keyboard.press('Control+Shift+n');
    await page.getByRole('dialog', { name: 'New project' }).locator('input:focus').waitFor();
    await page.keyboard.type('typed at once');
    expect(await page.getByLabel('Name', { exact: true }).last().inputValue()).toBe(
      'typed at once',
    );
    await page.keyboard.press('Escape');
  });

  it('keeps the keys of the window from being given away', async (ctx) => {
    skipWithoutWindow(ctx);
    const { page } = window();
    await page.keyboard.press('Control+2');
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys', exact: true });
    await dialog.getByRole('button', { name: 'Change the key of Brush' }).click();
    await page.keyboard.press('Control+k');
    await dialog.getByText(/Ctrl K is “Search or run” in every view/).waitFor();
    // Another action's key is asked about, and a free one taken.
    await page.keyboard.press('e');
    await dialog.getByText(/E is the key of “Eraser”/).waitFor();
    await dialog.getByRole('button', { name: 'Keep', exact: true }).click();
    await dialog.getByRole('button', { name: 'Change the key of Brush' }).click();
    await page.keyboard.press('j');
    await dialog.getByText('J', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('e');
    await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Brush', pressed: true }).waitFor();
  });

  it('shows by itself what could not be shown while the engine was away', async (ctx) => {
    skipWithoutWindow(ctx);
    const { page, killEngine, restartEngine } = window();
    await page.keyboard.press('Control+1');
    await page.getByRole('listbox', { name: 'Images' }).getByRole('option').first().dblclick();
    const shares = page.getByRole('list', { name: 'Classes' }).getByText('%');
    await shares.first().waitFor();
    await killEngine();
    // Neighbours are fetched ahead; farther ones are not there.
    await page.getByRole('navigation', { name: 'Images' }).getByRole('button').nth(12).click();
    await page.getByRole('heading', { name: 'This image cannot be shown' }).waitFor();
    await page.getByText('The engine stopped answering. Trying again …').waitFor();
    await restartEngine();
    await shares.first().waitFor();
    await page.getByText('waiting for the engine').first().waitFor({ state: 'detached' });
    expect(await page.getByRole('heading', { name: 'This image cannot be shown' }).count()).toBe(0);
  });

  it('stays where the user went while Annotate was still being opened', async (ctx) => {
    skipWithoutWindow(ctx);
    const { page } = window();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<null>();
    const { promise: left, resolve: leave } = Promise.withResolvers<null>();
    let answers = 0;
    await page.routeWebSocket(/.*/, (line) => {
      const engine = line.connectToServer();
      const slow = new Set<number>();
      line.onMessage((text) => {
        const message = ClientMessage.parse(JSON.parse(String(text)));
        if (message.type === 'call' && message.name === 'images.list') {
          slow.add(message.id);
          isAsked(null);
        }
        engine.send(text);
      });
      engine.onMessage(async (text) => {
        const answer = z.object({ id: z.number() }).safeParse(JSON.parse(String(text)));
        if (answer.success && slow.delete(answer.data.id)) {
          // It comes once the user has changed their mind.
          await left;
          answers++;
        }
        line.send(text);
      });
    });
    await page.keyboard.press('Control+5');
    await page.getByText('45 of 45 runs done').waitFor();
    await page.reload();
    await page.getByText('45 of 45 runs done').waitFor();
    await page.keyboard.press('Control+2');
    await asked;
    await page.keyboard.press('Control+5');
    await page.getByText('45 of 45 runs done').waitFor();
    leave(null);
    await expect.poll(() => answers).toBeGreaterThan(0);
    await page.waitForTimeout(SETTLED_MS);
    expect(await page.getByText('45 of 45 runs done').count()).toBe(1);
  });

  it('says why images cannot be listed, and lists them when asked again', async (ctx) => {
    skipWithoutWindow(ctx);
    const { page, screenshot, expectAccessible } = window();
    let broken = true;
    await page.routeWebSocket(/.*/, (line) => {
      const engine = line.connectToServer();
      line.onMessage((text) => {
        const message = ClientMessage.parse(JSON.parse(String(text)));
        if (broken && message.type === 'call' && message.name === 'images.list') {
          const error = { code: 'internal', message: 'The disk does not answer.' };
          line.send(JSON.stringify({ type: 'error', id: message.id, error }));
        } else {
          engine.send(text);
        }
      });
    });
    await page.reload();
    await page.getByText('45 of 45 runs done').waitFor();
    await page.keyboard.press('Control+1');
    await page.getByRole('heading', { name: 'The images cannot be listed' }).waitFor();
    await page.getByText('The disk does not answer.').first().waitFor();
    await screenshot('library-in-trouble');
    await expectAccessible('library in trouble');
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('listbox', { name: 'Images' }).getByRole('option').first().waitFor();
  });
});

it('says why an image whose original is gone cannot be shown', async (ctx) => {
  skipWithoutWindow(ctx);
  const folder = temporaryFolder();
  const original = join(folder, 'images', 'cell.png');
  mkdirSync(dirname(original));
  const pixels = { width: 8, height: 8, channels: 1, data: new Uint8Array(64) } as const;
  writeFileSync(original, await encodePng(pixels));
  const project = join(folder, 'linked.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  const link = { project, name: 'linked', path: dirname(original), link: true };
  await engine.call('datasets.import', link);
  await engine.close();
  rmSync(original);
  const { page, expectAccessible, close } = await openGraft({ projects: [project] });
  onTestFinished(close);
  const details = page.getByRole('complementary', { name: 'Details' });
  const grid = page.getByRole('listbox', { name: 'Images' });
  await grid.getByRole('option', { name: 'cannot be shown cell.png, not labelled' }).click();
  await details.getByText(/cell\.png does not exist\./).waitFor();
  await expectAccessible('images that cannot be shown');
});

it('excludes, deletes and brings back what is selected, and empties the bin on purpose', async (ctx) => {
  skipWithoutWindow(ctx);
  const project = join(temporaryFolder(), 'drawn.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  const drawn = { project, name: 'drawn', generator: 'texshapes-target', count: 6, sizePx: 32 };
  await engine.call('datasets.generate', drawn);
  await engine.close();
  const { page, expectAccessible, close } = await openGraft({ projects: [project] });
  onTestFinished(close);
  const grid = page.getByRole('listbox', { name: 'Images' });
  const options = grid.getByRole('option');
  await options.nth(1).click();
  await options.nth(3).click({ modifiers: ['Shift'] });
  await options.nth(2).click({ modifiers: ['Control'] });
  const actions = page.getByRole('toolbar', { name: 'Selected images' });
  await actions.getByRole('button', { name: 'Exclude' }).click();
  await page.getByLabel('Reason').fill('out of focus');
  await page.keyboard.press('Enter');
  await grid
    .getByRole('option', { name: /excluded: out of focus/ })
    .nth(1)
    .waitFor();
  await page.getByText('6 images, 4 labelled, 2 excluded').waitFor({ state: 'attached' });

  await grid.focus();
  await page.keyboard.press('Delete');
  await page.getByText('2 images went into the bin.').waitFor();
  await expect.poll(() => options.count()).toBe(4);
  await page.getByRole('button', { name: 'Bin (2)' }).click();
  const bin = page.getByRole('list', { name: 'Deleted images' });
  await expectAccessible('the bin of a dataset');
  await bin.getByRole('button', { name: 'Restore' }).first().click();
  await expect.poll(() => bin.getByRole('button', { name: 'Restore' }).count()).toBe(1);
  await page.getByRole('button', { name: 'Empty bin …' }).click();
  await page.getByRole('button', { name: 'Empty bin', exact: true }).click();
  await page.getByText('The bin is empty').waitFor();
});

it('makes a project by a name and Enter, once', async (ctx) => {
  skipWithoutWindow(ctx);
  const { page, close } = await openGraft();
  onTestFinished(close);
  await page.getByRole('button', { name: /New project/ }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.locator('input:focus').waitFor();
  await page.keyboard.type('by keys');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Import images' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('No images yet').waitFor();
  await page.getByRole('button', { name: 'by keys' }).waitFor();
  expect(await dialog.count()).toBe(0);
});

it('takes over files that are chosen with the browser', async (ctx) => {
  skipWithoutWindow(ctx);
  const { page, home, complaints, screenshot, expectAccessible, close } = await openGraft();
  onTestFinished(close);
  await page.getByRole('button', { name: /New project/ }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name').fill('chosen');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const folder = await nucleiFolder(join(home, 'chosen'), { kind: 'fluorescence', count: CHOSEN });
  const images = readdirSync(join(folder, 'images'));
  await page
    .getByLabel('Files from the browser')
    .setInputFiles(images.map((name) => join(folder, 'images', name)));
  await page.getByText(`${CHOSEN} images, 0 with labels`).waitFor();
  await screenshot('import-from-browser');
  await expectAccessible('import');
  await page.getByRole('button', { name: `Import ${CHOSEN} images` }).click();
  await page.getByRole('button', { name: 'Show the images' }).click();
  await page.getByRole('listbox', { name: 'Images' }).getByRole('option').first().waitFor();
  expect(complaints.join('\n')).toBe('');
});

it('takes over a folder that is dropped, and finds the place again after annotating', async (ctx) => {
  skipWithoutWindow(ctx);
  const { page, home, complaints, screenshot, expectAccessible, close } = await openGraft({
    dark: true,
  });
  onTestFinished(close);
  const folder = await nucleiFolder(join(home, 'dropped'), { kind: 'fluorescence', count: IMAGES });
  await page.getByRole('button', { name: /New project/ }).click();
  const dialog = page.getByRole('dialog', { name: 'New project' });
  await dialog.getByLabel('Name').fill('nuclei');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('dialog', { name: 'Import images' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('No images yet').waitFor();
  // The name that was typed is the name it got.
  await page.getByRole('button', { name: 'nuclei' }).waitFor();

  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
  await drag('dragEnter');
  await drag('dragOver');
  await page.getByText('Drop to import').waitFor();
  await screenshot('drop-1-over');
  await drag('drop');
  await page.getByText(`${IMAGES} images, ${IMAGES} with labels`).waitFor();
  await screenshot('drop-2-preview');
  await page.getByRole('button', { name: `Import ${IMAGES} images` }).click();
  await page.getByRole('button', { name: 'Show the images' }).click();

  const grid = page.getByRole('listbox', { name: 'Images' });
  await grid.getByRole('option').first().waitFor();
  await page.getByLabel('Labelled', { exact: true }).selectOption('labelled');
  await grid.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.locator('canvas').waitFor();
  await page.getByText(`${IMAGES} of ${IMAGES}`).waitFor();
  await page.keyboard.press('a');
  await page.getByText(`${IMAGES - 1} of ${IMAGES}`).waitFor();
  const name = await page.locator('header h1').textContent();
  await page.keyboard.press(']');
  const size = await page.getByLabel('Size in pixels').inputValue();
  await expectAccessible('annotate, dark');
  await page.keyboard.press('q');

  const selected = grid.getByRole('option', { selected: true });
  await selected.waitFor();
  expect(await selected.getAttribute('aria-label')).toContain(name);
  const place = await selected.boundingBox();
  expect((place?.y ?? Infinity) + (place?.height ?? 0)).toBeLessThan(800);
  expect(await page.getByLabel('Labelled', { exact: true }).inputValue()).toBe('labelled');
  await expectAccessible('library, dark');
  await screenshot('drop-3-found-again');
  // And the keys go on from there.
  await page.keyboard.press('Enter');
  await page.locator('canvas').waitFor();
  expect(await page.getByLabel('Size in pixels').inputValue()).toBe(size);
  expect(complaints.join('\n')).toBe('');
});

it('adds what is dropped on a dataset to it, and asks before anything is written', async (ctx) => {
  skipWithoutWindow(ctx);
  const folder = temporaryFolder();
  const put = async (path: string, values: readonly number[], channels: 1 | 3 = 3) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const data = Uint8Array.from({ length: 64 * channels }, (_, i) => values[i] ?? values[0] ?? 0);
    writeFileSync(join(folder, path), await encodePng({ width: 8, height: 8, channels, data }));
  };
  await put('first/images/a.png', [10]);
  await put('first/masks/a.png', [0, 255, 255], 1);
  await put('more/images/a.png', [20]);
  await put('more/images/same.png', [10]);
  await put('more/masks/same.png', [0, 1, 1], 1);
  await put('more/images/c.png', [30]);
  await put('more/masks/c.png', [0, 2, 2], 1);
  writeFileSync(join(folder, 'more/class_names.txt'), 'background\nForeground\nvessel\n');
  const project = join(folder, 'p.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'cells', path: join(folder, 'first') });
  await engine.close();
  const { page, complaints, screenshot, expectAccessible, close } = await openGraft({
    projects: [project],
  });
  onTestFinished(close);
  const grid = page.getByRole('listbox', { name: 'Images' });
  await grid.getByRole('option').first().waitFor();
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [join(folder, 'more')], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
  }
  await page.getByText('Drop to add to “cells”').waitFor();
  await session.send('Input.dispatchDragEvent', { type: 'drop', x: 700, y: 400, data });

  const dialog = page.getByRole('dialog', { name: 'Add to “cells”' });
  await dialog.getByText('1 new image, 1 with labels').waitFor();
  await expect.poll(() => dialog.getByLabel('Goes into').locator('option').count()).toBe(2);
  await screenshot('addition-1-asks');
  await expectAccessible('addition');
  await dialog.getByLabel('Images whose names are taken').selectOption('rename');
  await dialog.getByText('2 new images').waitFor();
  await dialog.getByLabel(/1 image there already, 1 with a mask/).selectOption('labels');
  await dialog.getByLabel(/Add the class .*vessel/).check();
  await screenshot('addition-2-answered');
  await dialog.getByRole('button', { name: 'Add 2 images and 1 mask' }).click();
  await page.getByRole('dialog', { name: 'Added' }).getByText('2 new images, 1 with').waitFor();
  await screenshot('addition-3-added');
  await page.getByRole('button', { name: 'Show the images' }).click();
  await grid.getByRole('option').nth(2).waitFor();
  await page.getByText('3 images, 2 labelled').waitFor();
  expect(complaints.join('\n')).toBe('');
});
