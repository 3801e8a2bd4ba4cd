/** About Graft: what it says of this computer, and the licences, read by keys alone. */
import { expect, it } from 'vitest';
import { openGraft, whyNoWindow } from './graft-window.ts';

const obstacle = whyNoWindow();

it('shows the licences to whoever has keys alone, and goes back', async (ctx) => {
  if (obstacle !== null) ctx.skip(obstacle);
  const { page, screenshot, expectAccessible, complaints, close } = await openGraft({});
  try {
    await page.getByRole('button', { name: 'About Graft' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Processor', { exact: true }).waitFor();
    // Before it is known whether training works.
    expect(await dialog.getByText(/^Graft \d+\.\d+\.\d+$/).count()).toBe(1);
    expect(await dialog.getByText('Training one step to see that it works …').count()).toBe(1);
    // The tests ask for less motion (graft-window.ts): what only shows that something goes on stands still then.
    const motions = await page.evaluate(`[...document.querySelectorAll('[role=progressbar] div')]
      .map((one) => getComputedStyle(one).animationDuration)`);
    expect(motions).toEqual(['0s']);
    await dialog.getByText('training engine').waitFor();
    await expectAccessible('about');
    // What is chosen computes from then on: the step that shows that training works is trained by it.
    const computing = dialog.getByLabel('Train and predict with');
    await computing.selectOption('the processor, by the portable engine');
    await dialog.getByText(/portable engine \(.*training works/).waitFor();
    expect(await computing.inputValue()).toBe('wasm');
    const licences = dialog.getByRole('button', { name: 'Licences' });
    await licences.focus();
    await page.keyboard.press('Enter');
    const text = dialog.getByRole('region', { name: 'Licences, to scroll' });
    await text.waitFor();
    const focused = (what: string) => page.evaluate(`document.activeElement.${what}`);
    await expect.poll(() => focused('tagName')).toBe('PRE');
    await page.keyboard.press('End');
    await expect.poll(() => focused('scrollTop')).toBeGreaterThan(0);
    await expectAccessible('licences');
    await screenshot('licences');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await licences.waitFor();
    await expect.poll(() => focused('innerText.trim()')).toBe('Licences');
    expect(complaints).toEqual([]);
  } finally {
    await close();
  }
});
