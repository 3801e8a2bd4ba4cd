/** The objects of a label map revision, wherever they come from: what is measured, scored and exported. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import {
  decodeObjectMap,
  type ObjectMap,
  objectMapSize,
  readObjectMapRuns,
} from '../../shared/objects/object-map.ts';
import { brokenRule, withoutGround } from '../../shared/objects/rules.ts';
import { DamageError, type Project } from '../db/project.ts';
import { labelMapCode } from './image-source.ts';

type Labels = Pick<Project, 'datasets' | 'labelMaps'>;

export interface RevisionObjects {
  readonly objects: ObjectMap;
  /** stored: somebody told them apart; components: they are the connected regions of the label map. */
  readonly from: 'stored' | 'components';
}

/** Whether class 0 of the dataset of an image is the background. Errors: not-found. */
export function groundOf(db: Labels, imageId: number): { readonly hasBackground: boolean } {
  const image = db.datasets.image(imageId);
  const dataset = image && db.datasets.get(image.datasetId);
  if (dataset === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
  return { hasBackground: dataset.hasBackground };
}

/**
 * The objects of a label map: those that are stored with it, else its connected regions. What of its dataset is background
 * now belongs to none. Errors: not-found, corrupt.
 */
export function objectsOf(db: Labels, labelMapId: number): RevisionObjects {
  const classes = labelMapCode(db, labelMapId);
  const revision = db.labelMaps.get(labelMapId);
  const ground = groundOf(db, revision?.imageId ?? 0);
  const stored = db.labelMaps.objects(labelMapId);
  if (stored === undefined) {
    return { objects: componentsOf(decodeLabelMap(classes), ground), from: 'components' };
  }
  // Whether class 0 is the background can be said anew after objects were stored.
  const code = withoutGround({ objects: stored, classes }, ground);
  if (code !== null) return { objects: decodeObjectMap(code), from: 'stored' };
  const { width, height } = objectMapSize(stored);
  return { objects: { width, height, data: new Uint32Array(width * height) }, from: 'stored' };
}

/**
 * The same, for what goes on without objects that are damaged; text: what is damaged. Whether the labels themselves are
 * sound is for the caller to see, who reads them. Errors: not-found.
 */
export function soundObjectsOf(db: Labels, labelMapId: number): RevisionObjects | string {
  try {
    return objectsOf(db, labelMapId);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
    return error instanceof DamageError ? error.found : error.message;
  }
}

/** Errors: invalid-input, where they break a rule of shared/objects/rules.ts; corrupt (not object-map.ts code). */
export function assertObjects(
  db: Labels,
  image: ImageRecord,
  codes: { readonly objects: Uint8Array; readonly classes: Uint8Array },
): void {
  readObjectMapRuns(codes.objects, () => undefined);
  const broken = brokenRule(codes, groundOf(db, image.id));
  if (broken === null) return;
  throw new AppError(
    'invalid-input',
    `The objects of ${image.name} do not go with its labels: ${broken}. Nothing was saved.`,
    { subject: image.name },
  );
}
