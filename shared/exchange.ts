/**
 * What goes over HTTP beside calls, because it is too large for them: pixels, label maps, dropped files. Addresses,
 * queries, headers and bodies, as engine and window both use them. Errors go out as their wire form (errors.ts).
 */
import { z } from 'zod';
import type { ImagePixels } from './display.ts';
import { Id } from './entities.ts';
import { type Helper, HelpersCode, helpersCode } from './helpers.ts';
import { FilePath, Origin } from './limits.ts';
import type { ClassScores } from './post-processing.ts';

// ───────────────────────────── queries ─────────────────────────────

/** Absolute path of a project that the engine has open. */
const project = FilePath;
/** As text: everything in an address is. */
const id = z.coerce.number<number>().pipe(Id);
/** Of the image. */
const pixels = z.coerce.number<number>().pipe(z.number().int().min(0)).optional();
/** Mark of the content, such as a revision: with it the answer may be kept. */
const v = z.string().min(1).max(200).optional();

/** Of `GET /pixels/<kind>`. */
export const PIXELS_QUERIES = {
  /** PNG, no side longer than `side` px; with `labels` the current label map lies over it. */
  thumbnail: z.object({
    project,
    image: id,
    side: z.coerce.number<number>().pipe(z.number().int().min(16).max(2048)),
    labels: z.literal('1').optional(),
    v,
  }),
  /** Samples of the original: `encodeImagePixels`. */
  image: z.object({ project, image: id, v }),
  /**
   * label-map.ts code of the current or an older label map; its id in REVISION_HEADER, and OBJECTS_HEADER where objects are
   * stored with it.
   */
  'label-map': z.object({ project, image: id, revision: id.optional() }),
  /**
   * object-map.ts code of the objects of a label map, as for that; OBJECTS_HEADER says whether they are stored or its
   * connected components.
   */
  objects: z.object({ project, image: id, revision: id.optional() }),
  /** label-map.ts code of what was scribbled on an image (shared/assist/scribbled.ts). */
  scribbles: z.object({ project, image: id }),
  /** label-map.ts code of what a run predicted for a test image. */
  prediction: z.object({ project, image: id, run: id }),
  /** What `predict.image` found: `encodeClassScores`. Each is kept until the next one or two are there. */
  scores: z.object({ project, prediction: id }),
  /** What `measures.table` found: `encodeMeasures`. Each is kept until the next one or two are there. */
  measures: z.object({ project, table: id }),
  /**
   * label-map.ts code of what the training that goes on while one labels sees in an image now, or in the rectangle of it
   * that is on the screen.
   */
  live: z.object({
    project,
    image: id,
    left: pixels,
    top: pixels,
    width: pixels,
    height: pixels,
  }),
} as const;
export type PixelsKind = keyof typeof PIXELS_QUERIES;
export type PixelsQuery<K extends PixelsKind> = z.input<(typeof PIXELS_QUERIES)[K]>;

/**
 * Of `PUT /pixels/label-map`, body: label-map.ts code. Who drew it, over which revision (none: whatever is there), from
 * the prediction of which run. Answered with SavedLabelMap when it is on disk; refused as the call `labelMaps.save` is.
 */
export const SaveQuery = z.object({
  project,
  image: id,
  author: z.enum(['human', 'corrected']),
  run: id.optional(),
  helpers: HelpersCode.optional(),
  base: id.optional(),
  /**
   * Byte of the body at which the object map begins (object-map.ts code); its length: the label map has no objects. Left
   * out: it has those of its base, less what was painted over.
   */
  objectsFrom: z.coerce.number<number>().pipe(z.number().int().min(0)).optional(),
  /** As in calls (ClientMessage). */
  origin: Origin.optional(),
});
export type SaveQuery = Omit<z.input<typeof SaveQuery>, 'helpers'> & {
  readonly helpers?: readonly Helper[];
};
/** Of `PUT /pixels/scribbles`, body: label-map.ts code. They take the place of those before. */
export const SaveScribblesQuery = z.object({ project, image: id, origin: Origin.optional() });
export type SaveScribblesQuery = z.input<typeof SaveScribblesQuery>;

export const SavedLabelMap = z.object({ id: Id });

/** Of `POST /files`, body: the file. Answered with ReceivedFile. */
export const FileQuery = z.object({
  /** Keeps the files of one drop together. */
  batch: z.string().max(64),
  /** With folders, e.g. `images/a.png`. */
  name: FilePath,
});
export const ReceivedFile = z.object({
  /** Absolute path of the file on the engine's side. */
  path: z.string(),
  /** Folder of its batch. */
  folder: z.string(),
});
export type ReceivedFile = z.infer<typeof ReceivedFile>;

/** Of `GET /report`: the report of a study as it stands now, as a page. */
export const ReportQuery = z.object({ project, study: id });

