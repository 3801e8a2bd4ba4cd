/**
 * labelme's JSON beside each image: polygons along the edges of pixels; an object with holes, and ignored pixels, as a mask.
 * Parts of one object share a group_id. labels.txt has the classes in their order, as `labelme --labels` reads it.
 */
import { encode } from 'fast-png';
import { besideNames } from './beside-names.ts';
import type { ExportWriter } from './format.ts';
import { type ExportedObject, ignoredIn, objectsIn } from './objects.ts';

/** What labelme itself calls pixels that count nowhere. */
const IGNORE_LABEL = '__ignore__';
/** The version whose form this is. */
const VERSION = '5.5.0';

interface LabelmeShape {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly group_id: number | null;
  readonly description: string;
  readonly shape_type: 'polygon' | 'mask';
  readonly flags: Readonly<Record<string, boolean>>;
  readonly mask: string | null;
}

export const labelmeWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: false,
  begin(context) {
    const { dataset, drawn, layer, target, fileName } = context;
    const nameOf = besideNames(context);
    const labelOf = new Map(drawn.map(({ index, name }) => [index, name]));
    const isBeside = layer === 'labels';
    return {
      async image(image, labels) {
        if (labels === null) return;
        const shapes = objectsIn(labels).flatMap((object, i) =>
          shapesOf(object, { label: labelOf.get(object.classIndex) ?? '', group: i + 1 }),
        );
        const ignored = ignoredIn(labels);
        if (ignored !== null) shapes.push(maskShape(ignored, IGNORE_LABEL));
        const file = {
          version: VERSION,
          flags: {},
          shapes,
          imagePath: isBeside ? fileName(image) : `../images/${fileName(image)}`,
          imageData: null,
          imageHeight: image.heightPx,
          imageWidth: image.widthPx,
        };
        const folder = isBeside ? 'images' : 'predictions';
        await target.write(`${folder}/${nameOf(image)}.json`, JSON.stringify(file));
      },
      async finish() {
        if (!isBeside) return;
        const ground = dataset.hasBackground ? ['_background_'] : [];
        const names = [IGNORE_LABEL, ...ground, ...drawn.map(({ name }) => name)];
        await target.write('labels.txt', `${names.join('\n')}\n`);
      },
    };
  },
};

function shapesOf(
  object: ExportedObject,
  { label, group }: { readonly label: string; readonly group: number },
): LabelmeShape[] {
  const parts = object.parts();
  if (parts.some(({ holes }) => holes.length > 0)) return [maskShape(object, label)];
  return parts.map(({ outer }) => ({
    label,
    points: pairs(outer),
    group_id: parts.length > 1 ? group : null,
    ...{ description: '', shape_type: 'polygon', flags: {}, mask: null },
  }));
}

const pairs = (ring: readonly number[]): (readonly [number, number])[] =>
  Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i] ?? 0, ring[2 * i + 1] ?? 0]);

/** The first and the last pixel of its rectangle, and a picture of it. */
function maskShape(
  { box: { x0, y0, x1, y1 }, isInside }: ExportedObject,
  label: string,
): LabelmeShape {
  const [width, height] = [x1 - x0, y1 - y0];
  const data = new Uint8Array(width * height);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) if (isInside(x, y)) data[(y - y0) * width + x - x0] = 255;
  }
  const png = encode({ width, height, data, depth: 8, channels: 1 });
  return {
    label,
    points: [
      [x0, y0],
      [x1 - 1, y1 - 1],
    ],
    ...{ group_id: null, description: '', shape_type: 'mask', flags: {} },
    mask: Buffer.from(png).toString('base64'),
  };
}
