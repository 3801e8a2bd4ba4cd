import { expect, it } from 'vitest';
import { confirm } from '../../../engine/cli/confirm.ts';

const WHAT = '3 images of "cells" are deleted for good.';

/** A terminal where somebody types this; null: Ctrl+C. */
function typed(answer: string | null) {
  const asked: string[] = [];
  const ask = (question: string) => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  return { asked, terminal: { isThere: true, ask } };
}

it.each(['y', 'Y', ' yes '])('goes on where somebody says %s', async (answer) => {
  const { asked, terminal } = typed(answer);
  await confirm(WHAT, { yes: false }, terminal);
  expect(asked).toEqual([`${WHAT} This cannot be undone. Go on? [y/N] `]);
});

it.each(['', 'n', 'yesterday', null])('changes nothing where somebody says %s', async (answer) => {
  const { terminal } = typed(answer);
  await expect(confirm(WHAT, { yes: false }, terminal)).rejects.toMatchObject({
    ...{ code: 'cancelled', message: 'Nothing was changed.' },
  });
});

it('is said by --yes where nobody can be asked', async () => {
  const { asked, terminal } = typed('y');
  const script = { ...terminal, isThere: false };
  await expect(confirm(WHAT, { yes: false }, script)).rejects.toThrow(/say --yes if it is meant/);
  await confirm(WHAT, { yes: true }, script);
  expect(asked).toEqual([]);
});
