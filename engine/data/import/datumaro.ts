/**
 * Datumaro's JSON: items with masks (run lengths of COCO), polygons and boxes. Polygons are filled as Datumaro itself fills
 * them, by pycocotools; corners run along the edges of pixels. Annotations of one label and group other than 0 are one object,
 * of which a box beside an outline is the box around that, and no part.
 * Those of a larger z_order lie above.
 */
import { z } from 'zod';
import type { Part } from '../../../shared/entities.ts';
import { partOfName } from './folder-names.ts';
import {
  colorOf,
  fieldsOf,
  idOf,
  isFields,
  listOf,
  numberOf,
  protoNote,
  sizeOf,
  textOf,
} from './json-fields.ts';
import {
  EntryIssues,
  type LabelContent,
  type LabelledImage,
  type LabelName,
  type NamedShape,
  type Outline,
} from './shapes.ts';

export const DatumaroFile = z.object({
  categories: z.record(z.string(), z.unknown()),
  items: z.array(z.unknown()),
});

interface Placed extends NamedShape {
  readonly level: number;
  readonly isBox: boolean;
}

export function readDatumaro({ categories, items }: z.output<typeof DatumaroFile>): LabelContent {
  const issues = new EntryIssues();
  const labels = labelsOf(categories);
  const seen = new Map<string, number>();
  const images = items.flatMap((entry, i): LabelledImage[] => {
    const fields = fieldsOf(entry);
    const id = idOf(fields['id']);
    const where = id === null ? `items[${i}]` : `item ${id}`;
    const proto = protoNote(fields);
    if (proto !== null) issues.say('change', where, proto);
    const picture = { ...fieldsOf(fields['media']), ...fieldsOf(fields['image']) };
    const fileName = textOf(picture['path']) || id;
    if (fileName === null) {
      issues.say('skip', where, 'it has neither an id nor a path: no image can be found for it');
      return [];
    }
    const before = id === null ? undefined : seen.get(id);
    if (id !== null) seen.set(id, (before ?? 0) + 1);
    if (before !== undefined) {
      issues.say('change', where, 'two items have this id: each is matched by its own path');
    }
    const [height, width] = listOf(picture['size']);
    const annotations = listOf(fields['annotations']);
    const shapes: Placed[] = [];
    let unusable = 0;
    annotations.forEach((one, k) => {
      const own = fieldsOf(one);
      const at = `${where}, annotation ${idOf(own['id']) ?? `[${k}]`}`;
      const read = shapeOf(own, labels, at);
      if (typeof read === 'string') {
        issues.say('skip', at, read);
        unusable++;
      } else shapes.push(read);
    });
    return [
      {
        where,
        fileName,
        size: sizeOf(width, height),
        part: partOf(fields['subset']),
        shapes: withoutFrames(shapes, issues).toSorted((a, b) => a.level - b.level),
        unusable,
        labelled: fieldsOf(fields['attr'])['labelled'] === true,
      },
    ];
  });
  return { labels, images, issues: issues.all() };
}

/** COCO's boxes come as annotations of their own, in the group of the outline that they are drawn around. */
function withoutFrames(shapes: readonly Placed[], issues: EntryIssues): readonly Placed[] {
  const key = ({ label, object }: Placed) => `${label} ${object ?? ''}`;
  const outlined = new Set(
    shapes.filter(({ object, isBox }) => object !== null && !isBox).map(key),
  );
  return shapes.filter((shape) => {
    const isFrame = shape.isBox && shape.object !== null && outlined.has(key(shape));
    if (isFrame)
      issues.say('change', shape.where, 'it is the box of the outline of its group: left out');
    return !isFrame;
  });
}

const partOf = (subset: unknown): Part | null => partOfName(textOf(subset)) ?? null;

function labelsOf(categories: Readonly<Record<string, unknown>>): LabelName[] {
  const colours = new Map(
    listOf(fieldsOf(categories['mask'])['colormap']).map((entry) => {
      const { label_id: id, r, g, b } = fieldsOf(entry);
      return [numberOf(id), colorOf([r, g, b])] as const;
    }),
  );
  return listOf(fieldsOf(categories['label'])['labels']).map((entry, i) => {
    const name = textOf(fieldsOf(entry)['name']) || `label ${i}`;
    return { name, color: colours.get(i) ?? null };
  });
}

/** Text: why it is none. */
function shapeOf(
  fields: Readonly<Record<string, unknown>>,
  labels: readonly LabelName[],
  where: string,
): Placed | string {
  const kind = textOf(fields['type']);
  const outline = outlineOf(kind, fields);
  if (typeof outline === 'string') return outline;
  const label = labels[numberOf(fields['label_id'])]?.name;
  if (label === undefined) return `its label ${String(fields['label_id'])} is not listed`;
  const crowd = fieldsOf(fields['attributes'])['is_crowd'] === true;
  const group = idOf(fields['group']);
  const level = numberOf(fields['z_order']);
  return {
    where,
    label,
    crowd,
    outline,
    object: group === '0' ? null : group,
    level: Number.isFinite(level) ? level : 0,
    isBox: kind === 'bbox',
  };
}

function outlineOf(kind: string, fields: Readonly<Record<string, unknown>>): Outline | string {
  switch (kind) {
    case 'mask': {
      const rle = fields['rle'];
      if (!isFields(rle)) return 'its mask has no run lengths';
      const [height, width] = listOf(rle['size']).map(numberOf);
      const { counts } = rle;
      if (height === undefined || width === undefined) return 'its mask has no size';
      if (typeof counts === 'string') return { size: [height, width], counts };
      return { size: [height, width], counts: listOf(counts).map(numberOf) };
    }
    case 'polygon':
      return [listOf(fields['points']).map(numberOf)];
    case 'bbox': {
      const [x = NaN, y = NaN, width = NaN, height = NaN] = listOf(fields['bbox']).map(numberOf);
      return { rings: [[x, y, x + width, y, x + width, y + height, x, y + height]] };
    }
    default:
      return `it is of the type ${kind === '' ? 'nothing' : kind}, which has no area`;
  }
}
