/** Entry of the process in which images are decoded (foreign-images.ts and image-source.ts ask it). */
import { toWireError } from '../../shared/errors.ts';
import { serveIsolated, type TellNeeds } from '../isolated/serve.ts';
import { decodeImage, type OpenImage, openImage } from './decode.ts';
import { assertSizeAsStored, unreadableImage } from './decoded-image.ts';
import { decodeMask } from './decode-mask.ts';
import type { DecodedMask } from './decoded-mask.ts';
import { DecoderRequest, type ImageSize, needsOf } from './decoder-messages.ts';
import { formatOf } from './image-format.ts';
import { pixelSizeOfNifti } from './nifti.ts';
import { filePages } from './read-pages.ts';
import { reduceImage } from './reduce.ts';
import { received } from './sent-file.ts';
import { smallImage } from './thumbnail.ts';
import { pixelSizeOfTiff } from './tiff-pixel-size.ts';

/** Samples that are held of an image while it is read through. */
const BAND_BYTES = 2 ** 27;
let opened: OpenImage | undefined;

type Pair = Extract<DecoderRequest, { what: 'pair' }>;

const answer = (message: unknown, tell: TellNeeds): Promise<unknown> => {
  const request = DecoderRequest.parse(message);
  return request.what === 'pair' ? both(request, tell) : one(request, tell);
};

/** What is wrong with the mask is told beside the image. */
async function both({ image, mask }: Pair, tell: TellNeeds): Promise<unknown> {
  let [fileBytes, memoryBytes, workBytes] = [0, 0, 0];
  const tellSum: TellNeeds = (needs) => {
    fileBytes += needs.fileBytes;
    memoryBytes += needs.memoryBytes ?? 0;
    workBytes += needs.workBytes ?? 0;
    tell({ fileBytes, memoryBytes, workBytes });
  };
  return {
    image: await one(image, tellSum),
    mask: await one(mask, tellSum).catch((error: unknown) =>
      toWireError(unreadableImage(mask.subject, error)),
    ),
  };
}

async function one(request: Exclude<DecoderRequest, Pair>, tell: TellNeeds): Promise<unknown> {
  if (request.what === 'rows') {
    if (opened === undefined) throw new Error('no image is open');
    return rowsOf(opened, request.top, request.count);
  }
  opened = undefined;
  if (request.what === 'shut') return null;
  const { subject } = request;
  const file = await received(request.file);
  if (request.what === 'pages') return filePages(file, { subject, as: request.as });
  if (request.what === 'pixelSize') {
    const isNifti = (await formatOf(file, subject)) === 'nifti';
    return isNifti ? pixelSizeOfNifti(file, subject) : pixelSizeOfTiff(file, subject);
  }
  const { page, channelPages = null } = request;
  const of = { subject, ...(page === undefined ? {} : { page }) };
  if (request.what === 'mask') {
    const onSize = (size: ImageSize) => tell(needsOf(size, file.sizeBytes, true));
    const mask = await decodeMask(file, { ...of, onSize });
    return request.evidenceAlone ? withoutValues(mask) : mask;
  }
  const image = await openImage(file, { ...of, channelPages, bandBytes: BAND_BYTES });
  if (request.stored !== undefined) assertSizeAsStored(request.stored, image);
  const { width, height, channels, bitDepth } = image;
  const size = { width, height, channels, bitDepth };
  tell(needsOf(size, file.sizeBytes));
  if (request.what === 'image') return decodeImage(file, { ...of, channelPages });
  if (request.what === 'picture') {
    const { reducedBy, maxSidePx } = request;
    const pixels = await (reducedBy === 1
      ? decodeImage(file, { ...of, channelPages })
      : reduceImage(image, reducedBy));
    return maxSidePx === null ? pixels : smallImage(pixels, maxSidePx);
  }
  if (request.what === 'open') {
    const isWhole = (width * height * channels * bitDepth) / 8 <= request.wholeBytes;
    if (!isWhole) opened = image;
    return { ...size, whole: isWhole ? await rowsOf(image, 0, height) : null };
  }
  // Nothing of the pixels is wanted but that they are whole.
  const notes = await image.readThrough(() => undefined);
  return { ...size, notes, transparentPx: image.transparentPx() };
}

async function rowsOf(image: OpenImage, top: number, count: number) {
  const samples = await image.rows(top, count);
  return { samples, transparentPx: image.transparentPx() };
}

/** What they look like is known; many values need not travel. */
function withoutValues(mask: DecodedMask): DecodedMask {
  const values = new Uint8Array();
  return { ...mask, values, objects: undefined, alpha: mask.alpha && { ...mask.alpha, values } };
}

serveIsolated(
  answer,
  (request, error) => {
    const { subject } = DecoderRequest.parse(request);
    return unreadableImage(subject, error);
  },
  { isKeeping: () => opened !== undefined },
);
