/**
 * Pascal VOC for segmentation: JPEGImages/, SegmentationClass/ and SegmentationObject/ as index PNGs (0 background, 255 ignored
 * in both), the parts of one split in ImageSets/Segmentation/, and labelmap.txt as CVAT writes it, with names and colours.
 */
import { encode } from 'fast-png';
import { IGNORE, PARTS } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { encodeIndexPng, paletteOf } from '../encode.ts';
import { classColor } from '../class-colors.ts';
import { besideNames } from './beside-names.ts';
import type { ExportContext, ExportLabels, ExportWriter } from './format.ts';

/** Numbers that one byte has for objects. */
const MOST_IN_A_BYTE = 254;
const IGNORED_OF_16_BITS = 65_535;
const MOST_IN_16_BITS = 65_534;

export const vocWriter: ExportWriter = {
  imagesFolder: 'JPEGImages',
  hasPages: false,
  begin(context) {
    const { dataset, layer, target } = context;
    const nameOf = besideNames(context);
    const before = layer === 'labels' ? '' : 'predictions/';
    return {
      async image(image, labels) {
        if (labels === null) return;
        const file = `${nameOf(image)}.png`;
        const classes = encodeIndexPng(labels.labelMap, dataset.classes);
        await target.write(`${before}SegmentationClass/${file}`, classes);
        await target.write(`${before}SegmentationObject/${file}`, objectPng(image.name, labels));
      },
      async finish() {
        if (layer === 'predictions') return;
        await target.write('labelmap.txt', labelMapText(context));
        for (const [list, names] of partsOf(context, nameOf)) {
          await target.write(`ImageSets/Segmentation/${list}.txt`, `${names.join('\n')}\n`);
        }
      },
    };
  },
};

/**
 * Objects as 1, 2, … in the order in which rows meet them: of 8 bits, and of 16 where there are too many for these.
 * Errors: invalid-input, where there are too many for those as well.
 */
function objectPng(
  name: string,
  { labelMap: { width, height, data }, objects }: ExportLabels,
): Uint8Array {
  const numbers = objects();
  const numberOf = new Map<number, number>([[0, 0]]);
  for (const number of numbers) if (!numberOf.has(number)) numberOf.set(number, numberOf.size);
  const count = numberOf.size - 1;
  if (count > MOST_IN_16_BITS) {
    throw new AppError(
      'invalid-input',
      `${name} has ${count} objects; Pascal VOC numbers up to ${MOST_IN_16_BITS} of an image. Export as coco or cvat instead.`,
      { subject: name },
    );
  }
  const isWide = count > MOST_IN_A_BYTE;
  const out = isWide ? new Uint16Array(data.length) : new Uint8Array(data.length);
  const ignored = isWide ? IGNORED_OF_16_BITS : IGNORE;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[i] === IGNORE ? ignored : (numberOf.get(numbers[i] ?? 0) ?? 0);
  }
  const size = { width, height, channels: 1 } as const;
  if (out instanceof Uint16Array) return encode({ ...size, data: out, depth: 16 });
  const colours = Array.from({ length: MOST_IN_A_BYTE }, (_, i) => ({
    ...{ index: i + 1, name: '', color: classColor(i + 1) },
  }));
  return encode({ ...size, data: out, depth: 8, palette: paletteOf(colours) });
}

/** A line a class; its place is its value in the masks. */
function labelMapText({ dataset: { classes } }: ExportContext): string {
  const last = Math.max(0, ...classes.map(({ index }) => index));
  const lines = Array.from({ length: last + 1 }, (_, index) => {
    const known = classes.find((one) => one.index === index);
    const color = Number.parseInt((known?.color ?? '#000000').slice(1), 16);
    const rgb = [color >> 16, (color >> 8) & 255, color & 255].join(',');
    return `${(known?.name ?? `class ${index}`).replaceAll(':', ' ')}:${rgb}::\n`;
  });
  return `# label:color_rgb:parts:actions\n${lines.join('')}`;
}

/** The parts of the first split, by the names of the images. */
function partsOf(
  { project, dataset, images }: ExportContext,
  nameOf: ReturnType<typeof besideNames>,
): (readonly [string, readonly string[]])[] {
  const [split] = project.splits.list(dataset.id);
  if (split === undefined) return [];
  const partOf = new Map(project.splits.items(split.id).map((item) => [item.imageId, item.part]));
  return PARTS.map((part) => {
    const own = images.filter(({ id }) => partOf.get(id) === part);
    return [part, own.map(nameOf)] as const;
  }).filter(([, names]) => names.length > 0);
}
