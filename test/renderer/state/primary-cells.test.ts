import { expect, it } from 'vitest';
import { isMarked, questionCells, withMarks } from '../../../renderer/state/primary-cells.ts';
import type { PrimaryQuestion } from '../../../shared/entities.ts';

const all = questionCells({
  labelCounts: [4, 'all'],
  pretrainings: [
    { key: 'segmentation', task: 'segmentation', transfers: ['encoder', 'encoder+decoder'] },
    { key: 'autoencoder', task: 'autoencoder', transfers: ['encoder'] },
  ],
});
const cell = (question: string, pretraining: string, labels: number | 'all' | null) => {
  const found = all.find(
    (one) => one.question === question && one.pretraining === pretraining && one.labels === labels,
  );
  if (found === undefined) throw new Error('no such cell');
  return found;
};

it('has a cell for every task, label count and half, and one for the trend of a task', () => {
  expect(
    all.map(({ question, pretraining, labels }) => `${question} ${pretraining} ${String(labels)}`),
  ).toEqual([
    'encoder segmentation 4',
    'encoder segmentation all',
    'encoder autoencoder 4',
    'encoder autoencoder all',
    'decoder segmentation 4',
    'decoder segmentation all',
    'both segmentation 4',
    'both segmentation all',
    'trend segmentation null',
    'trend autoencoder null',
  ]);
  expect(all.every((one) => isMarked(one, []))).toBe(true);
});

it('marks single questions, in the fewest words that say it', () => {
  const only = (...kept: readonly (typeof all)[number][]) =>
    withMarks([], { all, changed: all.filter((one) => !kept.includes(one)), mark: false });
  expect(only(cell('decoder', 'segmentation', 4))).toEqual([
    { question: 'decoder', pretraining: 'segmentation', labels: 4 },
  ]);
  expect(only(cell('encoder', 'autoencoder', 4), cell('encoder', 'autoencoder', 'all'))).toEqual([
    { question: 'encoder', pretraining: 'autoencoder', labels: null },
  ]);
  const encoders: PrimaryQuestion[] = only(...all.filter(({ question }) => question === 'encoder'));
  expect(encoders).toEqual([{ question: 'encoder', pretraining: null, labels: null }]);
  expect(all.filter((one) => isMarked(one, encoders))).toHaveLength(4);
  // One of them unmarked again leaves the other three.
  const changed = [cell('encoder', 'segmentation', 'all')];
  const three = withMarks(encoders, { all, changed, mark: false });
  expect(all.filter((one) => isMarked(one, three)).map(({ labels }) => labels)).toEqual([
    ...[4, 4, 'all'],
  ]);
  expect(withMarks(three, { all, changed, mark: true })).toEqual(encoders);
  // All and none are the same: everything that can be asked.
  expect(withMarks(three, { all, changed: all, mark: true })).toEqual([]);
  expect(withMarks(three, { all, changed: all, mark: false })).toEqual([]);
});
