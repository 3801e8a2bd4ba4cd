/**
 * Which labelled images a live training learns from, and which are held out: read from the project whenever something
 * has changed. Their parts are those of models (engine/models/kept-parts.ts), so that what is held out of one is held out
 * of all, for good. Knows no pixels and no network.
 */
import type { Author, Dataset, ImageRecord, Part } from '../../../shared/entities.ts';
import { takesPart } from '../../../shared/task-sources.ts';
import type { Taking } from '../../db/live.ts';
import type { Project } from '../../db/project.ts';
import { partsOfLabelled } from '../../models/kept-parts.ts';

/** Labels of an image that joined, and the part that it has from now on. */
export interface Joining extends Taking {
  readonly part: Part;
}

export interface Member extends Joining {
  readonly image: ImageRecord;
}

/** What is new since the last look. */
interface LabelNews {
  /** Joined, or with other labels than before. */
  readonly taken: readonly Member[];
  /** Deleted, excluded, or without labels of a person any more. */
  readonly left: readonly number[];
}

const SPOILT =
  'It is a test image of the first split, and an earlier training learned from it: so it can neither train nor test.';

export class LabelSet {
  readonly #project: Project;
  readonly #datasetId: number;
  /** In the order in which they first joined: what a batch is made of depends on it. */
  #members = new Map<number, Member>();
  /** Parts of all images that ever joined, in that order; the project file may not have the newest yet. */
  readonly #parts = new Map<number, Part>();
  /** A revision never changes its author. */
  readonly #authors = new Map<number, Author | null>();
  #spoilt: readonly string[] = [];
  #isOpenWaiting = false;

  constructor(project: Project, datasetId: number) {
    this.#project = project;
    this.#datasetId = datasetId;
    for (const { imageId, heldOut } of project.live.takings(datasetId)) {
      this.#parts.set(imageId, heldOut ? 'test' : 'train');
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

  /** Labelled images that are in no part, and why. */
  get leftOut(): { readonly name: string; readonly why: string }[] {
    return this.#spoilt.map((name) => ({ name, why: SPOILT }));
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
    const before = this.#members;
    const labelled = new Map<number, ImageRecord & { readonly labelMapId: number }>();
    this.#isOpenWaiting = false;
    for (const image of this.#project.datasets.images(this.#datasetId).filter(takesPart)) {
      const { id, labelMapId } = image;
      if (labelMapId === null || unreadable.has(labelMapId) || !this.#isOfPerson(labelMapId)) {
        continue;
      }
      const known = before.get(id);
      const isHalfDone =
        id === openImageId && dataset.hasBackground && known?.labelMapId !== labelMapId;
      if (isHalfDone) this.#isOpenWaiting = true;
      if (!isHalfDone) labelled.set(id, { ...image, labelMapId });
      else if (known !== undefined) labelled.set(id, { ...image, labelMapId: known.labelMapId });
    }
    const parts = this.#partsOf([...labelled.values()]);

    const taken: Member[] = [];
    const now = new Map<number, Member>();
    // Those that had joined keep their places.
    for (const id of new Set([...this.#parts.keys(), ...labelled.keys()])) {
      const image = labelled.get(id);
      const part = parts.get(id);
      if (image === undefined || part === undefined) continue;
      const { labelMapId } = image;
      const known = before.get(id);
      if (known?.labelMapId === labelMapId && known.part === part) {
        now.set(id, known);
        continue;
      }
      const member = { image, imageId: id, labelMapId, part, heldOut: part !== 'train' };
      this.#parts.set(id, part);
      now.set(id, member);
      taken.push(member);
    }
    this.#members = now;
    return { taken, left: [...before.keys()].filter((id) => !now.has(id)) };
  }

  /** Of those that may train or test. */
  #partsOf(labelled: readonly ImageRecord[]): ReadonlyMap<number, Part> {
    const of = { datasetId: this.#datasetId, splitId: null };
    const { parts, fresh, spoilt } = partsOfLabelled(this.#project, labelled, of);
    const isFresh = new Set(fresh.map(({ imageId }) => imageId));
    const own = labelled.filter(({ id }) => !spoilt.has(id));
    this.#spoilt = labelled.filter(({ id }) => spoilt.has(id)).map(({ name }) => name);
    return new Map(
      own.flatMap(({ id }) => {
        const part = (isFresh.has(id) ? this.#parts.get(id) : undefined) ?? parts.get(id);
        return part === undefined ? [] : [[id, part] as const];
      }),
    );
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
