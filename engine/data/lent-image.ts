/**
 * An image that is read by rows, decoded in a process of its own: a small one at once, of a large one what is asked for,
 * from a process that does nothing else meanwhile.
 */
import type { Isolated } from '../isolated/processes.ts';
import type { ImageOfRows, OpenImage } from './decoded-image.ts';
import { AnsweredRows, type DecoderRequest, needsOf, OpenedImage } from './decoder-messages.ts';

/** Samples that are held at once. */
const WHOLE_BYTES = 2 ** 26;

/** `transparentPx`: of what was read until then. */
export interface LentImage extends ImageOfRows, Pick<OpenImage, 'transparentPx'> {
  /** It is in memory, and can be read after it was given back as well. */
  readonly isHeld: boolean;
}

type Opening = Omit<Extract<DecoderRequest, { what: 'open' }>, 'what' | 'wholeBytes'>;

export interface Lending<T> {
  readonly by: Isolated;
  readonly fileBytes: number;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  readonly use: (image: LentImage) => Promise<T>;
}

/** Lends an image to `use`. Errors: those of openImage; cancelled; those of `use`. */
export async function lendImage<T>(
  opening: Opening,
  { by, fileBytes, signal, use }: Lending<T>,
): Promise<T> {
  const { subject } = opening;
  const stopped = signal === undefined ? {} : { signal };
  const lent = await by.use(async (ask) => {
    const request: DecoderRequest = { what: 'open', ...opening, wholeBytes: WHOLE_BYTES };
    const { whole, ...size } = OpenedImage.parse(
      await ask(request, { subject, fileBytes, ...stopped }),
    );
    if (whole !== null) return { size, whole };
    const needs = { subject, ...needsOf(size, fileBytes), ...stopped };
    let transparentPx: number | null = null;
    try {
      const used = await use({
        ...{ ...size, isHeld: false },
        transparentPx: () => transparentPx,
        async rows(top, count) {
          const rows: DecoderRequest = { what: 'rows', subject, top, count };
          const answer = AnsweredRows.parse(await ask(rows, needs));
          ({ transparentPx } = answer);
          return answer.samples;
        },
      });
      return { used };
    } finally {
      const shut: DecoderRequest = { what: 'shut', subject };
      // Where its process has ended, that was told of the rows.
      await ask(shut, needs).catch(() => undefined);
    }
  });
  if ('used' in lent) return lent.used;
  const { size, whole } = lent;
  const length = size.width * size.channels;
  const { samples } = whole;
  return use({
    ...{ ...size, isHeld: true },
    transparentPx: () => whole.transparentPx,
    rows: (top, count) =>
      // A copy of a part: whoever sends that on would send all that lies beneath it.
      Promise.resolve(
        count === size.height ? samples : samples.slice(top * length, (top + count) * length),
      ),
  });
}
