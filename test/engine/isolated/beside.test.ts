import { expect, it, onTestFinished } from 'vitest';
import { Beside } from '../../../engine/isolated/beside.ts';

const LARGE = 2 ** 16;

function opened(): Beside {
  const beside = Beside.open();
  onTestFinished(() => beside.close());
  return beside;
}

it('carries large samples beside the message, and small ones and all else in it', async () => {
  const beside = opened();
  const twice = new Uint8Array([1, 2]);
  const message = {
    image: { data: new Uint16Array(LARGE).map((_, i) => i), notes: ['a'] },
    masks: [new Uint8Array(LARGE).fill(3), twice, twice],
    kept: new Map([['scores', new Float32Array(LARGE).fill(0.5)]]),
    odd: new Float64Array([0.1]),
    empty: null,
  };
  const sent = await beside.put(message);
  expect(sent.body?.length).toBeLessThan(300);
  expect(sent.beside).toEqual([2 * LARGE, LARGE, 4 * LARGE]);
  expect(await beside.take(sent)).toEqual(message);
});

it('carries a message beside the channel that is large by what it says, and takes no word of it for a place', async () => {
  const beside = opened();
  const data = new Uint8Array(LARGE + 1).fill(9);
  const said = (id: number) => ({ id, '#beside': 0, at: 0, bytes: LARGE, body: null, beside: [1] });
  const message = { entries: Array.from({ length: 3000 }, (_, id) => said(id)), data };
  const sent = await beside.put(message);
  expect([sent.body, sent.beside[0]]).toEqual([null, data.length]);
  expect(await beside.take(sent)).toEqual(message);
});

it('gives what is said of the file no more memory than the file has', async () => {
  const beside = opened();
  const sent = await beside.put({ data: new Uint8Array(LARGE) });
  for (const lie of [[2 ** 40], [LARGE, 2 ** 30], []]) {
    await expect(beside.take({ ...sent, beside: lie })).rejects.toThrow('samples are missing');
  }
});

it('leaves all in the message where there is no file, or none any more', async () => {
  const beside = Beside.open();
  const message = { data: new Uint8Array(LARGE) };
  const sending = beside.put(message);
  beside.close();
  expect((await sending).beside).toEqual([LARGE]);
  const sent = await beside.put(message);
  expect(sent.beside).toEqual([]);
  expect(await beside.take(sent)).toEqual(message);
});
