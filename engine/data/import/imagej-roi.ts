/**
 * ROIs of ImageJ: `.roi`, and `RoiSet.zip` with many. Corners run along the edges of pixels, (0, 0) being the corner of the
 * first one; a pixel belongs to a ROI where its centre does, as in ImageJ's own masks since 1.52u. Polygons, freehand and
 * traced outlines (whole or sub-pixel), rectangles, ovals and composites have an area; lines, points and text have none.
 * The class is what stands before the number of a ROI's name ("nucleus-0012"); names of numbers alone are one class.
 * https://imagej.net/ij/developer/source/ij/io/RoiDecoder.java.html
 */
import { unzipSync } from 'fflate';
import { messageOf } from '../../../shared/errors.ts';
import { isSystemPath } from '../system-files.ts';
import { EntryIssues, type LabelContent, type NamedShape, type Plane } from './shapes.ts';

const HEADER_BYTES = 64;
const ROI_CLASS = 'ROI';
/** In an archive of ours without ROIs, which would have nothing in it. */
export const NO_OBJECTS = 'no objects.txt';
const SUB_PIXEL = 128;
const OVAL_CORNERS = 360;
const CURVE_STEPS = 16;
/** Outlines compress well; beyond that nothing is unpacked. */
const mostUnpacked = (bytes: number): number => 100 * bytes + 2 ** 24;

const TYPES = {
  0: 'polygon',
  1: 'rectangle',
  2: 'oval',
  3: 'line',
  4: 'freehand line',
  5: 'polyline',
  6: 'ROI of no kind',
  7: 'polygon',
  8: 'polygon',
  9: 'angle',
  10: 'point',
} as const;

/** Errors: Error, in words, where it is damaged or has no area. */
function ringsOf(bytes: Buffer): number[][] {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== 'Iout') {
    throw new Error('it is no ROI of ImageJ');
  }
  const type = TYPES[bytes[6] as keyof typeof TYPES] as
    | (typeof TYPES)[keyof typeof TYPES]
    | undefined;
  const [top, left, bottom, right] = [8, 10, 12, 14].map((at) => bytes.readInt16BE(at));
  const composite = bytes.readInt32BE(36);
  if (composite > 0) return compositeRings(bytes, composite);
  const options = bytes.readUInt16BE(50);
  const isSubPixel = (options & SUB_PIXEL) !== 0 && bytes.readUInt16BE(4) >= 222;
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = [left, top, right, bottom];
  const box =
    isSubPixel && (type === 'rectangle' || type === 'oval')
      ? [18, 22, 26, 30].map((at) => bytes.readFloatBE(at))
      : [x0, y0, x1 - x0, y1 - y0];
  const [x = 0, y = 0, width = 0, height = 0] = box;
  if (type === 'rectangle') return [[x, y, x + width, y, x + width, y + height, x, y + height]];
  if (type === 'oval') {
    const [rx, ry] = [width / 2, height / 2];
    const ring = Array.from({ length: OVAL_CORNERS }, (_, i) => {
      const angle = (2 * Math.PI * (i + 0.5)) / OVAL_CORNERS;
      return [x + rx + rx * Math.cos(angle), y + ry + ry * Math.sin(angle)];
    });
    return [ring.flat()];
  }
  if (type !== 'polygon')
    throw new Error(`it is a ${type ?? 'ROI of an unknown kind'}, which has no area`);
  const count = bytes.readUInt16BE(16) || bytes.readInt32BE(18);
  const end = HEADER_BYTES + (isSubPixel ? 12 : 4) * count;
  if (count < 0 || end > bytes.length) throw new Error(`its ${count} corners are cut off`);
  const at = (i: number, axis: 0 | 1) =>
    isSubPixel
      ? bytes.readFloatBE(HEADER_BYTES + 4 * count + 4 * (axis * count + i))
      : bytes.readInt16BE(HEADER_BYTES + 2 * (axis * count + i)) + (axis === 0 ? x0 : y0);
  return [Array.from({ length: count }, (_, i) => [at(i, 0), at(i, 1)]).flat()];
}

/** Numbers behind a move, a line, two kinds of curves, and a close. */
const SEGMENT_NUMBERS = [2, 2, 4, 6, 0];

/** Paths of Java: outlines within outlines by even and odd. */
function compositeRings(bytes: Buffer, count: number): number[][] {
  if (HEADER_BYTES + 4 * count > bytes.length) throw new Error('its outlines are cut off');
  const number = (i: number) => bytes.readFloatBE(HEADER_BYTES + 4 * i);
  const rings: number[][] = [];
  let ring: number[] = [];
  for (let i = 0; i < count;) {
    const kind = number(i);
    const length = SEGMENT_NUMBERS[kind];
    if (length === undefined || i + length >= count + (length === 0 ? 1 : 0)) {
      throw new Error('its outlines are not understood');
    }
    const points = Array.from({ length }, (_, k) => number(i + 1 + k));
    if (kind === 0) rings.push((ring = [...points]));
    else if (kind === 1) ring.push(...points);
    else if (length > 2) ring.push(...curve([...ring.slice(-2), ...points]));
    i += 1 + length;
  }
  return rings.filter(({ length }) => length >= 6);
}

