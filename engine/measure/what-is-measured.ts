/** Which label map of an image is measured: its labels, or what a run predicted of it. */
import type { ImageRecord } from '../../shared/entities.ts';
import type { RevisionCodes } from '../../shared/objects/objects-from.ts';
import { codesOf, groundOf } from '../data/objects-of.ts';
import type { Project } from '../db/project.ts';

interface Measured {
  /** null: what a run kept of a test image. */
  readonly labelMapId: number | null;
  readonly codes: RevisionCodes;
}

const ofRevision = (db: Project, labelMapId: number): Measured => ({
  labelMapId,
  codes: codesOf(db, labelMapId),
});

/** `runId` null: its labels. null: there is nothing to measure. Errors: corrupt. */
export function measuredOf(db: Project, image: ImageRecord, runId: number | null): Measured | null {
  if (runId === null) return image.labelMapId === null ? null : ofRevision(db, image.labelMapId);
  const revision = db.labelMaps
    .history(image.id)
    .find((one) => one.author === 'model' && one.runId === runId);
  if (revision !== undefined) return ofRevision(db, revision.id);
  const classes = db.runs.prediction(runId, image.id);
  if (classes === undefined) return null;
  const codes = { classes, stored: null, ground: groundOf(db, image.id) };
  return { labelMapId: null, codes };
}
