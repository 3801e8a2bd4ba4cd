/**
 * Moves or copies images to another dataset of the project. Copies are written into a dataset that nobody sees; that they
 * come into theirs, what is moved and what goes into the bin is one transaction at the end: what is cancelled, fails or is
 * killed leaves nothing behind.
 */
import { nounFor, pronounFor, verbFor } from '../../../shared/number-format.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TransferReport } from '../../../shared/api.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { createRunWriter, forEachRun, labelMapSize } from '../../../shared/label-map.ts';
import { withoutGround } from '../../../shared/objects/rules.ts';
import { inWords } from '../../../shared/sentences.ts';
import type { Project } from '../../db/project.ts';
import { soundCodeOf } from '../objects-of.ts';
import { clashWords } from '../addition/fates.ts';
import { beginStaging, endStaging } from '../addition/staging.ts';
import {
  assertGoingOn,
  planTransfer,
  type TransferItem,
  type TransferPlan,
  type TransferRequest,
} from './plan.ts';

export interface TransferOptions extends TransferRequest {
  /** Whether classes that the other dataset has not are added to it. */
  readonly newClasses: boolean;
}

/** Errors: conflict. */
function assertWanted({ preview }: TransferPlan, options: TransferOptions): void {
  const { to, clash, newClasses } = options;
  const { clashes } = preview;
  if (clashes.length > 0 && clash === 'refuse') {
    const are = `${verbFor(clashes.length, 'are')} the ${nounFor(clashes.length, 'name')} of ${clashes.length === 1 ? 'another image' : 'other images'}`;
    throw new AppError(
      'conflict',
      `${clashWords(clashes)} ${are} in "${to.name}". Nothing was changed: keep both under a free name such as "${clashes[0]?.free ?? ''}" (--clash rename), or leave them where they are (--clash skip).`,
      { subject: clashes[0]?.name ?? to.name },
    );
  }
  const unknown = [...preview.newClasses.map(({ name }) => name), ...preview.newImageClasses];
  if (unknown.length > 0 && !newClasses) {
    throw new AppError(
      'conflict',
      `"${to.name}" has no ${nounFor(unknown.length, 'class')} ${inWords(unknown.map((name) => `"${name}"`))}. Nothing was changed: add ${pronounFor(unknown.length, 'these')} ${nounFor(unknown.length, 'class')} to it (--new-classes).`,
      { subject: to.name },
    );
  }
}

const isAsItIs = ({ classOf }: TransferPlan): boolean =>
  [...classOf].every(([value, becomes]) => value === becomes);

/** The same runs with the values of the other dataset. */
function translated(code: Uint8Array, classOf: ReadonlyMap<number, number>): Uint8Array {
  const writer = createRunWriter(labelMapSize(code));
  forEachRun(code, (value, run) => writer.append(classOf.get(value) ?? IGNORE, run));
  return writer.bytes();
}

/**
 * Gives `to` the revisions of `from` in the values of the other dataset, with all that is said of them. Returns which objects
 * are damaged and stay behind.
 */
function copyRevisions(
  project: Project,
  ids: { readonly from: number; readonly to: number },
  plan: TransferPlan,
): ReadonlySet<string> {
  const damaged = new Set<string>();
  const asItIs = isAsItIs(plan);
  for (const revision of project.labelMaps.history(ids.from).toReversed()) {
    const code = project.labelMaps.bytes(revision.id);
    if (code === undefined) continue;
    const bytes = asItIs ? code : translated(code, plan.classOf);
    const id = project.imageEdits.addRevision({ ...revision, imageId: ids.to, bytes });
    const objects = soundCodeOf(project, revision.id);
    if (typeof objects === 'string') damaged.add(objects);
    else if (objects !== null) {
      project.labelMaps.addObjects(id, withoutGround({ objects, classes: bytes }, plan));
    }
  }
  return damaged;
}

function moveOne(
  project: Project,
  { image, name, imageClass }: TransferItem,
  plan: TransferPlan,
): Iterable<string> {
  const { id } = image;
  const before = isAsItIs(plan) ? [] : project.labelMaps.history(id);
  const damaged = before.length > 0 ? copyRevisions(project, { from: id, to: id }, plan) : [];
  for (const revision of before) project.imageEdits.dropRevision(revision.id);
  project.imageEdits.move(id, { datasetId: plan.preview.toId, name, imageClass });
  return damaged;
}

/**
 * Plans and carries out. Images that something is made of stay in the bin of their dataset, and a copy goes.
 * Errors: those of planTransfer; conflict (names, classes), not-found, no-space.
 */
export async function transferImages(
  project: Project,
  options: TransferOptions,
): Promise<TransferReport> {
  const { how, from, to, signal, onProgress } = options;
  const plan = await planTransfer(project, options);
  assertWanted(plan, options);
  const isCopied = ({ isHeld }: TransferItem) => how === 'copy' || isHeld;
  const copied = plan.items.filter(isCopied);
  const moved = plan.items.filter((item) => !isCopied(item));
  const staged = beginStaging(project, options.to);
  const copies: number[] = [];
  const damagedObjects: string[] = [];
  try {
    for (const [done, item] of copied.entries()) {
      assertGoingOn(signal);
      onProgress({ done, total: copied.length, message: `Copying ${item.image.name}` });
      project.transaction(() => {
        const { name, imageClass } = item;
        const id = project.imageEdits.copy(item.image.id, { datasetId: staged, name, imageClass });
        damagedObjects.push(...copyRevisions(project, { from: item.image.id, to: id }, plan));
        copies.push(id);
      });
      await nextTurn();
    }
    assertGoingOn(signal);
    const gone = how === 'copy' ? [] : plan.items.map(({ image }) => image.id);
    project.transaction(() => {
      if (project.datasets.get(to.id) === undefined) {
        throw new AppError('not-found', `"${to.name}" was deleted meanwhile. Nothing was changed.`);
      }
      assertStillFree(project, plan.items, options);
      if (plan.preview.newClasses.length > 0) project.datasets.setClasses(to.id, plan.classes);
      if (plan.preview.newImageClasses.length > 0) {
        project.datasets.setImageClasses(to.id, plan.imageClasses);
      }
      project.datasets.moveImages(staged, to.id);
      for (const item of moved) damagedObjects.push(...moveOne(project, item, plan));
      const at = new Date().toISOString();
      for (const { image } of how === 'move' ? copied : []) {
        project.imageEdits.setDeleted(image.id, at);
      }
    });
    const renamed = plan.items
      .filter(({ image, name }) => image.name !== name)
      .map(({ image, name }) => ({ name: image.name, now: name }));
    return {
      ...plan.preview,
      fromId: from.id,
      imageIds: [...moved.map(({ image }) => image.id), ...copies],
      goneIds: gone,
      renamed,
      damagedObjects,
    };
  } finally {
    endStaging(project, staged);
  }
}

function assertStillFree(
  project: Project,
  items: readonly TransferItem[],
  { to }: TransferOptions,
): void {
  const taken = new Set(project.datasets.images(to.id).map(({ name, page }) => `${page} ${name}`));
  const clash = items.find(({ name, image }) => taken.has(`${image.page} ${name}`));
  if (clash === undefined) return;
  throw new AppError(
    'conflict',
    `"${to.name}" got an image ${clash.name} meanwhile. Nothing was changed: try again.`,
    { subject: clash.name },
  );
}

/** Where copies wait. Errors: conflict, where something is added to the dataset already. */
