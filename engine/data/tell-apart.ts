/** New objects for the labels that images have: split, connected, or none. Classes stay as they are. */
import type { ObjectsReport, ObjectSource, Progress } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { NewLabels } from '../../shared/events.ts';
import type { NeckRule } from '../../shared/objects/split-touching.ts';
import type { Project } from '../db/project.ts';
import { assertAsLarge, labelMapCode } from './image-source.ts';
import { type LentThread, lendThread } from './lent-thread.ts';
import { codesOf, groundOf } from './objects-of.ts';
import type { TellApartQuestion, ToldApart } from './tell-apart-thread.ts';

export interface TellApartOptions extends NeckRule {
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

const isCorrupt = (error: unknown): error is AppError =>
  error instanceof AppError && error.code === 'corrupt';

/** What costs its image alone: damage, or a file that cannot be read. */
const isOfImage = (error: unknown): error is AppError =>
  isCorrupt(error) || (error instanceof AppError && error.code === 'unreadable');

/** Errors: corrupt, where objects that are damaged would be needed, or the labels are; not-found. */
function codesFor(
  project: Project,
  labelMapId: number,
  how: ObjectSource,
): TellApartQuestion['codes'] {
  try {
    return codesOf(project, labelMapId);
  } catch (error) {
    if (how === 'split' || !isCorrupt(error)) throw error;
    const imageId = project.labelMaps.get(labelMapId)?.imageId ?? 0;
    // Damaged labels are damaged still.
    const classes = labelMapCode(project, labelMapId);
    return { classes, ground: groundOf(project, imageId), stored: 'damaged' };
  }
}

type Teller = LentThread<TellApartQuestion, ToldApart>;

/** null: it has no labels any more. Errors: corrupt, cancelled, internal, no-space. */
async function tellOne(
  project: Project,
  teller: Teller,
  of: Pick<TellApartOptions, 'how' | 'neck' | 'smallestPx' | 'preview'> & {
    readonly imageId: number;
    readonly onShare: (share: number) => void;
  },
): Promise<{ readonly told: ToldApart; readonly saved: number | null } | null> {
  const { imageId, how, neck, smallestPx, preview, onShare } = of;
  const current = () => project.datasets.image(imageId)?.labelMapId ?? null;
  for (;;) {
    const labelMapId = current();
    if (labelMapId === null) return null;
    const codes = codesFor(project, labelMapId, how);
    const told = await teller.ask({ how, rule: { neck, smallestPx }, codes }, onShare);
    if (told.isSame || preview) return { told, saved: null };
    const saved = project.transaction(() =>
      current() === labelMapId
        ? save(project, labelMapId, { objects: told.code, note: NOTES[how] })
        : null,
    );
    // Somebody labelled it meanwhile: it is looked at anew.
    if (saved !== null) return { told, saved };
  }
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
  const { signal, onProgress } = options;
  const labelled: NewLabels[] = [];
  const damaged: string[] = [];
  const sums = { looked: 0, changed: 0, before: 0, after: 0 };
  const open = images.filter(({ labelMapId }) => labelMapId !== null);
  const tellAll = async (teller: Teller) => {
    for (const [done, image] of open.entries()) {
      if (signal.aborted) return;
      const message = `Telling objects of ${image.name} apart`;
      const onShare = (share: number) =>
        onProgress({ done: done + share, total: open.length, message });
      onShare(0);
      try {
        await assertAsLarge(project, image);
        const one = await tellOne(project, teller, { ...options, imageId: image.id, onShare });
        if (one === null) continue;
        const { told, saved } = one;
        sums.looked++;
        sums.before += told.before;
        sums.after += told.after;
        if (!told.isSame) sums.changed++;
        if (saved !== null) labelled.push({ imageId: image.id, labelMapId: saved, isFirst: false });
      } catch (error) {
        // What was done stays.
        if (error instanceof AppError && error.code === 'cancelled') return;
        if (!isOfImage(error)) throw error;
        damaged.push(`${image.name}: ${error.message}`);
      }
    }
  };
  await lendThread(
    {
      thread: 'data/tell-apart-thread',
      what: 'Telling objects apart',
      after: 'Images that were done are kept; begin again for the others.',
      signal,
    },
    tellAll,
  );
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
  const { imageId, author, runId, helpers, uncertainty } = revision;
  const bytes = labelMapCode(project, labelMapId);
  return project.labelMaps.add({
    ...{ imageId, author, runId, helpers, uncertainty },
    ...{ bytes, objects, note },
  });
}
