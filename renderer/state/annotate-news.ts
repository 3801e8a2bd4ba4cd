/**
 * What the engine tells a sitting of annotation: a live training, runs, another dataset, and labels that were saved here or
 * elsewhere, which the lists and the open image follow.
 */
import type { Dataset, ImageRecord, LiveState } from '../../shared/entities.ts';
import type { Changes, EngineEvent, NewLabels } from '../../shared/events.ts';
import { type AnnotateDocument, dropDocument, findDocument } from './annotate-document.ts';

/** The parts of a sitting that follow by themselves, and what is open of it. */
interface Parts {
  readonly project: string;
  readonly dataset: Dataset | null;
  readonly document: AnnotateDocument | null;
  readonly live: { follow(state: LiveState): void };
  readonly next: { handle(event: EngineEvent): void };
  readonly overlay: { liveNews(): void };
  readonly classifiers: { follow(changes: Changes): Promise<void> };
  readonly prediction: { follow(runs: NonNullable<Changes['runs']>): Promise<void> };
  readonly network: { load(): Promise<void> };
  images: readonly ImageRecord[];
}

interface Surroundings {
  /** Of this window, by which it knows what it asked for itself. */
  readonly origin: string;
  /** Reads dataset and images anew. */
  readonly reload: () => Promise<void>;
  /** The open image once more, as it is now. */
  readonly showAgain: () => Promise<void>;
  readonly notify: (text: string) => void;
  /** For work that nobody waits for. */
  readonly run: (work: () => Promise<void>) => void;
}

export class AnnotateNews {
  readonly #parts: Parts;
  readonly #around: Surroundings;

  constructor(parts: Parts, around: Surroundings) {
    this.#parts = parts;
    this.#around = around;
  }

  handle(event: EngineEvent): void {
    const { project, live, overlay, next, classifiers, prediction, network } = this.#parts;
    const { run, origin, reload } = this.#around;
    if (!('project' in event) || event.project !== project) return;
    if (event.type === 'live.state') {
      live.follow(event.state);
      overlay.liveNews();
    }
    if (event.type !== 'changed') return;
    next.handle(event);
    const { datasets, images, runs } = event.changes;
    run(() => classifiers.follow(event.changes));
    if (runs !== undefined) {
      run(() => prediction.follow(runs));
      if (event.origin !== origin) run(() => network.load());
    }
    if (datasets?.updated?.includes(this.#parts.dataset?.id ?? 0) === true) run(reload);
    if (images?.labelled !== undefined) this.#labelled(images.labelled, event.origin);
  }

  #labelled(labels: readonly NewLabels[], origin: string | null): void {
    const revisions = new Map(labels.map((one) => [one.imageId, one.labelMapId]));
    this.#parts.images = this.#parts.images.map((image) => {
      const labelMapId = revisions.get(image.id);
      return labelMapId === undefined ? image : { ...image, labelMapId };
    });
    for (const [imageId, revision] of revisions)
      this.#followRevision(imageId, { revision, origin });
  }

  #followRevision(
    imageId: number,
    news: { readonly revision: number; readonly origin: string | null },
  ): void {
    const { project, document: open } = this.#parts;
    const { run, notify, showAgain } = this.#around;
    const document = findDocument(project, imageId);
    if (document === null) return;
    if (!document.isForeign(news)) {
      if (document === open) run(() => document.refreshRevisions());
      return;
    }
    dropDocument(project, imageId);
    if (document === open && document.isSaved) {
      notify('The labels of this image were changed elsewhere. These are the newest.');
      run(showAgain);
    }
  }
}
