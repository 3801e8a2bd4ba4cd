/** The labels of an image as writers are handed them, with their objects. */
import type { LabelMap } from '../../../shared/label-map.ts';
import { componentsOf } from '../../../shared/objects/components.ts';
import type { Ground } from '../../../shared/objects/rules.ts';
import type { Project } from '../../db/project.ts';
import { objectsOf } from '../objects-of.ts';
import type { ExportLabels } from './format.ts';

/** What is stored as a revision, with the objects that somebody told apart. */
export const storedLabels = (
  project: Project,
  of: { readonly labelMap: LabelMap; readonly labelMapId: number },
): ExportLabels => ({
  labelMap: of.labelMap,
  objects: () => objectsOf(project, of.labelMapId).objects.data,
});

/** A label map that nobody told objects apart in: each connected region is one. */
export const labelsOfRegions = (labelMap: LabelMap, ground: Ground): ExportLabels => ({
  labelMap,
  objects: () => componentsOf(labelMap, ground).data,
});
