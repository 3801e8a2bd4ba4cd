/**
 * What a newcomer does with the sample, and what one does with studies afterwards: verdict at once, painting next,
 * predicting the unlabelled, designing, pretraining, a study that outlives its engine. In light and in dark.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../engine/engine.ts';
import { StudyConfig } from '../../shared/entities.ts';
import { finetuningPreset } from '../../shared/presets.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { type GraftWindow, openGraft, whyNoWindow } from './graft-window.ts';

const obstacle = whyNoWindow();

/** Three runs of some seconds each, planned and not started. */
async function projectWithStudy(): Promise<string> {
  const project = join(temporaryFolder(), 'tiny.graft');
  const engine = createEngine();
  await engine.call('project.create', { path: project });
  const generate = (name: string, generator: string, seed: number) =>
    engine.call('datasets.generate', { project, name, generator, count: 12, sizePx: 32, seed });
  const source = await generate('source', 'texshapes-source', 1);
  const target = await generate('target', 'texshapes-target', 2);
  const common = { ...finetuningPreset('quick'), steps: 60, batch: 4 };
  await engine.call('studies.create', {
    project,
    config: StudyConfig.parse({
      name: 'Tiny',
      sourceDatasetId: source.id,
      targetDatasetId: target.id,
      network: { depth: 2, base: 4 },
      sampling: { sizePx: 32 },
      pretrainings: [{ task: 'segmentation', transfers: ['encoder'], optimisation: common }],
      finetuning: common,
      labelCounts: [4],
      seeds: 1,
      mode: 'quick',
      execution: { threads: 1, parallel: 1 },
    }),
  });
  await engine.close();
  return project;
}

