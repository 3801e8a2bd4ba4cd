/** The labels of an image as writers are handed them, with their objects. */
import { IGNORE } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { componentsOf } from '../../../shared/objects/components.ts';
import { NO_OBJECT } from '../../../shared/objects/object-map.ts';
import { type Ground, makesObjects } from '../../../shared/objects/rules.ts';
import type { Project } from '../../db/project.ts';
import { soundObjectsOf } from '../objects-of.ts';
import type { ExportLabels } from './format.ts';

interface StoredLabels {
  readonly labelMap: LabelMap;
  readonly labelMapId: number;
  readonly ground: Ground;
  /** Told in words where its objects are damaged: its connected regions are written then, so that no label is lost. */
  readonly onDamage: (found: string) => void;
  /** Told where labels of no object were made objects. */
  readonly onLoose: () => void;
}

/** What is stored as a revision, with the objects that somebody told apart. */
export function storedLabels(project: Project, of: StoredLabels): ExportLabels {
  const { labelMap, labelMapId, ground, onDamage, onLoose } = of;
  const objects = once(() => {
    const found = soundObjectsOf(project, labelMapId);
    if (typeof found !== 'string') return found.objects.data;
    onDamage(`${found}; connected regions are written in their place`);
    return componentsOf(labelMap, ground).data;
  });
  const regions = once(() => {
    const all = withLoose(labelMap, objects(), ground);
    if (all === null) return objects();
    onLoose();
    return all;
  });
  return { labelMap, objects, regions };
}

/** A label map that nobody told objects apart in: each connected region is one. */
export function labelsOfRegions(labelMap: LabelMap, ground: Ground): ExportLabels {
  const objects = once(() => componentsOf(labelMap, ground).data);
  return { labelMap, objects, regions: objects };
}

function once<T>(work: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => (known ??= { value: work() }).value;
}

/** Objects, and connected regions of the labels that are of none, numbered anew; null: all are of one. */
function withLoose(
  { width, height, data }: LabelMap,
  objects: Uint32Array,
  ground: Ground,
): Uint32Array | null {
  const isLoose = (value: number, i: number) =>
    objects[i] === NO_OBJECT && makesObjects(value, ground);
  if (!data.some(isLoose)) return null;
  const loose = data.map((value, i) => (isLoose(value, i) ? value : IGNORE));
  const numbers = componentsOf({ width, height, data: loose }, ground).data;
  const count = numbers.reduce((most, number) => Math.max(most, number), 0);
  const numberOf = new Map<number, number>();
  for (let i = 0; i < objects.length; i++) {
    const object = objects[i] ?? NO_OBJECT;
    if (object === NO_OBJECT) continue;
    const number = numberOf.get(object) ?? count + numberOf.size + 1;
    numberOf.set(object, number);
    numbers[i] = number;
  }
  return numbers;
}
