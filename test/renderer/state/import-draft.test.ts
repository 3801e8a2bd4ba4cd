/** A doubt of the preview is settled by one click: what is asked for then. */
import { expect, it } from 'vitest';
import { inWindow } from '../../../shared/controls.ts';
import { AppError } from '../../../shared/errors.ts';
import { ImportDraft } from '../../../renderer/state/import-draft.svelte.ts';

function draftOf(refusal: AppError | null = null) {
  const asked: { readonly method: string; readonly input: Record<string, unknown> }[] = [];
  const call = (method: string, input: Record<string, unknown>) => {
    asked.push({ method, input });
    if (refusal !== null) return Promise.reject(refusal);
    const answer = method === 'splits.list' ? [] : { images: 1, values: [], holds: input['holds'] };
    return Promise.resolve(answer);
  };
  const draft = new ImportDraft({ call: call as never }, 'p.graft');
  draft.path = '/data';
  return { draft, last: () => asked.at(-1) };
}

it('masks that lie where the preview supposes are looked for there, under every layout', async () => {
  const { draft, last } = draftOf();
  draft.format = 'class-folder';
  await draft.look();
  expect(last()?.input).toMatchObject({ format: 'class-folder', masks: null });
  await draft.readOtherwise({ reading: 'auto', mapping: null, masks: 'two/' });
  expect(last()?.input).toMatchObject({ format: 'folder', masks: 'two/' });
  // How their values are read is another question.
  await draft.readOtherwise({ reading: 'values', mapping: null });
  expect(last()?.input).toMatchObject({ masks: 'two/', reading: 'values' });
  await draft.findMasks();
  expect(last()?.input).toMatchObject({ format: 'auto', masks: null, reading: 'auto' });
});

it('images that are masks of those that are there are taken for masks', async () => {
  const { draft, last } = draftOf();
  draft.into = 1;
  await draft.look();
  expect(last()).toMatchObject({ method: 'additions.preview', input: { holds: 'auto' } });
  await draft.readOtherwise({ reading: 'auto', mapping: null, holds: 'masks' });
  expect(last()).toMatchObject({ method: 'additions.preview', input: { holds: 'masks' } });
});

it('asks where the images lie where labels alone were found', async () => {
  // As errors of the engine reach the window.
  const message = inWindow('a holds no images. Say where the images lie: --images DIR.');
  const { draft } = draftOf(new AppError('invalid-input', message));
  await draft.look();
  expect([draft.preview, draft.trouble, draft.lacksImages]).toEqual([null, message, true]);
  expect(draftOf().draft.lacksImages).toBe(false);
});
