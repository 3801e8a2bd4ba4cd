/**
 * Images at full resolution while a network is trained on patches of them: with their samples as they are stored, in
 * memory while there is room, else on disk, so that an image may be larger than the memory. Patches lie anywhere, and
 * most formats are decoded from the top: so an image is decoded once, and its patches are read from what came of it.
 */
import { availableParallelism, totalmem } from 'node:os';
import { decodeLabelMap, readLabelMapRuns } from '../../../shared/label-map.ts';
import {
  type ImageOfRows,
  sampleBytes,
  type Samples,
  samplesOf,
} from '../../data/decoded-image.ts';
import { piecesOf } from './row-pieces.ts';
import { openScratchFile, type ScratchFile } from './scratch-file.ts';

/** Pixels of an image; lies within it. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Samples of an image, from which rectangles are read. */
export interface Plane<T extends Samples = Samples> {
  /** [height, width, channels] */
  part(rectangle: Rectangle): T;
}

export interface KeptImage {
  readonly samples: Plane;
  readonly labels: Plane<Uint8Array> | null;
  /** Where they were given. */
  readonly depths?: Plane<Uint8Array>;
}

/** What is kept beside an image, of its size. */
export interface KeptLabels {
  /** Code of a label map (shared/label-map.ts); null: it has none. */
  readonly labels: Uint8Array | null;
  /** Depths inside of objects (shared/objects/depths.ts), a byte a pixel; null: none are wanted. */
  readonly depths: Uint8Array | null;
}

export interface ImageStore {
  /** Errors: unreadable, corrupt, no-space (neither the memory nor the disk has room). */
  keep(image: ImageOfRows, beside: KeptLabels, subject: string): Promise<KeptImage>;
  /** Gives the disk back; what was kept can no longer be read. */
  close(): void;
}

/** How the samples of an image lie behind one another. */
interface PlaneLayout<T extends Samples> {
  readonly width: number;
  readonly channels: number;
  /** An array for so many samples. */
  readonly make: (length: number) => T;
}

/** `readRow`: fills a row of a part with the samples from an index of the image on. */
const planeOf = <T extends Samples>(
  { width, channels, make }: PlaneLayout<T>,
  readRow: (from: number, row: Samples) => void,
): Plane<T> => ({
  part(rectangle) {
    const length = rectangle.width * channels;
    const out = make(length * rectangle.height);
    for (let y = 0; y < rectangle.height; y++) {
      const from = ((rectangle.top + y) * width + rectangle.left) * channels;
      readRow(from, out.subarray(y * length, (y + 1) * length));
    }
    return out;
  },
});

export const planeInMemory = <T extends Samples>(data: T, layout: PlaneLayout<T>): Plane<T> =>
  planeOf(layout, (from, row) => row.set(data.subarray(from, from + row.length)));

const planeOnDisk = <T extends Samples>(
  file: ScratchFile,
  at: number,
  layout: PlaneLayout<T>,
): Plane<T> => planeOf(layout, (from, row) => file.read(at + from * row.BYTES_PER_ELEMENT, row));

const sampleLayout = ({ width, channels, bitDepth }: ImageOfRows): PlaneLayout<Samples> => ({
  ...{ width, channels },
  make: (length) => samplesOf(bitDepth, length),
});

export const valueLayout = (width: number, channels: number): PlaneLayout<Float32Array> => ({
  ...{ width, channels },
  make: (length) => new Float32Array(length),
});

export const labelLayout = (width: number): PlaneLayout<Uint8Array> => ({
  ...{ width, channels: 1 },
  make: (length) => new Uint8Array(length),
});

/** Label maps are written in pieces of so many pixels. */
const LABEL_PIECE = 2 ** 20;

