/** The objects of a label map revision, wherever they come from: what is measured, scored and exported. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { readObjectMapRuns } from '../../shared/objects/object-map.ts';
import {
  objectsFrom,
  type RevisionCodes,
  type RevisionObjects,
} from '../../shared/objects/objects-from.ts';
import { brokenRule } from '../../shared/objects/rules.ts';
import { DamageError, type Project } from '../db/project.ts';
import { labelMapCode } from './image-source.ts';

type Labels = Pick<Project, 'datasets' | 'labelMaps'>;

/** Whether class 0 of the dataset of an image is the background. Errors: not-found. */
export function groundOf(db: Labels, imageId: number): { readonly hasBackground: boolean } {
  const image = db.datasets.image(imageId);
  const dataset = image && db.datasets.get(image.datasetId);
  if (dataset === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
  return { hasBackground: dataset.hasBackground };
}

/** What the objects of a label map are made of. Errors: not-found, corrupt. */
export function codesOf(db: Labels, labelMapId: number): RevisionCodes {
  const classes = labelMapCode(db, labelMapId);
  const revision = db.labelMaps.get(labelMapId);
  const ground = groundOf(db, revision?.imageId ?? 0);
  return { classes, stored: db.labelMaps.objects(labelMapId) ?? null, ground };
}

/** The objects of a label map: those that are stored with it, else its connected regions. Errors: not-found, corrupt. */
export const objectsOf = (db: Labels, labelMapId: number): RevisionObjects =>
  objectsFrom(codesOf(db, labelMapId));

/**
 * The same, for what goes on without objects that are damaged; text: what is damaged. Whether the labels themselves are
 * sound is for the caller to see, who reads them. Errors: not-found.
 */
export function soundObjectsOf(db: Labels, labelMapId: number): RevisionObjects | string {
  try {
    return objectsOf(db, labelMapId);
  } catch (error) {
    return damageIn(error);
  }
}

/** The code of the objects that are stored with a label map; text: what is damaged. Errors: not-found. */
export function soundCodeOf(
  db: Pick<Project, 'labelMaps'>,
  labelMapId: number,
): Uint8Array | null | string {
  try {
    const code = db.labelMaps.objects(labelMapId) ?? null;
    if (code !== null) readObjectMapRuns(code, () => undefined);
    return code;
  } catch (error) {
    return damageIn(error);
  }
}

/** What is damaged, in words; what is no damage is thrown on. */
function damageIn(error: unknown): string {
  if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
  return error instanceof DamageError ? error.found : error.message;
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
