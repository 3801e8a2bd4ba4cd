/**
 * Takes back what was added to a dataset at one time: images go into its bin, masks of images that were there into their
 * history. What was labelled since, or is part of something that was planned or trained, stays as it is and is named.
 */
import type { AdditionUndone, StayingImage } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import type { NewLabels } from '../../../shared/events.ts';
import { inWords } from '../../../shared/sentences.ts';
import type { AddedItem } from '../../db/additions.ts';
import type { Project } from '../../db/project.ts';
import { soundCodeOf } from '../objects-of.ts';
import { pageName } from '../page-names.ts';

interface TakenBack {
  readonly undone: AdditionUndone;
  /** By id: put into the bin, without a mask again, with the mask before. */
  readonly removed: readonly number[];
  readonly updated: readonly number[];
  readonly labelled: readonly NewLabels[];
}

/**
 * In one transaction. `heldBy`: the studies, models and runs that an image is part of, in words.
 * Errors: not-found, where there is no such addition or nothing of it is there any more.
 */
export function takeBack(
  project: Project,
  additionId: number,
  heldBy: (imageId: number) => readonly string[],
): TakenBack {
  return project.transaction(() => {
    const addition = project.additions.get(additionId);
    const items = project.additions.items(additionId);
    if (addition === undefined || items.length === 0) {
      throw new AppError(
        'not-found',
        'Nothing of this addition is there any more: it was taken back, or its images were deleted or moved.',
      );
    }
    const { datasetId, path } = addition;
    const held = project.imageEdits.held(datasetId);
    const at = new Date().toISOString();
    const staying: StayingImage[] = [];
    const removed: number[] = [];
    const updated: number[] = [];
    const labelled: NewLabels[] = [];
    for (const item of items) {
      const { imageId, labelMapId } = item;
      const why = obstacleOf(project, item, { isHeld: held.has(imageId), heldBy });
      if (why !== null) {
        const image = project.datasets.image(imageId);
        staying.push({ imageId, name: image === undefined ? '' : pageName(image), why });
      } else if (labelMapId === null) {
        project.imageEdits.setDeleted(imageId, at);
        removed.push(imageId);
      } else {
        const now = bringBackBefore(project, { imageId, labelMapId });
        if (now === null) updated.push(imageId);
        else labelled.push({ imageId, labelMapId: now, isFirst: false });
      }
    }
    const taken = [...removed, ...updated, ...labelled.map(({ imageId }) => imageId)];
    project.additions.forget(additionId, taken);
    const images = removed.length;
    const undone = {
      ...{ datasetId, path, images, staying },
      ...{ revisions: labelled.length, unlabelled: updated.length },
    };
    return { undone, removed, updated, labelled };
  });
}

/** Why an item stays, with what to do; null: it is taken back. */
function obstacleOf(
  project: Project,
  { imageId, labelMapId, isRelabelled }: AddedItem,
  of: { readonly isHeld: boolean; readonly heldBy: (imageId: number) => readonly string[] },
): string | null {
  if (labelMapId === null) {
    if (isRelabelled) return 'was labelled since: delete it, if it is to go all the same';
    if (of.isHeld)
      return `is part of ${inWords(of.heldBy(imageId))}: delete it, if nothing new is to be made of it`;
    return null;
  }
  if (isRelabelled) return 'was labelled since: an earlier mask of it is in its history';
  if (project.labelMaps.isPinned(labelMapId)) {
    return `its new mask is part of ${inWords(of.heldBy(imageId))}: correct it, or take an earlier one from its history`;
  }
  if (project.labelMaps.get(labelMapId)?.kept === true) {
    return 'its new mask is marked to be kept: take that mark away in its history first';
  }
  return null;
}

interface MaskThatCame {
  readonly imageId: number;
  readonly labelMapId: number;
}

/** The mask before as a revision of its own, which is returned; null: there was none, and the one that came is dropped. */
function bringBackBefore(project: Project, { imageId, labelMapId }: MaskThatCame): number | null {
  const before = project.labelMaps.history(imageId).find(({ id }) => id < labelMapId);
  if (before === undefined) {
    project.labelMaps.deleteUnused(labelMapId);
    return null;
  }
  const bytes = project.labelMaps.bytes(before.id);
  if (bytes === undefined) throw new AppError('not-found', `There is no label map ${before.id}.`);
  const objects = soundCodeOf(project, before.id);
  const isDamaged = typeof objects === 'string';
  return project.labelMaps.add({
    imageId,
    author: before.author,
    bytes,
    objects: isDamaged ? null : objects,
    runId: before.runId,
    note: `as before what was added and taken back${isDamaged ? ', without its objects, which are damaged' : ''}`,
    uncertainty: before.uncertainty,
  });
}
