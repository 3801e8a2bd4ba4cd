import { expect, it } from 'vitest';
import { leave } from '../../../engine/caller-gone.ts';
import { PendingTrainings } from '../../../engine/models/pending-trainings.ts';
import { AppError } from '../../../shared/errors.ts';

/** One training on its way, whose preparation ends as a test says; `told`: how many there were at every change. */
function prepared() {
  const told: number[] = [];
  const pending = new PendingTrainings((all) => void told.push(all.length));
  const caller = new AbortController();
  const work = Promise.withResolvers<string>();
  const answer = pending.keep({ datasetId: 1, name: 'monday' }, caller.signal, (signal) => {
    signal.addEventListener('abort', () => work.reject(new AppError('cancelled', 'Cancelled.')));
    return work.promise;
  });
  answer.catch(() => undefined);
  return { pending, caller, work, answer, told };
}

it('a training that a window asked for goes on when the window is gone, and is found again', async () => {
  const { pending, caller, work, answer, told } = prepared();
  leave(caller);
  expect(pending.list()).toMatchObject([{ id: 1, datasetId: 1, name: 'monday', error: null }]);
  work.resolve('queued');
  await expect(answer).resolves.toBe('queued');
  expect(pending.list()).toEqual([]);
  expect(told).toEqual([1, 0]);
});

it('why it did not begin waits for a window where the one that asked is gone, and nowhere else', async () => {
  const there = prepared();
  there.work.reject(new AppError('conflict', 'The name is taken.'));
  await expect(there.answer).rejects.toThrow('taken');
  expect(there.pending.list()).toEqual([]);

  const { pending, caller, work, answer } = prepared();
  leave(caller);
  work.reject(new AppError('conflict', 'The name is taken.'));
  await expect(answer).rejects.toThrow('taken');
  const [left] = pending.list();
  expect(left?.error).toEqual({ code: 'conflict', message: 'The name is taken.' });
  pending.drop(left?.id ?? 0);
  expect(pending.list()).toEqual([]);
  expect(() => pending.drop(1)).toThrow('Look under Models');
});

it('it is taken back by whoever asked, from another window, and by closing the project', async () => {
  const asked = prepared();
  asked.caller.abort();
  await expect(asked.answer).rejects.toMatchObject({ code: 'cancelled' });
  const dropped = prepared();
  dropped.pending.drop(1);
  await expect(dropped.answer).rejects.toMatchObject({ code: 'cancelled' });
  const closed = prepared();
  leave(closed.caller);
  await closed.pending.close();
  expect([asked, dropped, closed].flatMap(({ pending }) => pending.list())).toEqual([]);
});
