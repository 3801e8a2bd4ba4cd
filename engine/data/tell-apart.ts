/** New objects for the labels that images have: split, connected, or none. Classes stay as they are. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObjectsReport, ObjectSource, Progress } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { NewLabels } from '../../shared/events.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import { encodeObjectMap, objectNumbers, type ObjectMap } from '../../shared/objects/object-map.ts';
import { type SplitOptions, splitTouching } from '../../shared/objects/split-touching.ts';
import type { Project } from '../db/project.ts';
import { assertAsLarge, labelMapCode } from './image-source.ts';
import { groundOf, objectsOf, soundObjectsOf } from './objects-of.ts';

export interface TellApartOptions extends Pick<SplitOptions, 'neck' | 'smallestPx'> {
  readonly how: ObjectSource;
  /** Counts, and saves nothing. */
  readonly preview: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const NOTES: Readonly<Record<ObjectSource, string>> = {
  split: 'touching objects split',
  components: 'connected regions taken for objects',
  none: 'objects no longer told apart',
};

interface Told {
  /** object-map.ts code; null: none. */
  readonly code: Uint8Array | null;
  /** Whether the labels have these already. */
  readonly isSame: boolean;
  readonly before: number;
  readonly after: number;
}

interface Now {
  readonly objects: ObjectMap;
  /** object-map.ts code; null: none is stored. */
  readonly stored: Uint8Array | null;
}

/** Null where they are damaged, and others take their place anyway. Errors: corrupt, not-found. */
function objectsNow(project: Project, labelMapId: number, how: ObjectSource): Now | null {
  const found =
    how === 'split' ? objectsOf(project, labelMapId) : soundObjectsOf(project, labelMapId);
  if (typeof found === 'string') return null;
  return { objects: found.objects, stored: project.labelMaps.objects(labelMapId) ?? null };
}

const isSameCode = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

/** Errors: corrupt, not-found. */
function told(project: Project, labelMapId: number, { how, ...options }: TellApartOptions): Told {
  const now = objectsNow(project, labelMapId, how);
  const before = now === null ? 0 : objectNumbers(encodeObjectMap(now.objects)).length;
  const isSame = (code: Uint8Array | null) => now !== null && isSameCode(code, now.stored);
  if (now !== null && how === 'split') {
    const { objects, added } = splitTouching(now.objects, options);
    const code = encodeObjectMap(objects);
    return { code, isSame: isSame(code), before, after: before + added };
  }
  const imageId = project.labelMaps.get(labelMapId)?.imageId ?? 0;
  const classes = decodeLabelMap(labelMapCode(project, labelMapId));
  const connected = encodeObjectMap(componentsOf(classes, groundOf(project, imageId)));
  const after = objectNumbers(connected).length;
  const code = how === 'none' ? null : connected;
  return { code, isSame: isSame(code), before, after };
}

/**
 * Saves each image's new version by itself, so that what was done before a cancellation stays. An image whose objects are
 * what they were gets none. Errors: cancelled, no-space.
 */
export async function tellApart(
  project: Project,
  images: readonly ImageRecord[],
  options: TellApartOptions,
): Promise<{ readonly report: ObjectsReport; readonly labelled: readonly NewLabels[] }> {
  const { how, preview, signal, onProgress } = options;
  const labelled: NewLabels[] = [];
  const damaged: string[] = [];
  const sums = { looked: 0, changed: 0, before: 0, after: 0 };
  const open = images.filter(({ labelMapId }) => labelMapId !== null);
  for (const [done, image] of open.entries()) {
    if (signal.aborted) break;
    onProgress({ done, total: open.length, message: `Telling objects of ${image.name} apart` });
    try {
      await assertAsLarge(project, image);
      const saved = project.transaction(() => {
        // Looked up anew: somebody may have labelled it meanwhile.
        const labelMapId = project.datasets.image(image.id)?.labelMapId ?? null;
        if (labelMapId === null) return null;
        const { code, isSame, before, after } = told(project, labelMapId, options);
        sums.looked++;
        sums.before += before;
        sums.after += after;
        if (isSame) return null;
        sums.changed++;
        return preview ? null : save(project, labelMapId, { objects: code, note: NOTES[how] });
      });
      if (saved !== null) labelled.push({ imageId: image.id, labelMapId: saved, isFirst: false });
    } catch (error) {
      const isOfImage =
        error instanceof AppError && (error.code === 'corrupt' || error.code === 'unreadable');
      if (!isOfImage) throw error;
      damaged.push(`${image.name}: ${error.message}`);
    }
    await nextTurn();
  }
  const report = {
    images: sums.looked,
    changed: sums.changed,
    objectsBefore: sums.before,
    objectsAfter: sums.after,
    damaged,
  };
  return { report, labelled };
}

/** The labels as they are, by whom they were, with other objects. Returns the id of the new version. */
function save(
  project: Project,
  labelMapId: number,
  { objects, note }: { readonly objects: Uint8Array | null; readonly note: string },
): number {
  const revision = project.labelMaps.get(labelMapId);
  if (revision === undefined)
    throw new AppError('not-found', `There is no label map ${labelMapId}.`);
  const { imageId, author, runId, helper, uncertainty } = revision;
  const bytes = labelMapCode(project, labelMapId);
  return project.labelMaps.add({
    ...{ imageId, author, runId, helper, uncertainty },
    ...{ bytes, objects, note },
  });
}
