/** Several pages of one file as the channels of one image. */
import { AppError } from '../../shared/errors.ts';
import { type RowReader, samplesOf } from './decoded-image.ts';

/** Channels of the first page first. Errors: unsupported, where the pages differ in size or depth. */
export function joinChannels(
  readers: readonly RowReader[],
  { subject, pages }: { readonly subject: string; readonly pages: readonly number[] },
): RowReader {
  const [first] = readers;
  if (first === undefined) throw new AppError('internal', 'An image has no channels.');
  const { width, height, bitDepth } = first;
  const kindOf = (reader: RowReader) =>
    `${reader.width}×${reader.height} px of ${reader.bitDepth} bits`;
  readers.forEach((reader, i) => {
    if (kindOf(reader) === kindOf(first)) return;
    throw new AppError(
      'unsupported',
      `${subject} holds no channels of one image: page ${(pages[0] ?? 0) + 1} has ${kindOf(first)}, page ${(pages[i] ?? 0) + 1} ${kindOf(reader)}. Import its pages as images of their own.`,
      { subject },
    );
  });
  const channels = readers.reduce((sum, reader) => sum + reader.channels, 0);
  return {
    ...{ width, height, bitDepth, channels },
    wholeOnly: readers.some(({ wholeOnly }) => wholeOnly),
    notes: () => [...new Set(readers.flatMap((reader) => reader.notes()))],
    transparentPx: () => {
      const counts = readers.map((reader) => reader.transparentPx());
      const known = counts.filter((count) => count !== null);
      return known.length === 0 ? null : Math.max(...known);
    },
    async read(top, count) {
      const out = samplesOf(bitDepth, count * width * channels);
      let before = 0;
      for (const reader of readers) {
        const samples = await reader.read(top, count);
        const own = reader.channels;
        for (let i = 0; i < samples.length; i++) {
          const pixel = Math.floor(i / own);
          out[pixel * channels + before + (i % own)] = samples[i] ?? 0;
        }
        before += own;
      }
      return out;
    },
  };
}
