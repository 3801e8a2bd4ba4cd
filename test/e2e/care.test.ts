/** Looking after a project file in the window: check, backup and repair of one that is damaged. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { flip, wholeProject } from '../fixtures/whole-project.ts';
import { openGraft, whyNoWindow } from './graft-window.ts';

it('checks a project, backs it up, names what is damaged then and brings it back', async (ctx) => {
  const obstacle = whyNoWindow();
  if (obstacle !== null) ctx.skip(obstacle);
  const project = wholeProject();
  const { page, screenshot, expectAccessible, close } = await openGraft({ projects: [project] });
  onTestFinished(close);
  const sidebar = page.getByRole('navigation', { name: 'Project' });
  await sidebar.getByRole('button', { name: /^Encoders/ }).click();
  await sidebar.getByTitle(project).click();
  await page.getByRole('menuitem', { name: 'Check the project file' }).click();
  const dialog = page.getByRole('dialog', { name: /Project file “cells”/ });
  await dialog.getByRole('button', { name: 'Check', exact: true }).click();
  await dialog.getByText('It is whole: every page, row and index was read.').waitFor();
  await dialog.getByRole('button', { name: 'Back up' }).click();
  await dialog.getByText(/is a backup of this moment/).waitFor();
  expect(readdirSync(dirname(project)).filter((name) => name.includes('.backup-'))).toHaveLength(1);

  await dialog.getByRole('row', { name: /the file/ }).waitFor();
  await dialog.getByRole('button', { name: 'Compact' }).waitFor();
  await screenshot('room-on-the-disk');

  flip(project, { table: 'checkpoints', column: 'bytes' });
  await dialog.getByRole('button', { name: 'Check', exact: true }).click();
  await dialog.getByText('the best weights of run 1').waitFor();
  await screenshot('damaged-project');
  await expectAccessible('looking after a project file');
  await dialog.getByRole('button', { name: 'Repair' }).click();
  await dialog.getByText(/the best weights of run 1 \(from cells\.graft\.backup-/).waitFor();
  await dialog.getByRole('button', { name: 'Check', exact: true }).click();
  await dialog.getByText('It is whole: every page, row and index was read.').waitFor();
});
