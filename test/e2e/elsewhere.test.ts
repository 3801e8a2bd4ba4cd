/** A study that is computed elsewhere, in the window: making the folder, following it, its failures, merging. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const cut = others[7]?.id ?? 0;
  const whole = readFileSync(join(dir, 'results', `${pretraining?.id ?? 0}.run`));
  writeFileSync(join(dir, 'results', `${cut}.run`), whole.subarray(0, 300));
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
  const seen = await section.textContent();
  for (const words of [
    '1 running',
    '1 damaged',
    '3 waiting',
    'is damaged (it is cut off). Copy it',
  ]) {
    expect(seen).toContain(words);
  }
  // A job of Slurm failed there, so Slurm is what is offered first.
  await section.getByRole('button', { name: 'Copy ./slurm/submit.sh --failed' }).waitFor();
  await section.getByText('PBS, LSF, HTCondor').click();
  await section.getByText('./choose.sh --failed > again.list').waitFor();
  await section.getByText('No scheduler').click();
  await section.getByText(`./run-all.sh ${failed}`, { exact: true }).waitFor();
  await own.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await section.getByRole('button', { name: 'Copy ./run-all.sh --failed' }).click();
  await section.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('./run-all.sh --failed');
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
