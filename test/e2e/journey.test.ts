/**
 * What a real user would do, from an empty start to a saved report: import, look, paint, design and run a study, read
 * its verdict, correct what a network predicted. Every view on the way is held against axe-core, and with
 * `GRAFT_SCREENS=1` kept as a picture in test-output/screens.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { nucleiFolder } from '../fixtures/nuclei.ts';
import { type GraftWindow, openGraft, whyNoWindow } from './graft-window.ts';

const IMAGES = 14;
const obstacle = whyNoWindow();

describe('a user’s first hour', () => {
  let graft: GraftWindow | undefined;
  const window = (): GraftWindow => {
    if (graft === undefined) throw new Error('the window is not open');
    return graft;
  };

  const grid = () => window().page.getByRole('listbox', { name: 'Images' });
  const images = () => grid().getByRole('option');
  const labelledImages = () => grid().getByRole('option', { name: /, labelled/ });

  beforeAll(async () => {
    if (obstacle === null) graft = await openGraft();
  });
  afterAll(async () => graft?.close());

  it('begins with a new project', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.getByRole('heading', { name: 'Graft' }).waitFor();
    await screenshot('1-welcome');
    await expectAccessible('welcome');
    await page.getByRole('button', { name: /New project/ }).click();
    const dialog = page.getByRole('dialog', { name: 'New project' });
    await dialog.getByLabel('Name').fill('cells');
    await expectAccessible('file dialog');
    await dialog.getByRole('button', { name: 'Create' }).click();
    // Whoever does not say yet which images go into it finds the place empty.
    await page.getByRole('dialog', { name: 'Import images' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('No images yet').waitFor();
    await expectAccessible('empty library');
  });

  it('imports images after seeing what would become of them', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, home, screenshot, expectAccessible } = window();
    const folder = await nucleiFolder(join(home, 'histology'), {
      kind: 'histology',
      count: IMAGES,
    });
    await page.keyboard.press('Control+i');
    const dialog = page.getByRole('dialog', { name: 'Import images' });
    await dialog.getByLabel('Folder or file').fill(folder);
    await dialog.getByLabel('Folder or file').press('Tab');
    await dialog.getByText(`${IMAGES} images, ${IMAGES} with labels`).waitFor();
    await screenshot('2-import');
    await expectAccessible('import');
    await dialog.getByRole('button', { name: `Import ${IMAGES} images` }).click();
    await page.getByRole('button', { name: 'Show the images' }).click();
    await expect.poll(() => images().count()).toBeGreaterThan(5);
    await labelledImages().first().click();
    await page.getByText('imported').and(page.locator(':not(option)')).first().waitFor();
    await screenshot('3-library');
    await expectAccessible('library');
  });

  it('finds images by filters and keys', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.getByLabel('Labelled', { exact: true }).selectOption('unlabelled');
    await page.getByText('No image fits the filters').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByRole('listbox', { name: 'Images' }).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('heading', { name: '3 images selected' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('names classes and divides the images without a leak', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.getByText('Classes', { exact: true }).first().click();
    await page.getByLabel('Name of class 1').fill('nucleus');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The classes were saved.').waitFor();
    await screenshot('4-classes');
    await expectAccessible('classes');
    await page.getByText('Splits', { exact: true }).first().click();
    await page.getByRole('button', { name: 'Make the split' }).click();
    await page.getByText('Nothing leaks').waitFor();
    await screenshot('5-splits');
    await expectAccessible('splits');
  });

  it('paints, and finds the stroke in the history', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+2');
    const canvas = page.locator('canvas').first();
    await canvas.waitFor();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await expect.poll(async () => (await canvas.boundingBox())?.width ?? 0).toBeGreaterThan(100);
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('the canvas is not shown');
    await page.keyboard.press('b');
    await page.keyboard.press('1');
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.3, 0.4));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.5), { steps: 8 });
    await page.mouse.up();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await screenshot('6-annotate');
    await expectAccessible('annotate');
    await page.keyboard.press('Control+1');
    await labelledImages().first().waitFor();
    await expect
      .poll(async () => {
        await labelledImages().first().click();
        return page.getByText('drawn by hand').count();
      })
      .toBeGreaterThan(0);
  });

  it('trains while labels are drawn, and shows what that network sees', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+2');
    await page.getByText('Train while I label').waitFor();
    await page.locator('canvas').waitFor();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await page.keyboard.press('Shift+t');
    // Images and steps: it has learned something.
    await page.getByText(/^\d+ images · [1-9]\d* steps?/).waitFor();
    await page.keyboard.press('t');
    await page.getByRole('button', { name: /Accept all/ }).waitFor();
    await screenshot('6b-train-while-labelling');
    await expectAccessible('annotate with a training');
    await page.keyboard.press('Shift+t');
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.keyboard.press('q');
    await labelledImages().first().waitFor();
  });

  it('designs a study and watches it to its end', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+5');
    await page.getByText('No studies yet').waitFor();
    await expectAccessible('no studies');
    await page.getByRole('button', { name: 'Design a study' }).click();
    await page.getByLabel('Seeds').fill('2');
    await page.getByLabel('Labelled images').fill('2, many');
    await page.getByText('Write label counts as numbers').waitFor();
    await page.getByLabel('Labelled images').fill('2');
    await page.getByLabel('Image side').selectOption('32');
    await page.getByLabel('Width').selectOption('4');
    await page.getByLabel('Depth', { exact: true }).selectOption('6');
    await page.getByText('halves its input 6 times').waitFor();
    await page.getByLabel('Depth', { exact: true }).selectOption('3');
    await page.getByLabel('Skips', { exact: true }).selectOption('none');
    await page.getByLabel('Pretraining steps').fill('12');
    await page.getByLabel('Fine-tuning steps').fill('12');
    await page.getByLabel('Name of the study').fill('First look');
    await page.getByText('Fine-tunings').waitFor();
    await screenshot('7-design');
    await expectAccessible('design');
    await page.getByRole('button', { name: /^Start/ }).click();
    await page.getByRole('heading', { name: 'First look' }).waitFor();
    await page.getByText('runs done').waitFor();
    await screenshot('8-study-running');
    await expectAccessible('running study');
    await page.getByText('8 of 8 runs done').waitFor();
    await page
      .getByRole('button', { name: /Segmentation, encoder .* seed 1: done/ })
      .first()
      .click();
    await page.getByText('Test Dice').waitFor();
    await screenshot('9-study-done');
    await expectAccessible('study with a run');
  });

  it('reads the verdict, looks at the images behind it, and saves the report', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, home, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+6');
    await page.getByText('All verdicts').waitFor();
    await screenshot('10-verdict');
    await expectAccessible('verdict');
    for (const [tab, what, name] of [
      ['Scores', 'Test scores', '11-scores'],
      ['Curves', 'How soon', '12-curves'],
      ['Claims', 'What the paper claims', '13-claims'],
    ] as const) {
      await page.getByText(tab, { exact: true }).click();
      await page.getByText(what).first().waitFor();
      await screenshot(name);
      await expectAccessible(tab);
    }
    await page.getByText('Images', { exact: true }).click();
    const viewer = page.getByRole('region', { name: /Truth and predictions/ });
    await viewer.focus();
    await page.keyboard.press('3');
    await viewer.getByText(/Dice/).waitFor();
    await screenshot('14-images');
    await expectAccessible('images');

    const chart = page.waitForEvent('download');
    await page.getByText('Verdict', { exact: true }).click();
    await page.getByRole('button', { name: /Save or enlarge: Paired differences/ }).click();
    await page.getByRole('menuitem', { name: /^SVG:/ }).first().click();
    expect((await chart).suggestedFilename()).toMatch(/^Paired differences .*\.svg$/);

    await page.getByRole('button', { name: 'Save the report …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Write the report into' });
    await dialog.getByRole('button', { name: 'Write', exact: true }).click();
    await page.getByText('The report, its numbers and tables').waitFor();
    expect(existsSync(join(home, 'report.html'))).toBe(true);
    expect(existsSync(join(home, 'results.json'))).toBe(true);
  });

  it('corrects what a network predicted worst, region by region', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+1');
    await images().first().waitFor();
    const runs = page.getByLabel('Dice of a run');
    const address = new URL(page.url());
    const project = new URLSearchParams(address.hash.split('?')[1]).get('project') ?? '';
    const labels = async (kind: string, query: Record<string, string>): Promise<LabelMap> => {
      const search = new URLSearchParams({ project, ...query });
      const answer = await page.request.get(
        `${address.origin}/pixels/${kind}?${search.toString()}`,
      );
      return decodeLabelMap(await answer.body());
    };
    /** Networks trained this briefly see nothing in many images: the worst one with a mistake to correct. */
    async function findMistake() {
      for (let option = 1; option < (await runs.locator('option').count()); option++) {
        await runs.selectOption({ index: option });
        await expect.poll(() => page.getByLabel('Order').inputValue()).toBe('worst');
        const run = await runs.inputValue();
        for (const cell of await images().all()) {
          const id = (await cell.getAttribute('id')) ?? '';
          const image = id.replace('image-', '');
          const predicted = await labels('prediction', { run, image });
          const before = await labels('label-map', { image });
          const at = predicted.data.findIndex(
            (value, i) => value !== 0 && value !== before.data[i],
          );
          if (at >= 0) return { cell: `#${id}`, image, predicted, at };
        }
      }
      throw new Error('no network saw anything that is not there');
    }
    const { cell, image, predicted, at } = await findMistake();
    await screenshot('15-worst-first');
    await page.locator(cell).dblclick();
    await page.getByRole('button', { name: /Accept all/ }).waitFor();

    const box = await page.locator('canvas').boundingBox();
    if (box === null) throw new Error('the canvas is not shown');
    const { width, height } = predicted;
    const scale = Math.min(box.width / width, box.height / height) * 0.96;
    await page.keyboard.press('y');
    await page.mouse.click(
      box.x + box.width / 2 + ((at % width) + 0.5 - width / 2) * scale,
      box.y + box.height / 2 + (Math.floor(at / width) + 0.5 - height / 2) * scale,
    );
    await page.getByText('Accept objects, nucleus').waitFor();
    await screenshot('16-correct-a-prediction');
    await expectAccessible('annotate with a prediction');
    await page.getByText('Corrected prediction').waitFor();
    const after = await labels('label-map', { image });
    expect(after.data[at]).toBe(predicted.data[at]);

    // Any network that is there is asked anew, and its answer follows the slider.
    await page.getByLabel('Network whose prediction is shown').selectOption('');
    await page.locator('canvas').focus();
    await page.keyboard.press('m');
    await page.getByText(/^Whole image · uncertainty/).waitFor();
    await page.getByRole('slider', { name: 'Threshold' }).fill('0.02');
    await page.keyboard.press('Enter');
    await page.getByText('Accepted prediction').waitFor();
    await page.keyboard.press('Control+z');
    await screenshot('16-ask-a-network');
    await expectAccessible('annotate with the answer of a network');
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await page.keyboard.press('q');
    await page.getByText('predicted, then corrected').first().waitFor();
  });

  it('looks as well on a large dark screen', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    const small = page.viewportSize() ?? { width: 1280, height: 800 };
    await page.setViewportSize({ width: 2560, height: 1440 });
    await page.keyboard.press('Control+Shift+l');
    await page.keyboard.press('Control+1');
    await images().first().waitFor();
    await screenshot('17-library-large-dark');
    await expectAccessible('library, dark');
    await images().first().dblclick();
    await page.locator('canvas').waitFor();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await screenshot('18-annotate-large-dark');
    await expectAccessible('annotate, dark');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await expectAccessible('keys, dark');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Shift+l');
    await page.setViewportSize(small);
  });

  it('sees what a network learned, and finds everything by name', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.keyboard.press('Control+4');
    await page.getByText('Layers:').waitFor();
    await screenshot('19-encoders');
    await expectAccessible('encoders');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('first');
    await expectAccessible('palette');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'First look' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and words' }).waitFor();
    await screenshot('20-help');
    await expectAccessible('help');
    await page.keyboard.press('Escape');
  });

  it('finds everything where it was after a reload', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, complaints } = window();
    await page.reload();
    await page.getByRole('heading', { name: 'First look' }).waitFor();
    await page.getByText('8 of 8 runs done').waitFor();
    expect(complaints.join('\n')).toBe('');
  });
});
