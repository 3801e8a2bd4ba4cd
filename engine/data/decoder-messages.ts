/** What a decoder process is asked for: all that an import or a prediction wants of an image file from outside. */
import { z } from 'zod';
import { WireError } from '../../shared/errors.ts';
import type { PagesAs } from '../../shared/api.ts';
import { PixelSize } from '../../shared/pixel-size.ts';
import type { Needs } from '../isolated/limits.ts';
import type { Slope } from './mask-evidence.ts';
import { SentFile } from './sent-file.ts';

/** The list of all calls would take longer to load than most files take to be decoded. */
const Pages = z.custom<PagesAs>((value) => typeof value === 'string');

const Image = {
  /** What messages name. */
  subject: z.string(),
  file: SentFile,
  page: z.number().optional(),
  channelPages: z.array(z.number()).nullable().optional(),
  /** What the project says whose original it is: refused before a pixel is read where the file says otherwise. */
  stored: z.object({ name: z.string(), widthPx: z.number(), heightPx: z.number() }).optional(),
};

const Check = z.object({ what: z.literal('check'), ...Image });
const Mask = z.object({ what: z.literal('mask'), ...Image, evidenceAlone: z.boolean() });

export const DecoderRequest = z.discriminatedUnion('what', [
  /** FilePages */
  z.object({ what: z.literal('pages'), subject: z.string(), file: SentFile, as: Pages }),
  /** CheckedImage: all of it is read once, and none of it comes back. */
  Check,
  /** DecodedImage */
  z.object({ what: z.literal('image'), ...Image }),
  /** DecodedImage, each pixel of it the mean of `reducedBy` × `reducedBy` of its own; as smallImage makes of that. */
  z.object({
    ...{ what: z.literal('picture'), ...Image, reducedBy: z.number() },
    maxSidePx: z.number().nullable(),
  }),
  /** DecodedMask, or what its values look like and none of them. */
  Mask,
  /** AnsweredPair: an image and its mask at once, since asking costs as much as decoding small ones. */
  z.object({ what: z.literal('pair'), subject: z.string(), image: Check, mask: Mask }),
  /**
   * OpenedImage: with its samples, where they are no more than `wholeBytes`; else its rows are asked for by the next
   * requests to the same process.
   */
  z.object({ what: z.literal('open'), ...Image, wholeBytes: z.number() }),
  /** FoundPixelSize, or null where the file says nothing of it. */
  z.object({ what: z.literal('pixelSize'), subject: z.string(), file: SentFile }),
  /** The image that is open is read no more. */
  z.object({ what: z.literal('shut'), subject: z.string() }),
  /** AnsweredRows of the image that is open. */
  z.object({
    what: z.literal('rows'),
    subject: z.string(),
    top: z.number(),
    count: z.number(),
  }),
]);
export type DecoderRequest = z.infer<typeof DecoderRequest>;

const Samples = z.union([
  z.instanceof(Uint8Array),
  z.instanceof(Uint16Array),
  z.instanceof(Float32Array),
]);

const Size = {
  width: z.number(),
  height: z.number(),
  channels: z.number(),
  bitDepth: z.union([z.literal(8), z.literal(16), z.literal(32)]),
};
/** What the header of a file says. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bitDepth: 8 | 16 | 32;
}
const notes = z.array(z.string());

export const CheckedImage = z.object({
  ...Size,
  notes,
  transparentPx: z.number().nullable(),
});
/** Size and depth of an image, with DecodedImage.notes and OpenImage.transparentPx once all was read. */
export type CheckedImage = Readonly<z.infer<typeof CheckedImage>>;

export const AnsweredImage = z.object({ ...Size, notes, data: Samples });

/** Of a pixel, in its decoder and beside it: a JPEG that is sent coarse first is held whole, with 6 bytes a pixel. */
const BYTES_OF_PIXEL = 16;
/** Of a pixel of a mask: its value, its colours, and what its values look like. */
const BYTES_OF_MASK_PIXEL = 64;

/** What an image may cost whose size is known. */
export function needsOf(image: ImageSize, fileBytes: number, isMask = false): Needs {
  const pixels = image.width * image.height;
  const samples = (pixels * image.channels * image.bitDepth) / 8;
  const ofPixel = isMask ? BYTES_OF_MASK_PIXEL : BYTES_OF_PIXEL;
  return { fileBytes, memoryBytes: ofPixel * pixels + 4 * samples, workBytes: samples };
}
/** With OpenImage.transparentPx of what was read until then. */
export const AnsweredRows = z.object({ samples: Samples, transparentPx: z.number().nullable() });

export const OpenedImage = z.object({ ...Size, whole: AnsweredRows.nullable() });

/** Counts of up to 65,536 values are not looked at one by one. */
const counts = z.custom<ReadonlyMap<number, number>>((value) => value instanceof Map);
const slopes = z.custom<ReadonlyMap<number, Slope>>((value) => value instanceof Map);
const evidence = { histogram: counts, cores: counts, slopes };
const Alpha = z.union([z.instanceof(Uint8Array), z.instanceof(Uint16Array)]);

export const AnsweredMask = z.object({
  width: z.number(),
  height: z.number(),
  kind: z.enum(['index', 'grey', 'colour']),
  values: z.union([z.instanceof(Uint8Array), z.instanceof(Uint16Array), z.instanceof(Uint32Array)]),
  ...evidence,
  alpha: z
    .object({ values: Alpha, ...evidence, transparent: z.number(), hidden: z.number() })
    .nullable(),
  objects: z.instanceof(Uint32Array).optional(),
  isNumbered: z.boolean().optional(),
  notes,
});

export const AnsweredPair = z.object({
  image: CheckedImage,
  mask: z.union([AnsweredMask, WireError]),
});

export const AnsweredPixelSize = z
  .object({ pixelSize: PixelSize.nullable(), why: z.string() })
  .nullable();

const Page = z.object({ page: z.number(), channelPages: z.array(z.number()).nullable() });
export const AnsweredPages = z.object({
  images: z.array(Page),
  pages: z.number(),
  axes: z.array(z.number()),
  saysChannels: z.boolean(),
  leftOut: z.array(z.object({ severity: z.enum(['info', 'change', 'skip']), message: z.string() })),
});
