import { expect, test } from 'vitest';
import { readImagePixels } from '../../../renderer/canvas/image-pixels.ts';

test('pixels arrive behind a header of 16 bytes', () => {
  const bytes = new Uint8Array(16 + 12);
  new Uint32Array(bytes.buffer).set([3, 2, 1, 16]);
  new Uint16Array(bytes.buffer, 16).set([1, 2, 3, 4, 5, 60_000]);
  const { data, ...size } = readImagePixels(bytes);
  expect(size).toEqual({ width: 3, height: 2, channels: 1, bitDepth: 16 });
  expect([...data]).toEqual([1, 2, 3, 4, 5, 60_000]);
});
