/** Pixel classifiers that are kept of scribbles: those of the open dataset, what is under way, and giving up. */
import { expect, it } from 'vitest';
import type { Api } from '../../../renderer/api.ts';
import { AnnotateClassifiers } from '../../../renderer/state/annotate-classifiers.svelte.ts';
import type { PixelClassifier } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { windowEngine } from '../window-engine.ts';

const kept = (id: number, datasetId: number): PixelClassifier => ({
  ...{ id, datasetId, name: `c${id}`, createdAt: '2026-01-01T00:00:00.000Z' },
  ...{ channels: 1, classes: [0, 1], images: 1, pixels: 10 },
});

interface Options {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number; message: string }) => void;
}
type Answer = (input: unknown, options: Options) => unknown;

/** A line on which only these calls are answered. */
async function classifiersWith(answers: Readonly<Record<string, Answer>>) {
  const { api } = await windowEngine();
  const asked: [string, unknown][] = [];
  const call = (name: string, input: unknown, options: Options = {}) => {
    asked.push([name, input]);
    const answer = answers[name];
    if (answer === undefined) return Promise.reject(new Error(`${name} was not expected`));
    return Promise.resolve().then(() => answer(input, options));
  };
  const line: Api = Object.assign(Object.create(api) as Api, { call });
  return { classifiers: new AnnotateClassifiers(line, 'p.graft'), asked };
}

const LISTS = {
  'scribbles.images': () => [4, 9],
  'classifiers.list': () => [kept(3, 7), kept(2, 8), kept(1, 7)],
};

it('shows those of the open dataset alone, and which images had scribbles', async () => {
  const { classifiers } = await classifiersWith(LISTS);
  await classifiers.load(7);
  expect(classifiers.kept.map(({ id }) => id)).toEqual([3, 1]);
  expect([...classifiers.scribbled]).toEqual([4, 9]);
  await classifiers.load(8);
  expect(classifiers.kept.map(({ id }) => id)).toEqual([2]);
});

it('knows of scribbles that were drawn since, here or elsewhere, and of other datasets nothing', async () => {
  const { classifiers, asked } = await classifiersWith(LISTS);
  await classifiers.load(7);
  asked.length = 0;
  const drawn = (datasetId: number, imageId: number, isBlank: boolean) =>
    classifiers.follow({ scribbles: { datasetId, imageId, isBlank } });
  await drawn(7, 5, false);
  await drawn(7, 4, true);
  await drawn(7, 9, false);
  await drawn(8, 6, false);
  expect([...classifiers.scribbled].sort((a, b) => a - b)).toEqual([5, 9]);
  expect(asked).toEqual([]);
  await classifiers.follow({ classifiers: { added: [3] } });
  expect(asked.map(([name]) => name)).toEqual(['classifiers.list']);
});

it('says how far keeping one is, and what it left out', async () => {
  const seen: unknown[] = [];
  const { classifiers, asked } = await classifiersWith({
    ...LISTS,
    'classifiers.keep': (_, { onProgress }) => {
      seen.push(classifiers.progress);
      onProgress?.({ done: 1, total: 2, message: 'Learning' });
      seen.push(classifiers.progress);
      return { notes: ['one image was left out'] };
    },
  });
  await classifiers.load(7);
  expect(await classifiers.keep('mine', { labels: true })).toEqual({
    notes: ['one image was left out'],
  });
  expect(seen).toEqual([
    { done: 0, total: 1, message: 'Starting' },
    { done: 1, total: 2, message: 'Learning' },
  ]);
  expect(classifiers.progress).toBeNull();
  expect(asked.at(-1)).toEqual([
    'classifiers.keep',
    { project: 'p.graft', datasetId: 7, name: 'mine', labels: true },
  ]);
});

it('gives up where it is asked to, and the next one is under way by itself', async () => {
  const { classifiers } = await classifiersWith({
    ...LISTS,
    'classifiers.dataset': (_, { signal }) => {
      if (signal === undefined || signal.aborted) throw new Error('it is cancelled already');
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new AppError('cancelled', 'Cancelled.')));
        if (classifiers.kept.length === 0) resolve('done');
      });
    },
  });
  await classifiers.load(7);
  const work = classifiers.classifyDataset(3);
  await expect.poll(() => classifiers.progress).not.toBeNull();
  classifiers.cancel();
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  expect(classifiers.progress).toBeNull();
  await classifiers.load(1);
  expect(await classifiers.classifyDataset(3)).toBe('done');
});
