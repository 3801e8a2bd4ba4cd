/**
 * What would come of moving or copying images to another dataset of the project: classes by name, names that are taken,
 * what is there already, what stays because something is made of it. Writes nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Progress, TransferPreview } from '../../../shared/api.ts';
import {
  BACKGROUND,
  type Dataset,
  IGNORE,
  type ImageRecord,
  MAX_CLASSES,
  type SegmentationClass,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { labelValues } from '../../../shared/label-map.ts';
import { inWords } from '../../../shared/sentences.ts';
import { oneName } from '../../../shared/names.ts';
import type { Project } from '../../db/project.ts';
import { contentKey, freeName } from '../addition/fates.ts';
import { classColor } from '../class-colors.ts';
import { kindDoubts } from '../kind-doubts.ts';
import { sameClass } from '../import/into-classes.ts';

export interface TransferRequest {
  readonly how: 'move' | 'copy';
  readonly images: readonly ImageRecord[];
  readonly from: Dataset;
  readonly to: Dataset;
  /** Of other images with the name of one that is there. */
  readonly clash: 'refuse' | 'rename' | 'skip';
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** An image as it will stand in the other dataset. */
export interface TransferItem {
  readonly image: ImageRecord;
  readonly name: string;
  readonly imageClass: number | null;
  /** It stays in the bin of its dataset, and a copy goes. */
  readonly isHeld: boolean;
}

export interface TransferPlan {
  readonly preview: TransferPreview;
  readonly items: readonly TransferItem[];
  /** From a label value to the other dataset's; 255 stays. */
  readonly classOf: ReadonlyMap<number, number>;
  /** Of the other dataset afterwards. */
  readonly classes: readonly SegmentationClass[];
  readonly imageClasses: readonly string[];
  /** Whether class 0 of the other dataset is the background. */
  readonly hasBackground: boolean;
}

export const assertGoingOn = (signal: AbortSignal): void => {
  if (signal.aborted) throw new AppError('cancelled', 'It was cancelled; nothing was changed.');
};

/** Label values that occur in any revision of the images. Errors: corrupt, cancelled. */
async function usedValues(
  project: Project,
  { images, signal, onProgress }: TransferRequest,
): Promise<Set<number>> {
  const used = new Set<number>();
  for (const [done, { id, name }] of images.entries()) {
    assertGoingOn(signal);
    onProgress({ done, total: images.length, message: `Reading the labels of ${name}` });
    for (const revision of project.labelMaps.history(id)) {
      const bytes = project.labelMaps.bytes(revision.id);
      for (const value of bytes === undefined ? [] : labelValues(bytes)) used.add(value);
    }
    await nextTurn();
  }
  return used;
}

/** The classes that occur, by name, with the next free number where the other dataset has none of that name. */
function matchClasses({ from, to }: TransferRequest, used: ReadonlySet<number>) {
  const byName = new Map(to.classes.map((one) => [sameClass(one.name), one.index]));
  const taken = new Set(to.classes.map(({ index }) => index));
  const classOf = new Map([[IGNORE, IGNORE]]);
  const fresh: SegmentationClass[] = [];
  for (const one of from.classes) {
    if (!used.has(one.index)) continue;
    const isGround = one.index === BACKGROUND && from.hasBackground && to.hasBackground;
    const known = isGround ? BACKGROUND : byName.get(sameClass(one.name));
    if (known !== undefined) {
      classOf.set(one.index, known);
      continue;
    }
    let index = 1;
    while (taken.has(index)) index++;
    if (index >= MAX_CLASSES) {
      throw new AppError(
        'unsupported',
        `"${to.name}" would have more than ${MAX_CLASSES - 1} classes beside the background. Choose fewer images, or another dataset.`,
      );
    }
    taken.add(index);
    classOf.set(one.index, index);
    fresh.push({ index, name: one.name, color: classColor(index) });
  }
  const lost = [...used].filter((value) => !classOf.has(value));
  if (lost.length > 0) {
    throw new AppError(
      'invalid-input',
      `Labels of these images hold ${inWords(lost.map(String))}, which is no class of "${from.name}". Add a class with that number to it first.`,
      { subject: from.name },
    );
  }
  return { classOf, fresh };
}

/** Names under which the images go; what is there already, or has a name that is taken, is left out as it was asked. */
function nameItems(project: Project, request: TransferRequest) {
  const { images, to, clash, how } = request;
  const there = project.datasets.images(to.id);
  const contents = new Set(there.map((image) => contentKey(image.hash, image)));
  const byName = Map.groupBy(there, ({ name }) => oneName(name));
  const fresh = images.filter((image) => !contents.has(contentKey(image.hash, image)));
  const coming = new Set(fresh.map(({ name }) => oneName(name)));
  const nameOf = new Map<string, string | null>();
  const clashes: { name: string; free: string }[] = [];
  for (const [name, own] of Map.groupBy(fresh, (image) => image.name)) {
    const named = byName.get(oneName(name)) ?? [];
    const isTaken = named.some(({ hash }) => !own.some((image) => image.hash === hash));
    if (!isTaken) {
      nameOf.set(name, named[0]?.name ?? name);
      continue;
    }
    const free = freeName(name, (one) => byName.has(oneName(one)) || coming.has(oneName(one)));
    coming.add(oneName(free));
    clashes.push({ name, free });
    nameOf.set(name, clash === 'rename' ? free : null);
  }
  const held = how === 'move' ? project.imageEdits.held(request.from.id) : new Set<number>();
  return { fresh, clashes, nameOf, held };
}

/** Errors: unsupported, invalid-input (classes), corrupt (a label map), cancelled. */
export async function planTransfer(
  project: Project,
  request: TransferRequest,
): Promise<TransferPlan> {
  const { images, from, to } = request;
  const { fresh, clashes, nameOf, held } = nameItems(project, request);
  const used = await usedValues(project, { ...request, images: fresh });
  const { classOf, fresh: newClasses } = matchClasses(request, used);
  const imageClasses = [...to.imageClasses];
  const imageClassOf = (image: ImageRecord): number | null => {
    const name = image.imageClass === null ? undefined : from.imageClasses[image.imageClass];
    if (name === undefined) return null;
    const known = imageClasses.findIndex((one) => sameClass(one) === sameClass(name));
    return known === -1 ? imageClasses.push(name) - 1 : known;
  };
  const items = fresh.flatMap((image): TransferItem[] => {
    const name = nameOf.get(image.name) ?? null;
    if (name === null) return [];
    return [{ image, name, imageClass: imageClassOf(image), isHeld: held.has(image.id) }];
  });
  const toName = new Map([...to.classes, ...newClasses].map(({ index, name }) => [index, name]));
  const preview: TransferPreview = {
    fromId: from.id,
    toId: to.id,
    images: items.length,
    labelled: items.filter(({ image }) => image.labelMapId !== null).length,
    same: images.length - fresh.length,
    clashes,
    classes: from.classes.flatMap(({ index, name }) => {
      const becomes = classOf.get(index);
      return becomes === undefined ? [] : [{ name, becomes: toName.get(becomes) ?? '' }];
    }),
    newClasses,
    newImageClasses: imageClasses.slice(to.imageClasses.length),
    held: items.filter(({ isHeld }) => isHeld).length,
    doubts: kindDoubts(
      items.map(({ image }) => image),
      { name: to.name, there: project.datasets.images(to.id) },
    ),
  };
  const classes = [...to.classes, ...newClasses];
  return { preview, items, classOf, classes, imageClasses, hasBackground: to.hasBackground };
}
