import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../engine/data/in-order.ts';

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe('work in order', () => {
  it('gives results in the order of the items, whichever ends first, and has no more under way than told', async () => {
    let underWay = 0;
    let most = 0;
    const slowFirst = async (item: number) => {
      most = Math.max(most, ++underWay);
      await wait(10 - 2 * item);
      underWay--;
      return item * item;
    };
    expect(await collect(inOrder([0, 1, 2, 3, 4], 3, slowFirst))).toEqual([0, 1, 4, 9, 16]);
    expect(most).toBe(3);
  });

  it('throws a failure when its turn comes, after everything before it', async () => {
    const seen: number[] = [];
    const work = (item: number) =>
      item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item);
    const all = async () => {
      for await (const result of inOrder([0, 1, 2, 3], 4, work)) seen.push(result);
    };
    await expect(all()).rejects.toThrow('two');
    expect(seen).toEqual([0, 1]);
  });

  it('is empty for no items', async () => {
    expect(await collect(inOrder([], 2, () => Promise.resolve(1)))).toEqual([]);
  });
});
