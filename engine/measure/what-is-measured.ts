/** Which label map of an image is measured: its labels, or what a run predicted of it. */
import type { ImageRecord } from '../../shared/entities.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import type { ObjectMap } from '../../shared/objects/object-map.ts';
import { readLabelMap } from '../data/image-source.ts';
import { groundOf, objectsOf } from '../data/objects-of.ts';
import type { Project } from '../db/project.ts';

interface Measured {
  /** null: what a run kept of a test image. */
  readonly labelMapId: number | null;
  readonly from: 'stored' | 'components';
  readonly labelMap: LabelMap;
  readonly objects: ObjectMap;
}

const ofRevision = (db: Project, labelMapId: number): Measured => ({
  labelMapId,
  labelMap: readLabelMap(db, labelMapId),
  ...objectsOf(db, labelMapId),
});

/** `runId` null: its labels. null: there is nothing to measure. Errors: corrupt. */
export function measuredOf(db: Project, image: ImageRecord, runId: number | null): Measured | null {
  if (runId === null) return image.labelMapId === null ? null : ofRevision(db, image.labelMapId);
  const revision = db.labelMaps
    .history(image.id)
    .find((one) => one.author === 'model' && one.runId === runId);
  if (revision !== undefined) return ofRevision(db, revision.id);
  const code = db.runs.prediction(runId, image.id);
  if (code === undefined) return null;
  const labelMap = decodeLabelMap(code);
  const objects = componentsOf(labelMap, groundOf(db, image.id));
  return { labelMapId: null, from: 'components', labelMap, objects };
}
