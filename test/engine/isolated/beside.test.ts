import { expect, it, onTestFinished } from 'vitest';
import { Beside } from '../../../engine/isolated/beside.ts';

const LARGE = 2 ** 20;

function opened(): Beside {
  const beside = Beside.open();
  onTestFinished(() => beside.close());
  return beside;
}

it('carries large samples beside the message, and small ones and all else in it', async () => {
  const beside = opened();
  const counts = new Map([[1, 2]]);
  const message = {
    image: { data: new Uint16Array(LARGE).map((_, i) => i), notes: ['a'] },
    masks: [new Uint8Array(LARGE).fill(3), new Uint8Array([1, 2]), counts],
    scores: new Float32Array(LARGE).fill(0.5),
    empty: null,
  };
  const sent = await beside.put(message);
  expect(JSON.stringify(sent).length).toBeLessThan(400);
  expect(sent).toMatchObject({ masks: [{ at: 2 * LARGE, bytes: LARGE }, { 0: 1, 1: 2 }, counts] });
  expect(await beside.take(sent)).toEqual(message);
  // Read once, it is empty again.
  await expect(beside.take(sent)).rejects.toThrow('samples are missing');
});

it('walks through no long list, and through no deep one', async () => {
  const beside = opened();
  const data = new Uint8Array(LARGE);
  const entries = Array.from({ length: 100 }, (_, id) => ({ id }));
  const message = { entries, deep: { a: { b: { c: { d: { data } } } } } };
  const sent = await beside.put(message);
  expect(sent).toEqual(message);
  expect(Object.values(sent as object)[0]).toBe(entries);
});

it('gives what is said of the file no more memory than the file has', async () => {
  const beside = opened();
  const sent = await beside.put({ data: new Uint8Array(LARGE) });
  const lie = structuredClone(sent);
  Object.assign(Object.values(lie as object)[0] as object, { bytes: 2 ** 40 });
  await expect(beside.take(lie)).rejects.toThrow('samples are missing');
});

it('leaves all in the message where there is no file, or none any more', async () => {
  const beside = Beside.open();
  const message = { data: new Uint8Array(LARGE) };
  const sending = beside.put(message);
  beside.close();
  const sent = await sending;
  expect(sent).not.toBe(message);
  expect(await beside.put(message)).toBe(message);
});
