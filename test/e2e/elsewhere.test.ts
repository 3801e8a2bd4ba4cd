/** A study that is computed elsewhere, in the window: making the folder, following it, its failures, merging. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openGraft, whyNoWindow } from './graft-window.ts';
import { bundledStudy } from '../engine/elsewhere/bundled-study.ts';

const obstacle = whyNoWindow();

it('is followed, says why runs failed, and is merged', async (ctx) => {
  if (obstacle !== null) ctx.skip(obstacle);
  const { engine, project, dir, bundle, compute, runs } = await bundledStudy();
  await bundle();
  const [pretraining, ...others] = runs();
  for (const { id } of [pretraining, ...others.slice(0, 3)].flatMap((run) => run ?? [])) {
    await compute(id);
  }
  const [failed = 0, running = 0] = others.slice(5).map(({ id }) => id);
  const error = { code: 'invalid-input', message: 'The loss became NaN at step 40.' };
  const line = { at: '2026-01-31T12:00:00.000Z', message: 'Waited for data: 0.1 s.' };
  const place = { host: 'node7', job: 'Slurm 17_3' };
  mkdirSync(join(dir, 'failed'));
  writeFileSync(
    join(dir, 'failed', `${failed}.json`),
    JSON.stringify({ error, ...place, at: line.at, log: [line] }),
  );
  writeFileSync(
    join(dir, 'running', `${running}.json`),
    JSON.stringify({
      ...{ ...place, pid: 1, processor: 'x', beat: 3, beatMs: 30_000, step: 4, steps: 10 },
    }),
  );
  await engine.close();

  const own = await openGraft({
    projects: [project],
  });
  onTestFinished(() => own.close());
  const { page } = own;
  await page.keyboard.press('Control+5');
  await page.getByRole('heading', { name: 'small' }).waitFor();
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Run elsewhere …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Follow one that is there').click();
  await dialog.getByText('Make a folder').click();
  await own.screenshot('elsewhere-dialog');
  await own.expectAccessible('run elsewhere');
  await dialog.getByText('Follow one that is there').click();
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(dir);
  await dialog.getByRole('button', { name: 'Follow it' }).click();
  const section = page.getByRole('region', { name: 'Elsewhere' });
  await section.getByText('4 of 10 runs done there').waitFor();
  await section.getByText('The loss became NaN at step 40.').click();
  await section.getByText('Waited for data: 0.1 s.').waitFor();
  expect(await section.textContent()).toContain('1 running');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await own.screenshot(`elsewhere-${colorScheme}`);
    await own.expectAccessible(`elsewhere, ${colorScheme}`);
  }
  await page.setViewportSize({ width: 2560, height: 1440 });
  await own.screenshot('elsewhere-large');
  await section.getByRole('button', { name: 'Merge what is there' }).click();
  await page.getByText('4 runs merged; 6 left to do.').waitFor();
  await page.getByText('4 of 10 runs done', { exact: true }).waitFor();
  expect(own.complaints).toEqual([]);
});
