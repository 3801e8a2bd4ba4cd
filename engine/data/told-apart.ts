/** Whether the labels of a training tell objects apart, so that a network can learn to. */
import type { Dataset } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { makesObjects } from '../../shared/objects/rules.ts';
import type { Project } from '../db/project.ts';
import { partLabels } from './label-values.ts';

/**
 * What objects are learned from, in words. Labels that hold nothing to be told apart count as neither.
 * Errors: invalid-input, where no label map has objects; corrupt.
 */
export function objectsInWords(
  db: Pick<Project, 'labelMaps'>,
  dataset: Pick<Dataset, 'name' | 'hasBackground'>,
  train: readonly { readonly labelMapId: number | null }[],
): string {
  const told: boolean[] = [];
  for (const { labelMapId } of train) {
    const [labels] = partLabels(db, [{ part: 'train', labelMapId }]);
    if (labelMapId === null || labels === undefined) continue;
    if (!labels.values.some((value) => makesObjects(value, dataset))) continue;
    told.push(db.labelMaps.hasObjects(labelMapId));
  }
  const apart = told.filter(Boolean).length;
  if (apart === 0) {
    throw new AppError(
      'invalid-input',
      `No labels of "${dataset.name}" that it would learn from tell objects apart, so there is none to learn. Open an image in Annotate and click Tell objects apart, in Objects at the right (in a shell: graft objects connect, then graft objects split where they touch). Or train without objects.`,
      { subject: dataset.name },
    );
  }
  const others = told.length - apart;
  const rest =
    others === 0
      ? ''
      : `; in ${counted(others, 'other')}, where nobody did, from connected regions, which makes one of objects that touch`;
  return `It learns objects from ${counted(apart, 'image')} in which they are told apart${rest}.`;
}