describe('the sample project', () => {
  let graft: GraftWindow | undefined;
  const window = (): GraftWindow => {
    if (graft === undefined) throw new Error('the window is not open');
    return graft;
  };
  /** In light and in dark, which differ by their colours alone. */
  const look = async (name: string): Promise<void> => {
    const { page, screenshot, expectAccessible } = window();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await screenshot(`studies-${colorScheme}-${name}`);
      await expectAccessible(
        `${name}, ${colorScheme}`,
        colorScheme === 'dark' ? 'of colours' : 'all',
      );
    }
  };

  beforeAll(async () => {
    if (obstacle === null) graft = await openGraft();
  });
  afterAll(async () => graft?.close());

  it('shows a finished study with one click, and an image to paint with the next', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.getByRole('button', { name: /sample project/ }).click();
    await page.getByText('All verdicts').waitFor();
    await page.getByText(/graft sample/).waitFor();
    await look('verdict');
    await page.getByRole('button', { name: 'Paint an image' }).click();
    await page.locator('canvas').first().waitFor();
    await page.keyboard.press('Control+6');
  });

  it('shows scores, curves, claims and images of its study', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    for (const [tab, what] of [
      ['Scores', 'Test scores'],
      ['Curves', 'How soon'],
      ['Claims', 'What the paper claims'],
    ] as const) {
      await page.getByText(tab, { exact: true }).click();
      await page.getByText(what).first().waitFor();
      await look(tab.toLowerCase());
    }
    await page.getByText('Images', { exact: true }).click();
    await page.getByRole('region', { name: /Truth and predictions/ }).waitFor();
    await look('images');
  });

  it('shows tables and runs whole in a narrow window', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    onTestFinished(() => page.setViewportSize({ width: 1280, height: 800 }));
    /** What would have to be scrolled sideways to be seen. */
    const hidden = () =>
      page.evaluate(`[...document.querySelectorAll('main, main *')]
        .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
        .filter((one) => one.scrollWidth > one.clientWidth + 1)
        .map((one) => one.outerHTML.slice(0, 80))`);
    for (const size of [
      { width: 1280, height: 800 },
      { width: 960, height: 600 },
    ]) {
      await page.setViewportSize(size);
      for (const tab of ['Verdict', 'Scores', 'Curves', 'Images', 'Claims']) {
        await page.keyboard.press('Control+6');
        await page.getByText(tab, { exact: true }).click();
        expect.soft([size.width, tab, await hidden()]).toEqual([size.width, tab, []]);
      }
      await page.keyboard.press('Control+5');
      await page.getByRole('button', { name: /^\S* ?Random start · 16 labels · seed 4/ }).click();
      await page.getByRole('complementary', { name: 'Run' }).getByText('300 of 300').waitFor();
      expect.soft([size.width, 'runs', await hidden()]).toEqual([size.width, 'runs', []]);
    }
    await look('narrow');
    await page.keyboard.press('Control+6');
    await page.getByText('Verdict', { exact: true }).click();
  });

  it('saves charts with the names of their lines', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    const save = async (chart: RegExp, format: RegExp): Promise<string> => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: chart }).first().click();
      await page.getByRole('menuitem', { name: format }).first().click();
      return readFileSync(await (await download).path(), 'utf8');
    };
    await page.getByText('Scores', { exact: true }).click();
    const scores = await save(/Save or enlarge: Dice/, /^SVG:/);
    expect(scores).toMatch(/>random start</);
    expect(scores).toMatch(/>encoder \+ decoder</);
    expect(scores).not.toContain('var(--arm');

    await page.getByRole('button', { name: /Save or enlarge: Dice/ }).click();
    await page.getByRole('menuitem', { name: 'Enlarge' }).click();
    const large = page.getByRole('dialog', { name: 'Dice' });
    await large.waitFor();
    await page.keyboard.press('Escape');
    await large.waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+5');
    await page.getByText('45 of 45 runs done').waitFor();
    const live = await save(/Save the chart: Validation Dice/, /As SVG/);
    expect(live).toMatch(/>Random start</);
    expect(live).toMatch(/<polyline[^>]* points="[\d. -]{20,}"/);
    await page.keyboard.press('Control+6');
  });

  it('does by name what menus and buttons do', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    /** Runs the first command that is found by these letters. */
    const run = async (letters: string): Promise<void> => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(letters);
      await page.keyboard.press('Enter');
    };
    for (const [view, letters, title] of [
      ['Control+6', 'save the report', 'Write the report into'],
      ['Control+5', 'delete', /^Delete “/],
      ['Control+4', 'bring weights', 'Bring weights in'],
      ['Control+1', 'export', /^Export “/],
      // From elsewhere: the view comes along.
      ['Control+5', 'generate', 'Generate images'],
      ['Control+1', 'predict', /^Predict with/],
      ['Control+2', 'import', 'Import images'],
    ] as const) {
      await page.keyboard.press(view);
      await run(letters);
      const dialog = page.getByRole('dialog', { name: title });
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
    }
    // One of many runs, by words from both ends of its name.
    await page.keyboard.press('Control+5');
    await page.getByText('45 of 45 runs done').waitFor();
    await run('log random 16 seed 2');
    const panel = page.getByRole('complementary', { name: 'Run' });
    await panel.getByRole('heading', { name: /^Random start · 16 labels · seed 2/ }).waitFor();
    await panel.getByText(/ Waited for data: /).waitFor();
    await run('close the run');
    await panel.waitFor({ state: 'hidden' });
    // Nothing is drawn between the chord, the letters and Enter.
    await page.keyboard.press('Control+6');
    await page.evaluate(`(async () => {
      const press = (target, key, ctrlKey = false) =>
        target.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true }));
      press(document.body, 'k', true);
      await new Promise((resolve) => setTimeout(resolve));
      const field = document.activeElement;
      if (!(field instanceof HTMLInputElement)) throw new Error('the field has no focus yet');
      field.value = 'about graft';
      press(field, 'Enter');
    })()`);
    await page.getByRole('dialog', { name: 'About Graft' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('All verdicts').waitFor();
  });

  it('predicts what nobody has labelled, and sends the least certain to Annotate', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.getByRole('button', { name: 'Predict …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByRole('option', { name: /encoder/ })
      .first()
      .waitFor({ state: 'attached' });
    await look('predict');
    await dialog.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.getByRole('heading', { name: '12 masks predicted' }).waitFor();
    const values = await page.getByRole('dialog').locator('td.right').allTextContents();
    const numbers = values.map((text) => Number(text.trim().replace(/^\./, '0.')));
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    expect(numbers.every((value) => value > 0 && value < 1)).toBe(true);
    await look('predicted');
    await page.getByRole('button', { name: 'Correct the 12 least certain' }).click();
    await page.locator('canvas').first().waitFor();
    // Whoever looks at something else meanwhile is told there.
    await page.keyboard.press('Control+6');
    await page.getByRole('button', { name: 'Predict …' }).click();
    await dialog.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.keyboard.press('Control+5');
    await page.getByText('12 masks predicted.').waitFor();
    await page.getByRole('button', { name: 'Correct the least certain' }).click();
    await page.locator('canvas').first().waitFor();
    await page.keyboard.press('Control+5');
  });

  it('is repeated by a design that is filled in', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page } = window();
    await page.getByText('45 of 45 runs done').waitFor();
    await look('study');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: /Repeat/ }).click();
    expect(await page.getByLabel('Name of the study').inputValue()).toBe(
      'Which half is worth keeping? 2',
    );
    expect(await page.getByLabel('Segmentation, decoder', { exact: true }).isChecked()).toBe(true);
    expect(await page.getByLabel('Labelled images').inputValue()).toBe('4, 16');
    await page.getByText('Fine-tunings').waitFor();
    await look('design');
    // Five splits cost as much as the five seeds of one.
    await page.getByLabel(/Several splits/).check();
    expect(await page.getByLabel('Seeds in each split').inputValue()).toBe('1');
    await page.getByText(/× 5 splits\s+×\s+1 seed/).waitFor();
    await page.getByText('Tested in all splits').waitFor();
    await page.getByLabel('Repeats').fill('2');
    await page.getByText(/10 splits, 1 seed in each/).waitFor();
    await page.getByText(/× 10 splits\s+×\s+1 seed/).waitFor();
    await look('splits');
  });

  it('is complained about by nobody', (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    // A browser reports every 404: a prediction that a run has not made is asked for, and its absence shown.
    const serious = window().complaints.filter((text) => !text.includes('404 (Not Found)'));
    expect(serious.join('\n')).toBe('');
  });
});

