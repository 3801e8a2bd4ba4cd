/**
 * Changes of the objects of an image, each one step of its history: joined, split along a line, given another class, deleted,
 * taken from regions. Which gesture does which is tools/object.ts'.
 */
import type { ObjectMap } from '../../shared/objects/object-map.ts';
import { type Ground, makesObjects } from '../../shared/objects/rules.ts';
import type { History } from './history.ts';
import type { LabelLayer } from './label-layer.ts';
import type { ObjectDraft, ObjectLayer } from './object-layer.ts';
import { lineCells } from './shapes.ts';
import type { ImagePoint, Rect } from './viewport.ts';

export interface ObjectImage {
  readonly layer: LabelLayer;
  readonly objects: ObjectLayer;
  readonly history: History;
}

/** Paints whole objects in a class. */
function paint({ layer, objects }: ObjectImage, numbers: Iterable<number>, value: number) {
  const edit = layer.edit();
  for (const number of numbers) {
    objects.forEachSpan(number, (y, x0, x1) => edit.fillSpan(y, x0, x1, { value, only: null }));
  }
  return edit;
}

/** Objects alone: classes stay as they are. */
function record(image: ObjectImage, draft: ObjectDraft, label: string): boolean {
  const edit = image.layer.edit();
  return image.history.commit(edit, { kind: 'record', label }, () => draft);
}

/** The class of an object; null where there is none of that number. */
export function classOfObject({ layer, objects }: ObjectImage, number: number): number | null {
  let value: number | null = null;
  objects.forEachSpan(number, (y, x0) => (value ??= layer.get(x0, y)));
  return value;
}

/** `other` becomes part of `into`, and of its class. Returns whether anything changed. */
export function joinObjects(
  image: ObjectImage,
  { into, other }: { readonly into: number; readonly other: number },
): boolean {
  const value = classOfObject(image, into);
  if (value === null || into === other || classOfObject(image, other) === null) return false;
  const draft = image.objects.draft();
  image.objects.forEachSpan(other, (y, x0, x1) => draft.fillSpan(y, { x0, x1 }, into));
  const edit = paint(image, [other], value);
  return image.history.commit(edit, { kind: 'record', label: 'Objects joined' }, () => draft);
}

/** Another class; one that has no objects takes the object away. */
export function recolourObject(
  image: ObjectImage,
  options: { readonly number: number; readonly value: number; readonly ground: Ground },
): boolean {
  const { number, value, ground } = options;
  if (classOfObject(image, number) === null) return false;
  const edit = paint(image, [number], value);
  const label = 'Class of an object';
  // The pixels change their class, and stay together.
  const kept = makesObjects(value, ground) ? (objects: ObjectLayer) => objects.draft() : undefined;
  return image.history.commit(edit, { kind: 'record', label }, kept);
}

/** Objects go with their labels. */
export function deleteObjects(
  image: ObjectImage,
  { numbers, blank }: { readonly numbers: readonly number[]; readonly blank: number },
): boolean {
  const label = numbers.length === 1 ? 'Object deleted' : `${numbers.length} objects deleted`;
  return image.history.commit(paint(image, numbers, blank), { kind: 'record', label });
}

/** Objects whose middle lies in a rectangle. */
export const objectsWithin = ({ objects }: ObjectImage, { x0, y0, x1, y1 }: Rect): number[] =>
  [...objects.places.values()]
    .filter(({ x, y }) => x >= x0 && x < x1 && y >= y0 && y < y1)
    .map(({ number }) => number);

/** Objects are told apart no more; classes stay as they are. */
export const forgetObjects = (image: ObjectImage): boolean =>
  record(image, image.objects.replacedBy(null), 'Objects no longer told apart');

/** Objects in the place of those there are. */
export const replaceObjects = (image: ObjectImage, map: ObjectMap, label: string): boolean =>
  record(image, image.objects.become(map), label);

/**
 * Every object that a line crosses from side to side comes apart along it. The largest part keeps the number, as do pieces
 * that the line does not cross; pixels beneath it go to a part beside them. Returns how many objects there are more.
 */
export function splitByLine(image: ObjectImage, line: readonly ImagePoint[]): number {
  const { objects } = image;
  const draft = objects.draft();
  const cut = new Map<number, Set<number>>();
  for (const { x, y } of lineCells(line)) {
    const number = objects.get(x, y);
    if (number === 0) continue;
    const own = cut.get(number) ?? new Set<number>();
    own.add(y * objects.width + x);
    cut.set(number, own);
  }
  let free = objects.freeNumber();
  let added = 0;
  for (const [number, beneath] of cut) {
    const others = cutOff(objects, number, beneath);
    if (others.length === 0) continue;
    const numberOf = new Map<number, number>();
    for (const pixels of others) {
      for (const pixel of pixels) numberOf.set(pixel, free);
      free++;
      added++;
    }
    // What lies beneath the line follows its neighbour, until all of it does.
    for (const pixel of beneath) {
      const near = beside(pixel, objects.width);
      const other = near.find((one) => numberOf.has(one));
      const main = near.some(
        (one) => !beneath.has(one) && !numberOf.has(one) && isOf(objects, one, number),
      );
      if (other !== undefined && !main) numberOf.set(pixel, numberOf.get(other) ?? number);
    }
    for (const [pixel, own] of numberOf) {
      draft.set(pixel % objects.width, Math.floor(pixel / objects.width), own);
    }
  }
  if (added > 0) record(image, draft, added === 1 ? 'Object split' : 'Objects split');
  return added;
}

const isOf = (objects: ObjectLayer, pixel: number, number: number): boolean =>
  objects.get(pixel % objects.width, Math.floor(pixel / objects.width)) === number;

/** Pixels that touch one by a side, in an image so wide; above and below also beyond it. */
function beside(pixel: number, width: number): number[] {
  const x = pixel % width;
  const near = [pixel - width, pixel + width];
  if (x > 0) near.push(pixel - 1);
  if (x < width - 1) near.push(pixel + 1);
  return near;
}

/**
 * Parts of an object that a line cuts off: all but the largest of each piece. Pieces that lay apart before, or touched by a
 * corner alone, stay one object.
 */
function cutOff(objects: ObjectLayer, number: number, beneath: ReadonlySet<number>): number[][] {
  const parts = partsOf(objects, number, beneath);
  if (parts.length < 2) return [];
  const pieceOf = new Map<number, number>();
  for (const [piece, pixels] of partsOf(objects, number, new Set()).entries()) {
    for (const pixel of pixels) pieceOf.set(pixel, piece);
  }
  const ofPieces = Map.groupBy(parts, ([first = -1]) => pieceOf.get(first));
  return [...ofPieces.values()].flatMap((own) =>
    own.toSorted((a, b) => b.length - a.length).slice(1),
  );
}

/** Pieces of an object that hang together by sides, the pixels beneath a line left out. Row-major indices. */
function partsOf(objects: ObjectLayer, number: number, beneath: ReadonlySet<number>): number[][] {
  const { width } = objects;
  const left = new Set<number>();
  objects.forEachSpan(number, (y, x0, x1) => {
    for (let x = x0; x < x1; x++) if (!beneath.has(y * width + x)) left.add(y * width + x);
  });
  const parts: number[][] = [];
  for (const first of left) {
    left.delete(first);
    const part = [first];
    for (const pixel of part) {
      for (const one of beside(pixel, width)) if (left.delete(one)) part.push(one);
    }
    parts.push(part);
  }
  return parts;
}
