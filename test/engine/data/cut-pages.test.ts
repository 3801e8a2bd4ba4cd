/** A file of several pages that is cut off is never taken for one of fewer pages. */
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage } from '../../../engine/data/decode.ts';
import { filePages } from '../../../engine/data/read-pages.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { AppError } from '../../../shared/errors.ts';
import { writeTiff } from './tiff-writer.ts';

const [width, height] = [20, 15];
const subject = 'a.file';

/** Frames that have nothing in common, so that each is written whole. */
async function animated() {
  const frames = await Promise.all(
    [11, 47, 83].map((step) => {
      const data = Buffer.from(
        Array.from({ length: width * height * 3 }, (_, i) => (i * step * step) & 255),
      );
      return sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
    }),
  );
  return sharp(frames, { join: { animated: true } });
}

const page = { width, height, bits: [8], samples: Array.from({ length: 300 }, (_, i) => i & 255) };

it.each<[string, () => Promise<Uint8Array>]>([
  ['GIF', async () => (await animated()).gif().toBuffer()],
  ['WebP', async () => (await animated()).webp({ lossless: true }).toBuffer()],
  ['TIFF', () => Promise.resolve(writeTiff([page, page, { ...page, compression: 'lzw' }]))],
])('%s', async (_, make) => {
  const bytes = await make();
  const whole = await filePages(fileInMemory(bytes), { subject, as: 'auto' });
  expect(whole.pages).toBe(3);
  const lengths = Array.from({ length: 60 }, (_unused, i) => Math.floor((i * bytes.length) / 60));
  for (const length of [...lengths, bytes.length - 1]) {
    const cut = fileInMemory(bytes.subarray(0, length));
    const read = async () => {
      const { images } = await filePages(cut, { subject, as: 'auto' });
      for (const image of images) await decodeImage(cut, { subject, ...image });
      return images.length;
    };
    expect(await read().catch((error: unknown) => error)).toBeInstanceOf(AppError);
  }
});
