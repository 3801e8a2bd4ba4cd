import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ImageOfRows,
  type Samples,
  samplesOf,
} from '../../../../engine/data/decoded-image.ts';
import {
  createImageStore,
  type KeptImage,
} from '../../../../engine/training/images/image-store.ts';
import { AppError } from '../../../../shared/errors.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { createRandom } from '../../../../shared/random.ts';

/** Beside an image. */
const NOTHING = { labels: null, depths: null };

const folder = () => mkdtempSync(join(tmpdir(), 'graft-image-store-'));

/** An image that counts its pixels that were read. */
function image(options: {
  width: number;
  height: number;
  channels: number;
  bitDepth: 8 | 16 | 32;
}) {
  const { width, height, channels, bitDepth } = options;
  const random = createRandom(width, 'an image', height, channels);
  const data = samplesOf(bitDepth, width * height * channels).map(() => random.below(250));
  let read = 0;
  const opened: ImageOfRows = {
    ...{ width, height, channels, bitDepth },
    rows(top, count): Promise<Samples> {
      read += count * width;
      return Promise.resolve(
        data.subarray(top * width * channels, (top + count) * width * channels),
      );
    },
  };
  const labels = new Uint8Array(width * height).map(() =>
    random.next() < 0.9 ? 0 : random.below(4),
  );
  return {
    opened,
    data,
    labels,
    code: encodeLabelMap({ width, height, data: labels }),
    read: () => read,
  };
}

const rectangles = [
  { left: 0, top: 0, width: 17, height: 11 },
  { left: 5, top: 3, width: 4, height: 7 },
  { left: 16, top: 10, width: 1, height: 1 },
];

function cut(data: Samples, channels: number, rectangle: (typeof rectangles)[number]) {
  const { left, top, width, height } = rectangle;
  return Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const at = (top + Math.floor(pixel / width)) * 17 + left + (pixel % width);
    return data[at * channels + (i % channels)];
  });
}

describe.each([
  ['in memory', 2 ** 20],
  ['on disk', 0],
])('an image that is kept %s', (_, memoryBytes) => {
  it.each([8, 16, 32] as const)(
    'of %i bits gives the samples and labels of any part',
    async (bitDepth) => {
      const store = createImageStore({ memoryBytes, folder: folder() });
      for (const channels of [1, 3]) {
        const { opened, data, labels, code, read } = image({
          width: 17,
          height: 11,
          channels,
          bitDepth,
        });
        const kept = await store.keep(opened, { labels: code, depths: labels }, 'an image');
        expect(read()).toBe(17 * 11);
        for (const rectangle of rectangles) {
          const part = kept.samples.part(rectangle);
          expect(part.BYTES_PER_ELEMENT).toBe(bitDepth / 8);
          expect([...part]).toEqual(cut(data, channels, rectangle));
          for (const plane of [kept.labels, kept.depths]) {
            expect([...(plane?.part(rectangle) ?? [])]).toEqual(cut(labels, 1, rectangle));
          }
        }
      }
      store.close();
    },
  );

  it('has no labels where there are none', async () => {
    const store = createImageStore({ memoryBytes, folder: folder() });
    const { opened } = image({ width: 17, height: 11, channels: 1, bitDepth: 8 });
    const kept = await store.keep(opened, NOTHING, 'an image');
    expect([kept.labels, kept.depths]).toEqual([null, undefined]);
  });
});

describe('an image store', () => {
  it('takes to the disk what no longer fits into the memory, and leaves nothing in the folder', async () => {
    const place = folder();
    const one = image({ width: 17, height: 11, channels: 1, bitDepth: 8 });
    const store = createImageStore({ memoryBytes: 3 * 17 * 11, folder: place });
    const kept: KeptImage[] = [];
    const beside = { labels: one.code, depths: null };
    for (let i = 0; i < 3; i++) kept.push(await store.keep(one.opened, beside, 'an image'));
    expect(readdirSync(place)).toEqual([]);
    for (const { samples } of kept) {
      const rectangle = { left: 5, top: 3, width: 4, height: 7 };
      expect([...samples.part(rectangle)]).toEqual(cut(one.data, 1, rectangle));
    }
    store.close();
    const rectangle = { left: 0, top: 0, width: 1, height: 1 };
    expect([...(kept[0]?.samples.part(rectangle) ?? [])]).toEqual([one.data[0]]);
    expect(() => kept[2]?.samples.part(rectangle)).toThrow();
  });

  it('writes long runs of labels as they are', async () => {
    const [width, height] = [2048, 1100];
    const data = new Uint8Array(width * height).fill(7, width * 600 + 13, width * 1090);
    const { opened } = image({ width, height, channels: 1, bitDepth: 8 });
    const store = createImageStore({ memoryBytes: 0, folder: folder() });
    const { labels } = await store.keep(
      opened,
      { labels: encodeLabelMap({ width, height, data }), depths: null },
      'an image',
    );
    const all = labels?.part({ left: 0, top: 0, width, height });
    expect(Buffer.compare(all ?? new Uint8Array(), data)).toBe(0);
    store.close();
  });

  it('says before it begins that the disk has no room, and how much it takes', async () => {
    const { opened } = image({ width: 17, height: 11, channels: 1, bitDepth: 8 });
    const store = createImageStore({ memoryBytes: 0, folder: folder() });
    const huge = { ...opened, width: 2 ** 28, height: 2 ** 28 };
    const error: unknown = await store
      .keep(huge, NOTHING, 'huge.tif')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'no-space' });
    expect(String(error)).toMatch(/huge\.tif does not fit into the memory.*GB/s);
  });
});
