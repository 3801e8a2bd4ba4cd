/**
 * What holds where the class map and the object map of an image meet. These are all the rules; whoever changes one of the
 * two maps asks here what becomes of the other.
 *
 * 1. An object is of one class: all its pixels have it in the class map.
 * 2. Background (class 0, where it is the background) and ignored pixels belong to no object.
 * 3. A pixel whose class changes leaves its object; one that is painted in the class it has keeps its number.
 * 4. A class map that is saved without an object map has the objects of the one it was made from, less those pixels.
 *
 * So erasing and ignoring take pixels out of an object, and an object that is painted over is gone. What is left of one may
 * lie apart in several pieces: it stays one object until somebody splits it.
 */
import { BACKGROUND, IGNORE } from '../entities.ts';
import { labelMapSize } from '../label-map.ts';
import { createObjectRunWriter, NO_OBJECT, objectMapSize } from './object-map.ts';
import { classRuns, objectRuns } from './run-cursor.ts';

/** Whether class 0 is the background. */
export interface Ground {
  readonly hasBackground: boolean;
}

/** Rule 2: whether pixels of a class can belong to an object. */
export const makesObjects = (value: number, { hasBackground }: Ground): boolean =>
  value !== IGNORE && !(hasBackground && value === BACKGROUND);

/** Rule 3: the object of a pixel after its class was painted. */
export const keptObject = (
  object: number,
  { before, after }: { readonly before: number; readonly after: number },
): number => (before === after ? object : NO_OBJECT);

/**
 * Rule 4: the object map code of `after`, which was made from `before` and its `objects`; null where no object is left.
 * All codes are of one size, and sound. Time and memory grow with their runs.
 */
export function carriedOver(codes: {
  readonly objects: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}): Uint8Array | null {
  const [objects, before, after] = [
    objectRuns(codes.objects),
    classRuns(codes.before),
    classRuns(codes.after),
  ];
  const { width, height } = labelMapSize(codes.after);
  const writer = createObjectRunWriter({ width, height });
  for (let at = 0; at < width * height;) {
    const end = Math.min(objects.through(at), before.through(at), after.through(at));
    writer.append(
      keptObject(objects.value, { before: before.value, after: after.value }),
      end - at,
    );
    at = end;
  }
  return writer.isEmpty ? null : writer.bytes();
}

/** Rule 2 on a whole map: the object map code without the pixels that can belong to none; null where no object is left. */
export function withoutGround(
  codes: { readonly objects: Uint8Array; readonly classes: Uint8Array },
  ground: Ground,
): Uint8Array | null {
  const [objects, classes] = [objectRuns(codes.objects), classRuns(codes.classes)];
  const { width, height } = labelMapSize(codes.classes);
  const writer = createObjectRunWriter({ width, height });
  for (let at = 0; at < width * height;) {
    const end = Math.min(objects.through(at), classes.through(at));
    writer.append(makesObjects(classes.value, ground) ? objects.value : NO_OBJECT, end - at);
    at = end;
  }
  return writer.isEmpty ? null : writer.bytes();
}

/** Which rule two maps that are stored together break, in words; null: none. Both codes are sound. */
export function brokenRule(
  codes: { readonly objects: Uint8Array; readonly classes: Uint8Array },
  ground: Ground,
): string | null {
  const [own, other] = [objectMapSize(codes.objects), labelMapSize(codes.classes)];
  if (own.width !== other.width || own.height !== other.height) {
    return `the object map is ${own.width}×${own.height} px, the label map ${other.width}×${other.height} px`;
  }
  const [objects, classes] = [objectRuns(codes.objects), classRuns(codes.classes)];
  const classOf = new Map<number, number>();
  for (let at = 0; at < own.width * own.height;) {
    const end = Math.min(objects.through(at), classes.through(at));
    const [object, value] = [objects.value, classes.value];
    if (object !== NO_OBJECT) {
      if (!makesObjects(value, ground)) {
        return `object ${object} lies on ${value === IGNORE ? 'ignored pixels' : 'the background'}`;
      }
      const known = classOf.get(object);
      if (known !== undefined && known !== value) {
        return `object ${object} is of the classes ${known} and ${value}`;
      }
      classOf.set(object, value);
    }
    at = end;
  }
  return null;
}
