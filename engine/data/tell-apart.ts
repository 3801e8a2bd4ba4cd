/** New objects for the labels that images have: split, connected, or none. Classes stay as they are. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObjectsReport, ObjectSource, Progress } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { NewLabels } from '../../shared/events.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import { encodeObjectMap, objectNumbers } from '../../shared/objects/object-map.ts';
import { type SplitOptions, splitTouching } from '../../shared/objects/split-touching.ts';
import type { Project } from '../db/project.ts';
import { labelMapCode } from './image-source.ts';
import { groundOf, objectsOf } from './objects-of.ts';

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
  readonly before: number;
  readonly after: number;
}

/** Errors: corrupt, not-found. */
function told(project: Project, labelMapId: number, { how, ...options }: TellApartOptions): Told {
  const now = objectsOf(project, labelMapId);
  const before = objectNumbers(encodeObjectMap(now.objects)).length;
  if (how === 'split') {
    const { objects, added } = splitTouching(now.objects, options);
    return { code: encodeObjectMap(objects), before, after: before + added };
  }
  const imageId = project.labelMaps.get(labelMapId)?.imageId ?? 0;
  const classes = decodeLabelMap(labelMapCode(project, labelMapId));
  const connected = encodeObjectMap(componentsOf(classes, groundOf(project, imageId)));
  const after = objectNumbers(connected).length;
  return { code: how === 'none' ? null : connected, before, after };
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
      const saved = project.transaction(() => {
        // Looked up anew: somebody may have labelled it meanwhile.
        const labelMapId = project.datasets.image(image.id)?.labelMapId ?? null;
        if (labelMapId === null) return null;
        const { code, before, after } = told(project, labelMapId, options);
        sums.looked++;
        sums.before += before;
        sums.after += after;
        const stored = project.labelMaps.objects(labelMapId) ?? null;
        const isSame =
          code === null || stored === null ? code === stored : Buffer.compare(code, stored) === 0;
        if (isSame) return null;
        sums.changed++;
        return preview ? null : save(project, labelMapId, { objects: code, note: NOTES[how] });
      });
      if (saved !== null) labelled.push({ imageId: image.id, labelMapId: saved, isFirst: false });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
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
