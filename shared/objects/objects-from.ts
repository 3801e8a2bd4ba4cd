/** The objects of a label map from its codes: those that somebody told apart, else its connected regions. */
import { decodeLabelMap } from '../label-map.ts';
import { componentsOf } from './components.ts';
import { decodeObjectMap, type ObjectMap, objectMapSize } from './object-map.ts';
import { type Ground, withoutGround } from './rules.ts';

export interface RevisionCodes {
  /** label-map.ts code. */
  readonly classes: Uint8Array;
  /** object-map.ts code; null: nobody told objects apart. */
  readonly stored: Uint8Array | null;
  readonly ground: Ground;
}

export interface RevisionObjects {
  readonly objects: ObjectMap;
  /** stored: somebody told them apart; components: they are the connected regions of the label map. */
  readonly from: 'stored' | 'components';
}

/** What of its dataset is background now belongs to none. Errors: corrupt. */
export function objectsFrom({ classes, stored, ground }: RevisionCodes): RevisionObjects {
  if (stored === null) {
    return { objects: componentsOf(decodeLabelMap(classes), ground), from: 'components' };
  }
  // Whether class 0 is the background can be said anew after objects were stored.
  const code = withoutGround({ objects: stored, classes }, ground);
  if (code !== null) return { objects: decodeObjectMap(code), from: 'stored' };
  const { width, height } = objectMapSize(stored);
  return { objects: { width, height, data: new Uint32Array(width * height) }, from: 'stored' };
}