/** Points on a Bézier curve of three or four corners, but the first. */
function curve(corners: readonly number[]): number[] {
  const out: number[] = [];
  for (let step = 1; step <= CURVE_STEPS; step++) {
    const t = step / CURVE_STEPS;
    let own = [...corners];
    while (own.length > 2) {
      own = own.slice(0, -2).map((value, k) => value + t * ((own[k + 2] ?? value) - value));
    }
    out.push(...own);
  }
  return out;
}

/** What the ROI itself is called; '' where it does not say. */
function nameIn(bytes: Buffer): string {
  const header2 = bytes.length >= HEADER_BYTES ? bytes.readInt32BE(60) : 0;
  if (header2 <= 0 || header2 + 24 > bytes.length) return '';
  const [at, length] = [bytes.readInt32BE(header2 + 16), bytes.readInt32BE(header2 + 20)];
  if (at <= 0 || length <= 0 || at + 2 * length > bytes.length) return '';
  return Array.from({ length: Math.min(length, 200) }, (_, i) =>
    String.fromCharCode(bytes.readUInt16BE(at + 2 * i)),
  ).join('');
}

/** Whether and where a ROI was drawn in a stack; undefined: it holds for all of it, or there is none. */
function planeIn(bytes: Buffer): Plane | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const header2 = bytes.readInt32BE(60);
  if (header2 > 0 && header2 + 16 <= bytes.length) {
    const [slice = 0, frame = 0] = [8, 12].map((at) => bytes.readInt32BE(header2 + at) - 1);
    if (Math.max(slice, frame) >= 0) {
      const [z, t] = [Math.max(slice, 0), Math.max(frame, 0)];
      return { kind: 'slice', slice: z, frame: t, alone: true };
    }
  }
  const page = bytes.readInt32BE(56) - 1;
  return page < 0 ? undefined : { kind: 'page', page, alone: true };
}

const classIn = (name: string): string => {
  const bare = name.replace(/[-_ #.]*\d+$/, '').trim();
  return /\p{L}/u.test(bare) ? bare : ROI_CLASS;
};

/** Whether a name of an archive leads out of the folder that it would be unpacked into. */
const climbsOut = (name: string): boolean =>
  /^([/\\]|[A-Za-z]:)/.test(name) || name.split(/[/\\]/).includes('..');

/** Errors: Error, in words, where the archive is damaged or claims more than it can hold. */
function filesIn(bytes: Buffer, issues: EntryIssues): Map<string, Buffer> {
  if (bytes.toString('latin1', 0, 4) === 'Iout') return new Map([['', bytes]]);
  let claimed = 0;
  const entries = unzipSync(bytes, {
    filter({ name, size, originalSize }) {
      if (name.endsWith('/') || name === NO_OBJECTS || isSystemPath(name)) return false;
      const reason = climbsOut(name)
        ? 'its name leads out of the archive: left out'
        : name.toLowerCase().endsWith('.roi')
          ? null
          : 'it is no ROI: left out';
      if (reason !== null) {
        issues.say('skip', name, reason);
        return false;
      }
      claimed += Math.max(size, originalSize);
      if (claimed > mostUnpacked(bytes.length)) throw new Error('it claims more than it can hold');
      return true;
    },
  });
  return new Map(Object.entries(entries).map(([name, content]) => [name, Buffer.from(content)]));
}

/** Errors: Error, in words, where nothing of it can be read. */
export function readImageJRois(bytes: Uint8Array): LabelContent {
  const issues = new EntryIssues();
  const shapes: NamedShape[] = [];
  let unusable = 0;
  for (const [name, content] of filesIn(Buffer.from(bytes), issues)) {
    // The name of its file has lost what file systems do not take.
    const own = nameIn(content) || name.replace(/\.roi$/i, '') || ROI_CLASS;
    try {
      const rings = ringsOf(content);
      const outline = { rings };
      const plane = planeIn(content);
      shapes.push({
        ...(plane === undefined ? {} : { plane }),
        where: `ROI ${own}`,
        label: classIn(own),
        crowd: false,
        object: null,
        outline,
      });
    } catch (error) {
      issues.say('skip', `ROI ${own}`, messageOf(error));
      unusable++;
    }
  }
  const image = { where: 'image', fileName: null, size: null, part: null, shapes, unusable };
  return { labels: [], images: [{ ...image, labelled: true }], issues: issues.all() };
}
