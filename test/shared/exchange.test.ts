import { expect, test } from 'vitest';
import {
  decodeImagePixels,
  encodeImagePixels,
  PIXELS_QUERIES,
  pixelsUrl,
  SaveQuery,
  saveUrl,
} from '../../shared/exchange.ts';

test('pixels travel behind a header of 16 bytes, in every bit depth', () => {
  for (const image of [
    { bitDepth: 8, data: new Uint8Array([1, 2, 3, 4, 5, 255]) },
    { bitDepth: 16, data: new Uint16Array([1, 2, 3, 4, 5, 60_000]) },
    { bitDepth: 32, data: new Float32Array([0, -1, 0.5, 4, 5, 1e9]) },
  ] as const) {
    const sent = encodeImagePixels({ width: 3, height: 1, channels: 2, ...image });
    expect([...new Uint32Array(sent.buffer, 0, 4)]).toEqual([3, 1, 2, image.bitDepth]);
    expect(sent.length).toBe(16 + image.data.byteLength);
    expect(decodeImagePixels(sent)).toEqual({ width: 3, height: 1, channels: 2, ...image });
  }
  expect(() => decodeImagePixels(new Uint8Array(3))).toThrow('without its header');
});

test('what an address says is what its schema reads', () => {
  const query = (url: string) => Object.fromEntries(new URL(url, 'http://graft').searchParams);
  const project = '/a b/ä&c.graft';
  const asked = { project, image: 3, side: 96, labels: '1', v: 'abc' } as const;
  const address = pixelsUrl('thumbnail', asked);
  expect(address.startsWith('/pixels/thumbnail?')).toBe(true);
  expect(PIXELS_QUERIES.thumbnail.parse(query(address))).toEqual(asked);
  const saved = { project, image: 3, author: 'corrected', run: 5, base: 6, origin: 'w' } as const;
  expect(SaveQuery.parse(query(saveUrl(saved)))).toEqual(saved);
  const first = { project, image: 3, author: 'human', run: undefined } as const;
  expect(SaveQuery.parse(query(saveUrl(first)))).toEqual({ project, image: 3, author: 'human' });
  for (const image of ['', '0', '1.5', 'x']) {
    expect(PIXELS_QUERIES.image.safeParse({ project, image }).success, image).toBe(false);
  }
});
