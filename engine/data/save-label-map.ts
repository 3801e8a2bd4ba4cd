/** Keeps what was painted: one revision a sitting, however many strokes it had. */
import { IGNORE, type ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { type Helper, helpersCode } from '../../shared/helpers.ts';
import { labelMapSize, readLabelMapRuns } from '../../shared/label-map.ts';
import { assertObjects } from './objects-of.ts';
import { carriedOver } from '../../shared/objects/rules.ts';
import type { Project } from '../db/project.ts';

/**
 * Strokes saved within this time of a revision of the same author replace it, so that an autosave after each of 500
 * strokes leaves one entry in the history and not 500.
 */
const SITTING_MS = 10 * 60_000;

export interface NewLabelMap {
  readonly image: ImageRecord;
  readonly author: 'human' | 'corrected';
  /** Run whose prediction was accepted or corrected. */
  readonly runId: number | null;
  /** Whose proposal was accepted or corrected. */
  readonly helpers?: readonly Helper[];
  /** Revision that was edited; null: whatever is there. */
  readonly base: number | null;
  /** shared/label-map.ts code. */
  readonly bytes: Uint8Array;
  /**
   * shared/objects/object-map.ts code; null: its objects are not told apart. Left out: those of the revision that was
   * edited, less the pixels whose class changed.
   */
  readonly objects?: Uint8Array | null | undefined;
}

/** `occurs`: by value, whether a pixel has it. What is no class could neither be shown nor trained on. */
function assertClasses(db: Project, image: ImageRecord, occurs: Uint8Array): void {
  const dataset = db.datasets.get(image.datasetId);
  if (dataset === undefined) throw new AppError('not-found', 'The dataset was deleted.');
  const known = new Set([IGNORE, ...dataset.classes.map(({ index }) => index)]);
  const foreign = occurs.findIndex((there, value) => there === 1 && !known.has(value));
  if (foreign === -1) return;
  throw new AppError(
    'invalid-input',
    `The label map of ${image.name} holds ${foreign}, which is no class of "${dataset.name}". Add a class with that number in the library first.`,
    { subject: image.name },
  );
}

/** Errors: invalid-input (another size than the image, a value that is no class), corrupt (not label-map.ts code). */
export function assertDrawing(db: Project, image: ImageRecord, bytes: Uint8Array): void {
  const { width, height } = labelMapSize(bytes);
  // Checks every run and unpacks none: a map of 16,384² would be 256 MiB, several times a second.
  const occurs = new Uint8Array(256);
  readLabelMapRuns(bytes, (value) => (occurs[value] = 1));
  if (width !== image.widthPx || height !== image.heightPx) {
    throw new AppError(
      'invalid-input',
      `The label map is ${width}×${height} px, image ${image.name} is ${image.widthPx}×${image.heightPx}.`,
    );
  }
  assertClasses(db, image, occurs);
}

/**
 * The objects of what was drawn over a revision by somebody who knows of none; null where it has none. `isDamaged`: those
 * that it has cannot be read. What was drawn is kept without them then.
 */
function objectsAfter(
  db: Project,
  base: number | null,
  after: Uint8Array,
): { readonly objects: Uint8Array | null; readonly isDamaged: boolean } {
  const none = { objects: null, isDamaged: false };
  if (base === null || !db.labelMaps.hasObjects(base)) return none;
  try {
    const objects = db.labelMaps.objects(base);
    const before = db.labelMaps.bytes(base);
    if (objects === undefined || before === undefined) return none;
    return { objects: carriedOver({ objects, before, after }), isDamaged: false };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
    return { objects: null, isDamaged: true };
  }
}

/**
 * Returns the id of the revision that is now current and on disk.
 * Errors: invalid-input (another size than the image, a value that is no class, objects that break a rule of
 * shared/objects/rules.ts), corrupt (not a label map, not an object map), not-found (no
 * such run), conflict (a newer revision exists).
 */
export function saveLabelMap(
  db: Project,
  { image, author, runId, helpers = [], base, bytes, objects }: NewLabelMap,
): number {
  assertDrawing(db, image, bytes);
  if (objects !== undefined && objects !== null)
    assertObjects(db, image, { objects, classes: bytes });
  if (runId !== null && db.runs.get(runId) === undefined) {
    throw new AppError('not-found', `There is no run ${runId} whose prediction this could be.`);
  }
  return db.transaction(() => {
    const current = db.datasets.image(image.id)?.labelMapId ?? null;
    if (base !== null && current !== base) {
      throw new AppError(
        'conflict',
        `The labels of ${image.name} were changed elsewhere meanwhile. Load them anew before you go on.`,
        { subject: image.name },
      );
    }
    const previous = current === null ? undefined : db.labelMaps.get(current);
    const told =
      objects === undefined ? objectsAfter(db, current, bytes) : { objects, isDamaged: false };
    const id = db.labelMaps.add({
      ...{ imageId: image.id, author, bytes, runId, helpers },
      objects: told.objects,
    });
    const sameSitting =
      base !== null &&
      previous?.author === author &&
      previous.runId === runId &&
      helpersCode(previous.helpers) === helpersCode(helpers) &&
      Date.now() - Date.parse(previous.createdAt) < SITTING_MS;
    // A backup may still have what is damaged.
    if (sameSitting && !told.isDamaged) db.labelMaps.deleteUnused(previous.id);
    return id;
  });
}
