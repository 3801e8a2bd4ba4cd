/** What the panels show of the labels of the open image: saved or not, their history, steps to undo, and pixels of each class. */
import type { LabelMapRevision } from '../../shared/entities.ts';
import type { SaveState } from '../canvas/autosave.ts';
import type { Editor } from '../canvas/editor.ts';
import type { HistoryEntry } from '../canvas/history.ts';
import { type AnnotateDocument, unsavedDocuments } from './annotate-document.ts';

/** Pause after the last change before pixels are counted. */
const COUNT_DELAY_MS = 150;

/** What the history panel shows: entries before `position` are done. */
interface HistoryView {
  readonly entries: readonly HistoryEntry[];
  readonly position: number;
}

export class AnnotateLabels {
  saveState = $state.raw<SaveState>({ kind: 'saved', at: null });
  /** Images with changes that are not on disk yet, the one in view included. */
  unsaved = $state.raw(0);
  revisions = $state.raw<readonly LabelMapRevision[]>([]);
  history = $state.raw<HistoryView>({ entries: [], position: 0 });
  /** Steps of a shape in progress count as well. */
  canUndo = $state.raw(false);
  canRedo = $state.raw(false);
  /** Pixels of each class id; null before they are counted. */
  counts = $state.raw<Float64Array | null>(null);
  /** A network drew them, and nobody has looked at them yet. */
  isUnreviewed = $state.raw(false);
  readonly #editor: Editor;
  readonly #document: () => AnnotateDocument | null;
  #countTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: { editor: Editor; document: () => AnnotateDocument | null }) {
    this.#editor = options.editor;
    this.#document = options.document;
  }

  /** Those of another document. */
  open(): void {
    this.counts = null;
    this.followDocument();
    this.followHistory();
  }

  /** What its document tells of saving and revisions. */
  followDocument(): void {
    const document = this.#document();
    this.saveState = document?.saveState ?? { kind: 'saved', at: null };
    this.revisions = document?.revisions ?? [];
    this.isUnreviewed = document?.isUnreviewed ?? false;
    this.unsaved = unsavedDocuments().length;
  }

  followSteps(): void {
    this.canUndo = this.#editor.canUndo;
    this.canRedo = this.#editor.canRedo;
  }

  /** Something was done, undone or redone; pixels are counted once nothing more is. */
  followHistory(): void {
    const history = this.#document()?.history;
    this.history =
      history === undefined
        ? { entries: [], position: 0 }
        : { entries: [...history.entries], position: history.position };
    this.#count();
  }

  close(): void {
    if (this.#countTimer !== null) clearTimeout(this.#countTimer);
  }

  #count(): void {
    this.close();
    this.#countTimer = setTimeout(() => {
      this.#countTimer = null;
      // Counting waits for the end of a stroke: it would only be done again.
      if (this.#editor.isPainting) this.#count();
      else this.counts = this.#document()?.counts.total() ?? null;
    }, COUNT_DELAY_MS);
  }
}
