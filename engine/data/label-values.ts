/** Which values label maps hold, and whether these are classes of their dataset. No pixel is unpacked. */
import { BACKGROUND, type Dataset, IGNORE, type Part } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { PartLabels } from '../../shared/foreground.ts';
import { labelValues } from '../../shared/label-map.ts';
import { countedWith } from '../../shared/number-format.ts';
import type { Project } from '../db/project.ts';

type LabelMaps = Project['labelMaps'];

/** Revisions never change, and a plan that is edited asks for the same ones again and again. */
const known = new WeakMap<LabelMaps, Map<number, readonly number[]>>();

/** Values of a revision, ascending; none where there is no such revision. Errors: corrupt. */
function valuesOf(labelMaps: LabelMaps, labelMapId: number): readonly number[] {
  const ofProject = known.get(labelMaps) ?? new Map<number, readonly number[]>();
  known.set(labelMaps, ofProject);
  const before = ofProject.get(labelMapId);
  if (before !== undefined) return before;
  const bytes = labelMaps.bytes(labelMapId);
  const values = bytes === undefined ? [] : labelValues(bytes);
  ofProject.set(labelMapId, values);
  return values;
}

/** Of what has a label map. Errors: corrupt. */
export const partLabels = (
  { labelMaps }: Pick<Project, 'labelMaps'>,
  items: Iterable<{ readonly part: Part; readonly labelMapId: number | null }>,
): PartLabels[] =>
  [...items].flatMap(({ part, labelMapId }) =>
    labelMapId === null ? [] : [{ part, values: valuesOf(labelMaps, labelMapId) }],
  );

interface Labelled {
  readonly name: string;
  readonly labelMapId: number | null;
}

/** Label values that were found in an image. */
export interface FoundValues {
  readonly name: string;
  readonly values: readonly number[];
}

/** That some of these are no class: the first image, its value and the remedy; null: all are. */
export function valuesWithoutClass(
  dataset: Pick<Dataset, 'name' | 'classes'>,
  found: Iterable<FoundValues>,
): { readonly words: string; readonly image: string } | null {
  const allowed = new Set([BACKGROUND, ...dataset.classes.map(({ index }) => index), IGNORE]);
  let first: { name: string; value: number } | null = null;
  let others = 0;
  for (const { name, values } of found) {
    const value = values.find((one) => !allowed.has(one));
    if (value === undefined) continue;
    if (first === null) first = { name, value };
    else others++;
  }
  if (first === null) return null;
  const { name, value } = first;
  const classes = dataset.classes.map((c) => `${c.index} ${c.name}`).join(', ');
  const words = `The labels of ${name} hold the value ${value}, which is no class of "${dataset.name}" (${classes}; ${IGNORE} is ignored)${others === 0 ? '' : `, and ${countedWith(others, 'more image', 'hold')} such values`}. Add the class with that number in the library, paint over those pixels, or import the masks again and map the value (--map ${value}=1 or ${value}=ignore).`;
  return { words, image: name };
}

/**
 * To be asked before anything is trained on or tested against these label maps.
 * Errors: invalid-input, naming the first image, its value and the remedy; corrupt.
 */
export function assertLabelsAreClasses(
  { labelMaps }: Pick<Project, 'labelMaps'>,
  dataset: Pick<Dataset, 'name' | 'classes'>,
  images: Iterable<Labelled>,
): void {
  const values = [...images].flatMap(({ name, labelMapId }) =>
    labelMapId === null ? [] : [{ name, values: valuesOf(labelMaps, labelMapId) }],
  );
  const found = valuesWithoutClass(dataset, values);
  if (found !== null) throw new AppError('invalid-input', found.words, { subject: found.image });
}