/** The pixels of a label map's code, from `at` of the file on, never all of them in memory. */
function writeLabels(file: ScratchFile, at: number, code: Uint8Array): void {
  const piece = new Uint8Array(LABEL_PIECE);
  let written = 0;
  let filled = 0;
  const flush = () => {
    file.write(at + written, piece.subarray(0, filled));
    written += filled;
    filled = 0;
  };
  readLabelMapRuns(code, (value, start, end) => {
    for (let pixel = start; pixel < end;) {
      const count = Math.min(end - pixel, LABEL_PIECE - filled);
      piece.fill(value, filled, filled + count);
      filled += count;
      pixel += count;
      if (filled === LABEL_PIECE) flush();
    }
  });
  flush();
}

/** Trainers side by side are at most as many as cores; together they keep up to this share of the memory. */
const MEMORY_SHARE = 0.25;

/** Bytes of decoded images that one trainer of this machine keeps in memory. */
export const imageMemoryBytes = (): number =>
  // What a container or a cluster grants may be less than what the machine has; 0 where nobody says.
  (Math.min(totalmem(), process.constrainedMemory() || Infinity) * MEMORY_SHARE) /
  availableParallelism();

/** Bytes of an image's samples and, where it has some, labels. */
export const keptBytes = (image: Parameters<typeof sampleBytes>[0], isLabelled: boolean): number =>
  sampleBytes(image) + (isLabelled ? image.widthPx * image.heightPx : 0);

export interface ImageStoreOptions {
  /** Samples and labels that are kept in memory. */
  readonly memoryBytes?: number;
  /** Where the others go. */
  readonly folder: string;
}

export function createImageStore(options: ImageStoreOptions): ImageStore {
  let room = options.memoryBytes ?? imageMemoryBytes();
  let scratch: ScratchFile | null = null;

  async function inMemory(image: ImageOfRows, { labels, depths }: KeptLabels): Promise<KeptImage> {
    const layout = sampleLayout(image);
    const data = layout.make(image.width * image.height * image.channels);
    for (const { top, count } of piecesOf(image)) {
      data.set(await image.rows(top, count), top * image.width * image.channels);
    }
    const bytes = (plane: Uint8Array) => planeInMemory(plane, labelLayout(image.width));
    return {
      samples: planeInMemory(data, layout),
      labels: labels && bytes(decodeLabelMap(labels).data),
      ...(depths === null ? {} : { depths: bytes(depths) }),
    };
  }

  async function onDisk(
    image: ImageOfRows,
    { labels, depths }: KeptLabels,
    needed: { readonly bytes: number; readonly subject: string },
  ): Promise<KeptImage> {
    scratch ??= openScratchFile(options.folder);
    const file = scratch;
    file.assertRoom(needed.bytes, needed.subject);
    // All of it before anything is read: several images may be read at once.
    const samplesAt = file.reserve(needed.bytes);
    let labelsAt = samplesAt;
    for (const { top, count } of piecesOf(image)) {
      const rows = await image.rows(top, count);
      file.write(labelsAt, rows);
      labelsAt += rows.byteLength;
    }
    if (labels !== null) writeLabels(file, labelsAt, labels);
    const depthsAt = labelsAt + (labels === null ? 0 : image.width * image.height);
    if (depths !== null) file.write(depthsAt, depths);
    const bytes = (at: number) => planeOnDisk(file, at, labelLayout(image.width));
    return {
      samples: planeOnDisk(file, samplesAt, sampleLayout(image)),
      labels: labels && bytes(labelsAt),
      ...(depths === null ? {} : { depths: bytes(depthsAt) }),
    };
  }

  return {
    async keep(image, beside, subject) {
      const { width, height, channels, bitDepth } = image;
      const { labels, depths } = beside;
      const bytes =
        keptBytes({ widthPx: width, heightPx: height, channels, bitDepth }, labels !== null) +
        (depths?.length ?? 0);
      if (bytes > room) return onDisk(image, beside, { bytes, subject });
      room -= bytes;
      try {
        return await inMemory(image, beside);
      } catch (error) {
        room += bytes;
        throw error;
      }
    },
    close() {
      scratch?.close();
    },
  };
}
