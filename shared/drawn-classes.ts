/** What a network draws, and whether that means the same in a dataset that it has not learned from. */
import type { Dataset } from './entities.ts';
import { sameName } from './names.ts';
import { inWords } from './sentences.ts';

/** As it learned them; names are of now. */
export type DrawnClasses = Pick<Dataset, 'id' | 'name' | 'classes' | 'hasBackground'>;

/**
 * Why a network of another dataset draws what this one would misread, with the remedy; null where its classes mean the
 * same here, or this is its own dataset. Classes that only it knows are no obstacle: nothing is drawn of them.
 */
export function drawnObstacle(
  drawn: DrawnClasses,
  dataset: Pick<Dataset, 'id' | 'name' | 'classes' | 'hasBackground'>,
): string | null {
  if (drawn.id === dataset.id) return null;
  const of = `It learned the classes of "${drawn.name}"`;
  if (drawn.hasBackground !== dataset.hasBackground) {
    const it = drawn.hasBackground ? 'the background' : 'a class like any other';
    return `${of}, where class 0 is ${it}, and here it is not. Choose a network of "${dataset.name}", or train one.`;
  }
  const here = new Map(dataset.classes.map(({ index, name }) => [index, name]));
  const common = drawn.classes.filter(
    ({ index }) => here.has(index) && (index > 0 || !dataset.hasBackground),
  );
  if (common.length === 0) {
    return `${of}, and this dataset has none of them. Choose a network of "${dataset.name}", or train one.`;
  }
  const others = common.filter(
    ({ index, name }) =>
      sameName(here.get(index) ?? '').toLowerCase() !== sameName(name).toLowerCase(),
  );
  if (others.length === 0) return null;
  const which = others.map(
    ({ index, name }) => `${index} ("${name}", here "${here.get(index) ?? ''}")`,
  );
  return `${of}, and means something else by class ${inWords(which)}. Rename the class if it is the same, or choose a network of "${dataset.name}".`;
}