// ───────────────────────────── addresses ─────────────────────────────

export const PIXELS_PATH = '/pixels/';
export const FILES_PATH = '/files';
export const REPORT_PATH = '/report';

function address(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return `${path}?${search.toString()}`;
}

export const pixelsUrl = <K extends PixelsKind>(kind: K, query: PixelsQuery<K>): string =>
  address(`${PIXELS_PATH}${kind}`, query);
export const saveUrl = ({ helpers, ...query }: SaveQuery): string =>
  address(`${PIXELS_PATH}label-map`, {
    ...query,
    helpers: helpers === undefined ? undefined : helpersCode(helpers),
  });
export const saveScribblesUrl = (query: SaveScribblesQuery): string =>
  address(`${PIXELS_PATH}scribbles`, query);
export const fileUrl = (query: z.input<typeof FileQuery>): string => address(FILES_PATH, query);
export const reportUrl = (query: z.input<typeof ReportQuery>): string =>
  address(REPORT_PATH, query);

// ───────────────────────────── bodies ─────────────────────────────

/** Of label maps: the revision that the bytes are. */
export const REVISION_HEADER = 'x-revision';
/** Of label maps and objects: where the objects come from, 'stored' or 'components'. */
export const OBJECTS_HEADER = 'x-objects';
/** Of what a live training sees: the step of its weights. */
export const STEP_HEADER = 'x-step';

const HEADER_BYTES = 16;
/** TypedArrays are laid out as the machine does it: every machine that Graft runs on is little-endian. */
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Little-endian: width, height, channels, bit depth (8, 16, 32) as uint32, then the samples [height, width, channels] as
 * uint8, uint16 or float32.
 */
export function encodeImagePixels(image: ImagePixels): Uint8Array<ArrayBuffer> {
  const { width, height, channels, bitDepth, data } = image;
  if (!isLittleEndian) throw new Error('Graft runs on little-endian machines only.');
  const body = new Uint8Array(HEADER_BYTES + data.byteLength);
  const header = new DataView(body.buffer);
  [width, height, channels, bitDepth].forEach((value, i) => header.setUint32(4 * i, value, true));
  body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), HEADER_BYTES);
  return body;
}

/** The inverse; `data` is a view of `bytes`. */
export function decodeImagePixels(bytes: Uint8Array<ArrayBuffer>): ImagePixels {
  if (bytes.length < HEADER_BYTES) throw new Error('An image came without its header.');
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const at = (index: number) => header.getUint32(4 * index, true);
  const common = { width: at(0), height: at(1), channels: at(2) };
  const count = common.width * common.height * common.channels;
  const start = bytes.byteOffset + HEADER_BYTES;
  switch (at(3)) {
    case 8:
      return { ...common, bitDepth: 8, data: new Uint8Array(bytes.buffer, start, count) };
    case 16:
      return { ...common, bitDepth: 16, data: new Uint16Array(bytes.buffer, start, count) };
    case 32:
      return { ...common, bitDepth: 32, data: new Float32Array(bytes.buffer, start, count) };
    default:
      throw new Error(`An image came with ${at(3)} bits a sample.`);
  }
}

const SCORES_HEADER_BYTES = 8;

/**
 * Little-endian: width and height as uint32, then the planes `likely`, `foreground`, `score` and, of a network that tells
 * objects apart, `depths`, each [height, width].
 */
export function encodeClassScores(scores: ClassScores): Uint8Array<ArrayBuffer> {
  const { width, height, likely, foreground, score, depths = null } = scores;
  const planes = [likely, foreground, score, ...(depths === null ? [] : [depths])];
  const bytes = new Uint8Array(SCORES_HEADER_BYTES + planes.length * width * height);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, width, true);
  header.setUint32(4, height, true);
  planes.forEach((plane, i) => bytes.set(plane, SCORES_HEADER_BYTES + i * width * height));
  return bytes;
}

/** The inverse; the planes are views of `bytes`. */
export function decodeClassScores(bytes: Uint8Array): ClassScores {
  if (bytes.length < SCORES_HEADER_BYTES) throw new Error('Scores came without their header.');
  const header = new DataView(bytes.buffer, bytes.byteOffset, SCORES_HEADER_BYTES);
  const [width, height] = [header.getUint32(0, true), header.getUint32(4, true)];
  const size = width * height;
  const planes = (bytes.length - SCORES_HEADER_BYTES) / size;
  if (planes !== 3 && planes !== 4) throw new Error('Scores came cut off.');
  const plane = (i: number) =>
    bytes.subarray(SCORES_HEADER_BYTES + i * size, SCORES_HEADER_BYTES + (i + 1) * size);
  const depths = planes === 4 ? plane(3) : null;
  return { width, height, likely: plane(0), foreground: plane(1), score: plane(2), depths };
}
