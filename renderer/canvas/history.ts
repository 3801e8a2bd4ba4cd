/**
 * Undo and redo of what is drawn on one image, on its label map or on another layer over it, in the order of time. Every
 * change of a layer states its policy:
 * - `record`: one entry, undone and redone as a whole (strokes, fills, accepted predictions, restored revisions);
 * - `forget`: cannot be undone and ends the history, because the pixels before it are another document's.
 * Revisions on disk are another thing: see labelMaps.history.
 */
import type { LabelLayer, LabelEdit } from './label-layer.ts';
import type { ObjectDiff, ObjectDraft, ObjectLayer } from './object-layer.ts';

export type UndoPolicy =
  | { readonly kind: 'record'; readonly label: string }
  | { readonly kind: 'forget' };

export interface HistoryEntry {
  readonly id: number;
  /** What was done, in words: "Brush, nucleus". */
  readonly label: string;
  readonly at: Date;
  /** What was drawn on. */
  readonly layer: LabelLayer;
  /** LabelLayer.apply undoes and redoes it. */
  readonly diff: Uint8Array;
  /** What became of objects with it; null: nothing. */
  readonly objects: { readonly layer: ObjectLayer; readonly diff: ObjectDiff } | null;
}

/** What becomes of the objects with a change of classes (LabelEdit.commit; null: none changed). */
export type ObjectChange = (objects: ObjectLayer, classes: Uint8Array | null) => ObjectDraft;

const NOTHING = new Uint8Array();

/** Differences kept, in bytes: some ten thousand ordinary strokes. The oldest go first. */
const MAX_BYTES = 256 * 2 ** 20;
/** What an entry costs beside its difference. */
const ENTRY_BYTES = 256;

export class History {
  readonly #maxBytes: number;
  readonly #now: () => Date;
  #entries: HistoryEntry[] = [];
  /** Entries before this one are done, the rest undone. */
  #position = 0;
  #bytes = 0;
  #nextId = 1;
  /** Entries that were dropped because all of them took too much: they stay done. */
  readonly #settled = new Set<number>();
  /** The objects of a layer, which change with its classes. */
  #accompanied: { readonly layer: LabelLayer; readonly objects: ObjectLayer } | null = null;

  constructor({ maxBytes = MAX_BYTES, now = () => new Date() } = {}) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  get position(): number {
    return this.#position;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The entry that undo would take back. */
  get lastDone(): HistoryEntry | undefined {
    return this.#entries[this.#position - 1];
  }

  /** Whether what an entry did is in the layers; of one that can no longer be undone as well. */
  isDone(id: number): boolean {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    return at < 0 ? this.#settled.has(id) : at < this.#position;
  }

  get canUndo(): boolean {
    return this.#position > 0;
  }

  get canRedo(): boolean {
    return this.#position < this.#entries.length;
  }

  /** From now on what is drawn on a layer changes its objects with it. */
  accompany(layer: LabelLayer, objects: ObjectLayer): void {
    this.#accompanied = { layer, objects };
  }

  /**
   * Commits an edit under its policy. Objects lose the pixels whose class changes, unless `change` says what becomes of
   * them. Returns whether it changed anything.
   */
  commit(edit: LabelEdit, policy: UndoPolicy, change?: ObjectChange): boolean {
    const classes = edit.commit();
    const objects = this.#follow(edit.layer, classes, change);
    if (classes === null && objects === null) return false;
    const diff = classes ?? NOTHING;
    if (policy.kind === 'forget') {
      this.#entries = [];
      this.#position = 0;
      this.#bytes = 0;
      return true;
    }
    for (const undone of this.#entries.splice(this.#position)) this.#bytes -= cost(undone);
    const { layer } = edit;
    const entry = {
      id: this.#nextId++,
      label: policy.label,
      at: this.#now(),
      layer,
      diff,
      objects,
    };
    this.#entries.push(entry);
    this.#bytes += cost(entry);
    while (this.#bytes > this.#maxBytes && this.#entries.length > 1) {
      const oldest = this.#entries.shift();
      if (oldest === undefined) break;
      this.#bytes -= cost(oldest);
      this.#settled.add(oldest.id);
    }
    this.#position = this.#entries.length;
    return true;
  }

  #follow(
    layer: LabelLayer,
    classes: Uint8Array | null,
    change: ObjectChange = (objects, changed) => objects.after(changed),
  ): HistoryEntry['objects'] {
    if (this.#accompanied?.layer !== layer) return null;
    const { objects } = this.#accompanied;
    const diff = objects.put(change(objects, classes));
    return diff === null ? null : { layer: objects, diff };
  }

  /** Returns the entry that was undone. */
  undo(): HistoryEntry | undefined {
    const entry = this.lastDone;
    if (entry === undefined) return undefined;
    applyEntry(entry);
    this.#position--;
    return entry;
  }

  redo(): HistoryEntry | undefined {
    const entry = this.#entries[this.#position];
    if (entry === undefined) return undefined;
    applyEntry(entry);
    this.#position++;
    return entry;
  }

  /** Undoes or redoes until `position` entries are done. */
  goTo(position: number): void {
    while (this.#position > position && this.canUndo) this.undo();
    while (this.#position < position && this.canRedo) this.redo();
  }
}

function applyEntry({ layer, diff, objects }: HistoryEntry): void {
  if (diff.length > 0) layer.apply(diff);
  objects?.layer.apply(objects.diff);
}

function cost({ diff, objects }: HistoryEntry): number {
  let bytes = diff.length + ENTRY_BYTES;
  for (const code of objects?.diff.values() ?? []) bytes += code.length;
  return bytes;
}