describe('a study and a pretraining of one’s own', () => {
  let graft: GraftWindow | undefined;
  const window = (): GraftWindow => {
    if (graft === undefined) throw new Error('the window is not open');
    return graft;
  };
  beforeAll(async () => {
    if (obstacle === null) graft = await openGraft();
  });
  afterAll(async () => graft?.close());

  it('pretrains a network and shows what became of it', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    await page.getByRole('button', { name: /sample project/ }).click();
    await page.getByText('All verdicts').waitFor();
    await page.keyboard.press('Control+4');
    await page.getByText('Layers:').waitFor();
    await screenshot('studies-encoders');
    await expectAccessible('encoders');
    await page
      .getByRole('button', { name: /Pretrain/ })
      .first()
      .click();
    await page.getByLabel('Image side').selectOption('32');
    await page.getByLabel('Width').selectOption('4');
    await page.getByLabel('Depth', { exact: true }).selectOption('3');
    await page.getByLabel('Bottleneck', { exact: true }).selectOption('32');
    await page.getByLabel('Sees').selectOption('grey');
    await page.getByLabel('Normalisation').selectOption('group');
    await page.getByLabel('Skips', { exact: true }).selectOption('none');
    await page.getByLabel('Steps').fill('12');
    await page.getByRole('button', { name: 'Start' }).scrollIntoViewIfNeeded();
    await screenshot('studies-pretrain');
    await expectAccessible('pretrain');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('12 of 12').waitFor();
    await page
      .getByText(
        'plain U-Net of depth 3 and width 4, bottleneck 32, group normalisation, no skips, grey',
      )
      .waitFor();
    const notes = page.getByRole('textbox', { name: 'Notes' });
    await notes.fill('A first try.');
    await notes.blur();
    await screenshot('studies-pretrained');
  });

  it('writes an encoder to a file, and brings it in again', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, home, screenshot, expectAccessible } = window();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: /safetensors/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Save the encoder' });
    await dialog.getByLabel('Name').fill('mine.safetensors');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/mine\.safetensors, .* [kM]B/).waitFor();
    await page.getByRole('button', { name: 'Bring weights in from a file' }).click();
    const bring = page.getByRole('dialog', { name: 'Bring weights in' });
    await bring.getByLabel('Weight file').fill(join(home, 'mine.safetensors'));
    await bring.getByLabel('Weight file').press('Tab');
    await bring.getByText(/Layers: \d+ taken over/).waitFor();
    await screenshot('studies-bring-in');
    await expectAccessible('bring weights in');
    await bring.getByRole('button', { name: 'Bring in' }).click();
    await page.getByRole('heading', { name: 'mine' }).waitFor();
    await screenshot('studies-brought-in');
    await expectAccessible('imported encoder');
  });

  it('trains a model, goes on from it, says whether that is better, and predicts with it', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const { page, screenshot, expectAccessible } = window();
    const dialog = page.getByRole('dialog', { name: 'Train a network' });
    const train = () => dialog.getByRole('button', { name: 'Train', exact: true }).click();
    await page.keyboard.press('Control+3');
    await page.getByText('No models yet').waitFor();
    await expectAccessible('no models');
    await page.keyboard.press('Control+Enter');
    await dialog.getByLabel('Labels of').selectOption('Granular shapes (target)');
    await dialog
      .getByText(/The study "/)
      .first()
      .waitFor();
    // Worked out from the images, timed here, and open to be chosen otherwise.
    await dialog.getByText(/steps of \d+, about/).click();
    await dialog.getByText(/held out for the score/).waitFor();
    await dialog.getByLabel('Images a step').fill('2');
    await dialog.getByLabel('Images a step').press('Tab');
    await dialog.getByText(/steps of 2, about/).waitFor();
    await screenshot('models-train');
    await expectAccessible('train');
    await dialog.getByLabel('Minutes').fill('0.02');
    await dialog.getByLabel('Name').fill('first');
    await train();
    await page.getByRole('heading', { name: 'first' }).waitFor();
    await page.getByRole('heading', { name: 'How good it is' }).waitFor();

    await page.getByRole('button', { name: 'Go on …' }).click();
    await expect.poll(() => dialog.getByLabel('Start from').inputValue()).toMatch(/^model/);
    await dialog.getByLabel('Name').fill('first');
    await dialog.getByText(/There is a model named “first” already/).waitFor();
    await dialog.getByLabel('Name').fill('second');
    await dialog.getByLabel('Minutes').fill('30');
    await train();
    await page.getByRole('heading', { name: 'second' }).waitFor();
    await page.getByText(/^Step \d+ of/).waitFor();
    await page.getByRole('button', { name: 'Stop and keep' }).click();
    await page
      .getByText(/"second".*"first"/)
      .first()
      .waitFor();
    await page.getByText(/stopped by hand/).waitFor();
    await screenshot('models');
    await expectAccessible('a model');

    await page.getByRole('button', { name: 'Predict …' }).click();
    const predict = page.getByRole('dialog', { name: /Predict/ });
    await predict.getByRole('button', { name: 'Predict' }).click();
    await page.getByRole('button', { name: /Correct the \d+ least certain/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Delete …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'first' }).waitFor();
  });

  it('goes on with a study when its engine was killed', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const project = await projectWithStudy();
    const own = await openGraft({ projects: [project] });
    onTestFinished(() => own.close());
    const { page } = own;
    await page.keyboard.press('Control+5');
    await page.getByRole('heading', { name: 'Tiny' }).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    // A single run, by its name alone.
    for (const what of ['cancel', 'retry']) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(`${what} random`);
      await page.getByRole('option', { name: new RegExp(`^${what}: Random`, 'i') }).waitFor();
      await page.keyboard.press('Enter');
    }
    await page.getByText(/[1-9] of 3 runs done/).waitFor();
    await own.killEngine();
    await own.restartEngine();
    await page.getByText('3 of 3 runs done').waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Compare' }).click();
    await page.getByText('All verdicts').waitFor();
  });
});
