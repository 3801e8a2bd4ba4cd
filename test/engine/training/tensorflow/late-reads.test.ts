import { expect, it } from 'vitest';
import { createLateReads } from '../../../../engine/training/tensorflow/late-reads.ts';

it('reads at once where nothing may be ahead', async () => {
  const reads = createLateReads<number>(0);
  expect(await reads.next(Promise.resolve(1))).toEqual([1]);
  expect(await reads.rest()).toEqual([]);
});

it('reads some calls late, in the order of the calls, whatever comes first', async () => {
  const reads = createLateReads<number>(2);
  const first = Promise.withResolvers<number>();
  expect(await reads.next(first.promise)).toEqual([]);
  expect(await reads.next(Promise.resolve(2))).toEqual([]);
  const due = reads.next(Promise.resolve(3));
  first.resolve(1);
  expect(await due).toEqual([1]);
  expect(await reads.rest()).toEqual([2, 3]);
});

it('tells an error when its turn comes, and lets none of them end the process', async () => {
  const reads = createLateReads<number>(2);
  await reads.next(Promise.resolve(1));
  await reads.next(Promise.reject(new Error('second')));
  expect(await reads.next(Promise.reject(new Error('third')))).toEqual([1]);
  await expect(reads.rest()).rejects.toThrow('second');
});
