/**
 * Pictures of a PNG or JPEG behind the first: frames of an animation, the other eye of a stereo camera, previews. The
 * decoder shows the first alone, so whoever reads the file says that there are others.
 */
import { type FilePages, ONE_IMAGE } from './file-pages.ts';
import type { ImageFile } from './image-file.ts';
import { counted, verbFor } from '../../shared/number-format.ts';

/** What both formats say before their pixels fits into this, but for large colour profiles. */
const HEAD_BYTES = 2 ** 16;
/** Parts before the pixels that are looked at: a file may hold as many empty ones as it has room for. */
const MOST_PARTS = 200;

type Read = (at: number, length: number) => Promise<DataView>;

/** Bytes of a file from an index on; fewer where it ends. */
async function readerOf(file: ImageFile): Promise<Read> {
  const head = await file.read(0, HEAD_BYTES);
  return async (at, length) => {
    const bytes =
      at + length <= head.length ? head.subarray(at, at + length) : await file.read(at, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

const textOf = (view: DataView, at: number, length: number): string =>
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));

/** Frames of an animated PNG: its chunk acTL stands before the pixels (PNG, third edition, section 11.3.6). */
async function pngFrames(read: Read): Promise<number> {
  let at = 8;
  for (let part = 0; part < MOST_PARTS; part++) {
    const chunk = await read(at, 12);
    if (chunk.byteLength < 12) return 1;
    const type = textOf(chunk, 4, 4);
    if (type === 'acTL') return chunk.getUint32(8);
    if (type === 'IDAT') return 1;
    at += 12 + chunk.getUint32(0);
  }
  return 1;
}

const APP2 = 0xffe2;
const START_OF_SCAN = 0xffda;
const NUMBER_OF_IMAGES = 0xb001;
const MPF = 'MPF\0';
/** Signature, header of TIFF, and more entries than its directory has. */
const MPF_BYTES = 256;

/** CIPA DC-007, 5.2.2: after the signature a directory as in TIFF. */
function imagesOfMpf(segment: DataView): number {
  const start = MPF.length;
  if (segment.byteLength < start + 8) return 1;
  const little = textOf(segment, start, 2) === 'II';
  const directory = start + segment.getUint32(start + 4, little);
  if (directory + 2 > segment.byteLength) return 1;
  const entries = segment.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > segment.byteLength) return 1;
    if (segment.getUint16(entry, little) === NUMBER_OF_IMAGES) {
      return segment.getUint32(entry + 8, little);
    }
  }
  return 1;
}

/** Images of a JPEG with several (Multi-Picture Format), told in a segment before the pixels. */
async function jpegImages(read: Read): Promise<number> {
  let at = 2;
  for (let part = 0; part < MOST_PARTS; part++) {
    const segment = await read(at, 8);
    if (segment.byteLength < 8) return 1;
    const marker = segment.getUint16(0);
    if (marker === START_OF_SCAN || marker < 0xff00) return 1;
    const length = segment.getUint16(2);
    if (marker === APP2 && textOf(segment, 4, 4) === MPF) {
      return imagesOfMpf(await read(at + 4, Math.min(length - 2, MPF_BYTES)));
    }
    at += 2 + length;
  }
  return 1;
}

/** The one image of a PNG or JPEG, and what is said of the pictures behind it. Errors: unreadable. */
export async function onlyImage(file: ImageFile, format: 'png' | 'jpeg'): Promise<FilePages> {
  const read = await readerOf(file);
  const others = (await (format === 'png' ? pngFrames(read) : jpegImages(read))) - 1;
  if (others < 1) return ONE_IMAGE;
  const message =
    format === 'png'
      ? `it is an animation, and ${counted(others, 'frame')} behind its first ${verbFor(others, 'are')} left out (save them as pages of a TIFF to have them all)`
      : `${counted(others, 'picture')} behind its first (the other eye, a preview, a gain map) ${verbFor(others, 'are')} left out`;
  return { ...ONE_IMAGE, leftOut: [{ severity: format === 'png' ? 'change' : 'info', message }] };
}
