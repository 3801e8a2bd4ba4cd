/**
 * labelme's JSON, a file an image beside it: polygons, rectangles, circles and masks. Corners lie on a plane in which pixel
 * (x, y) covers x … x+1 by y … y+1; a pixel belongs to an outline where its centre does. Shapes of one label and group_id are
 * one object. Later shapes lie over earlier ones.
 */
import { decode } from 'fast-png';
import { z } from 'zod';
import { messageOf } from '../../../shared/errors.ts';
import { unpacked } from '../packed-bits.ts';
import { idOf, fieldsOf, pointsOf, protoNote, sizeOf, textOf } from './json-fields.ts';
import { EntryIssues, type LabelContent, type NamedShape, type Outline } from './shapes.ts';

/** How far apart the corners of a circle are, in pixels, and how many it has. */
const CIRCLE_STEP_PX = 0.5;
const CIRCLE_CORNERS = { least: 32, most: 4000 };
/** What a flag says of a shape that counts nowhere. */
const IGNORE_LABEL = '__ignore__';
/** Width, height and depth stand there in a PNG. */
const PNG_HEADER_BYTES = 29;
const INTERLACED_AT = 28;
const MOST_MASK_PX = 2 ** 28;

export const LabelmeFile = z.object({
  shapes: z.array(z.unknown()),
  imagePath: z.unknown().optional(),
  imageData: z.unknown().optional(),
  imageWidth: z.unknown().optional(),
  imageHeight: z.unknown().optional(),
});

export function readLabelme(file: z.output<typeof LabelmeFile>): LabelContent {
  const issues = new EntryIssues();
  const shapes: NamedShape[] = [];
  let unusable = 0;
  let difficult = 0;
  file.shapes.forEach((entry, i) => {
    const fields = fieldsOf(entry);
    const label = idOf(fields['label']) ?? '';
    const kind = textOf(fields['shape_type']) || 'polygon';
    const where = `shape ${i + 1}${label === '' ? '' : ` (${label})`}`;
    const proto = protoNote(fields);
    if (proto !== null) issues.say('change', where, proto);
    const outline = label === '' ? 'it has no label' : outlineOf(kind, fields);
    if (typeof outline === 'string') {
      issues.say('skip', where, outline);
      unusable++;
      return;
    }
    const isIgnored = fieldsOf(fields['flags'])['ignore'] === true;
    if (isIgnored) issues.say('change', where, 'its flag "ignore" is set: its pixels are ignored');
    if (fields['difficult'] === true) difficult++;
    shapes.push({
      where,
      label: isIgnored ? IGNORE_LABEL : label,
      crowd: false,
      object: idOf(fields['group_id']),
      outline,
    });
  });
  if (difficult > 0) {
    const message = `${difficult} of its shapes are marked difficult: they are taken as all others are`;
    issues.say('info', 'shapes', message);
  }
  const fileName = textOf(file.imagePath);
  const image = {
    where: 'image',
    fileName: fileName === '' ? null : fileName,
    size: sizeOf(file.imageWidth, file.imageHeight),
    part: null,
    shapes,
    unusable,
    labelled: true,
    holdsPicture: textOf(file.imageData) !== '',
  };
  return { labels: [], images: [image], issues: issues.all() };
}

/** Text: why there is none. */
function outlineOf(kind: string, fields: Readonly<Record<string, unknown>>): Outline | string {
  const points = pointsOf(fields['points']);
  const [x0 = NaN, y0 = NaN, x1 = NaN, y1 = NaN] = points;
  switch (kind) {
    case 'polygon':
    case 'rotation':
    case 'oriented_rectangle':
      return { rings: [points] };
    case 'rectangle':
      return { rings: [points.length === 4 ? [x0, y0, x1, y0, x1, y1, x0, y1] : points] };
    case 'circle':
      return { rings: [circle([x0, y0], Math.hypot(x1 - x0, y1 - y0))] };
    case 'mask':
      return maskOf(fields['mask'], { left: Math.round(x0), top: Math.round(y0) });
    default:
      return `it is a ${kind}, which has no area`;
  }
}

function circle([x, y]: readonly [number, number], radius: number): number[] {
  if (!Number.isFinite(radius)) return [NaN, NaN, NaN, NaN, NaN, NaN];
  const { least, most } = CIRCLE_CORNERS;
  const wanted = Math.ceil((2 * Math.PI * radius) / CIRCLE_STEP_PX);
  const corners = Math.min(most, Math.max(least, wanted));
  return Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  }).flat();
}

/** A PNG in base64 whose pixels are not 0 where the object is. */
function maskOf(
  value: unknown,
  place: { readonly left: number; readonly top: number },
): Outline | string {
  const bytes = Buffer.from(textOf(value), 'base64');
  if (bytes.length < PNG_HEADER_BYTES) return 'it is a mask without its picture';
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (!(width * height <= MOST_MASK_PX)) return `its mask says that it is ${width}×${height} px`;
  try {
    const { channels, depth, ...png } = decode(bytes);
    if (depth < 8 && bytes[INTERLACED_AT] !== 0)
      return `its mask is interlaced with ${depth} bits a pixel`;
    const data = depth < 8 ? unpacked(png.data, { width, height, depth }) : png.data;
    const runs: number[] = [];
    let [inside, start] = [false, 0];
    const pixels = width * height;
    for (let i = 0; i <= pixels; i++) {
      const is = i < pixels && (data[i * channels] ?? 0) !== 0;
      if (is === inside && i < pixels) continue;
      runs.push(i - start);
      [inside, start] = [is, i];
    }
    return { ...place, width, height, runs };
  } catch (error) {
    return `its mask cannot be read (${messageOf(error)})`;
  }
}
