/**
 * Which labelled images a live training learns from, and which are held out: read from the project whenever something
 * has changed. Every image has its side for good. Knows no pixels and no network.
 */
import type { Author, Dataset, ImageRecord } from '../../../shared/entities.ts';
import { takesPart } from '../../../shared/task-sources.ts';
import type { Taking } from '../../db/live.ts';
import type { Project } from '../../db/project.ts';

/** One labelled image of so many is held out. */
const HELD_OUT_ONE_OF = 5;

export interface Member extends Taking {
  readonly image: ImageRecord;
}

/** What is new since the last look. */
interface LabelNews {
  /** Joined, or with other labels than before. */
  readonly taken: readonly Member[];
  /** Deleted, excluded, or without labels of a person any more. */
  readonly left: readonly number[];
}

/**
 * The side of an image that has none yet: that of its group, so that frames of one film do not judge each other; else
 * every fifth is held out, beginning with the third.
 */
function sideOf(
  image: Pick<ImageRecord, 'id' | 'groupName'>,
  known: readonly { readonly heldOut: boolean; readonly groupName: string | null }[],
): boolean {
  const group =
    image.groupName === null
      ? undefined
      : known.find(({ groupName }) => groupName === image.groupName);
  if (group !== undefined) return group.heldOut;
  const heldOut = known.filter((one) => one.heldOut).length;
  return heldOut < Math.round((known.length + 1) / HELD_OUT_ONE_OF);
}

export class LabelSet {
  readonly #project: Project;
  readonly #datasetId: number;
  /** In the order in which they first joined: what a batch is made of depends on it. */
  #members = new Map<number, Member>();
  /** Sides of all images that ever joined, in that order. */
  readonly #sides = new Map<number, boolean>();
  /** A revision never changes its author. */
  readonly #authors = new Map<number, Author | null>();
  #isOpenWaiting = false;

  constructor(project: Project, datasetId: number) {
    this.#project = project;
    this.#datasetId = datasetId;
    for (const { imageId, heldOut } of project.live.takings(datasetId)) {
      if (!this.#sides.has(imageId)) this.#sides.set(imageId, heldOut);
    }
  }

  get trained(): Member[] {
    return [...this.#members.values()].filter(({ heldOut }) => !heldOut);
  }

  get heldOut(): Member[] {
    return [...this.#members.values()].filter(({ heldOut }) => heldOut);
  }

  /** Whether the labels on the screen would join if another image were opened. */
  get isOpenWaiting(): boolean {
    return this.#isOpenWaiting;
  }

  /** What could not be read: it joins again with its next labels, or the next look. */
  drop(imageId: number): void {
    this.#members.delete(imageId);
  }

  /**
   * @param options.openImageId its labels are half done: what is not painted yet would count as background. Where a
   *   dataset has none, what is not painted is ignored, and so they join as they are saved.
   * @param options.unreadable revisions that could not be read
   */
  look(options: {
    readonly dataset: Pick<Dataset, 'hasBackground'>;
    readonly openImageId: number | null;
    readonly unreadable: Pick<ReadonlySet<number>, 'has'>;
  }): LabelNews {
    const { dataset, openImageId, unreadable } = options;
    const images = new Map(
      this.#project.datasets
        .images(this.#datasetId)
        .filter(takesPart)
        .map((image) => [image.id, image]),
    );
    const before = this.#members;
    const taken: Member[] = [];
    this.#isOpenWaiting = false;
    const now = new Map<number, Member>();
    // Those that had joined keep their places.
    for (const id of new Set([...this.#sides.keys(), ...images.keys()])) {
      const image = images.get(id);
      const labelMapId = image?.labelMapId ?? null;
      if (image === undefined || labelMapId === null || unreadable.has(labelMapId)) continue;
      if (!this.#isOfPerson(labelMapId)) continue;
      const known = before.get(id);
      if (known?.labelMapId === labelMapId) {
        now.set(id, known);
        continue;
      }
      if (id === openImageId && dataset.hasBackground) {
        this.#isOpenWaiting = true;
        if (known !== undefined) now.set(id, known);
        continue;
      }
      const member = { image, imageId: id, labelMapId, heldOut: this.#side(image, images) };
      now.set(id, member);
      taken.push(member);
    }
    this.#members = now;
    return { taken, left: [...before.keys()].filter((id) => !now.has(id)) };
  }

  #side(image: ImageRecord, images: ReadonlyMap<number, ImageRecord>): boolean {
    const fixed = this.#sides.get(image.id);
    if (fixed !== undefined) return fixed;
    const known = [...this.#sides].map(([id, heldOut]) => ({
      heldOut,
      groupName: images.get(id)?.groupName ?? null,
    }));
    const side = sideOf(image, known);
    this.#sides.set(image.id, side);
    return side;
  }

  /** A prediction that nobody has looked at teaches nothing but itself. */
  #isOfPerson(labelMapId: number): boolean {
    let author = this.#authors.get(labelMapId);
    if (author === undefined) {
      author = this.#project.labelMaps.get(labelMapId)?.author ?? null;
      if (author !== null) this.#authors.set(labelMapId, author);
    }
    return author !== null && author !== 'model';
  }
}
