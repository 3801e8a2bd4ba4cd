/**
 * One image that is open for annotation: its pixels, its labels, their history, and their way to the disk. Documents
 * outlive the view, so that what could not be saved yet is still there when the user comes back.
 */
import type { ImageRecord, LabelMapRevision } from '../../shared/entities.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import { AppError } from '../../shared/errors.ts';
import type { Api } from '../api.ts';
import { Autosave, type SaveState } from '../canvas/autosave.ts';
import { ClassCounts } from '../canvas/class-counts.ts';
import type { ImagePixels } from '../../shared/display.ts';
import { decodeImagePixels, pixelsUrl } from '../../shared/exchange.ts';
import { type Helper, helpersTogether } from '../../shared/helpers.ts';
import { History } from '../canvas/history.ts';
import { LabelEncoder } from '../canvas/label-encoder.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import { ObjectLayer } from '../canvas/object-layer.ts';

/** Whose work the next revision is: drawn by hand, or made out of a prediction, which need not be a run's. */
export interface Provenance {
  readonly author: 'human' | 'corrected';
  readonly runId: number | null;
  /** Who proposed parts of it, where these were helpers. */
  readonly helpers: readonly Helper[];
}

/** Who proposed what was taken over: a run, a helper, or the training that goes on, which is neither. */
interface Proposer {
  readonly runId: number | null;
  readonly helper: Helper | null;
}

/** Authors of label maps that were made out of what somebody else than a person proposed. */
const FROM_PROPOSALS: ReadonlySet<LabelMapRevision['author']> = new Set(['model', 'corrected']);

/** Of labels that go on from a revision. */
const provenanceOf = ({ author, runId, helpers }: LabelMapRevision): Provenance =>
  runId !== null || FROM_PROPOSALS.has(author)
    ? { author: 'corrected', runId, helpers }
    : { author: 'human', runId: null, helpers: [] };

/** Milliseconds at a stretch that encoding may keep the window from painting. */
const ENCODE_SLICE_MS = 4;

const clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export type DocumentEvent =
  /** Its saving state or its revisions. */
  | { readonly kind: 'changed'; readonly document: AnnotateDocument }
  /** A save had to step over somebody else's revision; both are in the history. */
  | { readonly kind: 'overtook'; readonly document: AnnotateDocument };

const listeners = new Set<(event: DocumentEvent) => void>();
const tell = (event: DocumentEvent) => {
  for (const listener of listeners) listener(event);
};

/** Listens to all documents. Returns how to stop. */
export function onDocuments(listener: (event: DocumentEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export class AnnotateDocument {
  readonly record: ImageRecord;
  readonly pixels: ImagePixels;
  readonly layer: LabelLayer;
  /** What helpers learn from; no labels. */
  readonly scribbles: LabelLayer;
  /** null: objects of this image are not told apart. */
  objects: ObjectLayer | null = null;
  /** Why the objects that are stored cannot be shown: the labels are whole; null: nothing is damaged. */
  objectDamage: string | null;
  readonly history: History;
  readonly counts: ClassCounts;
  readonly autosave: Autosave;
  /** Of the scribbles, which are kept apart from the labels. */
  readonly #scribbleSaves: Autosave;
  /** Newest first. */
  revisions: readonly LabelMapRevision[];
  readonly #api: Api;
  readonly #project: string;
  readonly #encoder: LabelEncoder;
  readonly #scribbleEncoder: LabelEncoder;
  /** Revision that the labels here were made from. */
  #base: number | null;
  #adopting = false;
  readonly #openedAs: Provenance;
  /** Entries of the history that took a prediction or proposal over, and whose it was. */
  readonly #accepted = new Map<number, Proposer>();
  /** Entries that brought an old revision back, and whose work that was. */
  readonly #restored = new Map<number, Provenance>();

  constructor(options: {
    api: Api;
    project: string;
    record: ImageRecord;
    pixels: ImagePixels;
    layer: LabelLayer;
    objects: ObjectLayer | null;
    objectDamage: string | null;
    scribbles: LabelLayer;
    revisions: readonly LabelMapRevision[];
  }) {
    this.#api = options.api;
    this.#project = options.project;
    this.record = options.record;
    this.pixels = options.pixels;
    this.layer = options.layer;
    this.scribbles = options.scribbles;
    this.objectDamage = options.objectDamage;
    this.revisions = options.revisions;
    const [current] = options.revisions;
    this.#base = current?.id ?? null;
    this.#openedAs =
      current === undefined ? { author: 'human', runId: null, helpers: [] } : provenanceOf(current);
    this.history = new History();
    this.counts = new ClassCounts(this.layer);
    this.#encoder = new LabelEncoder(this.layer);
    this.autosave = new Autosave({
      clock,
      save: () => this.#save(),
      onState: () => tell({ kind: 'changed', document: this }),
    });
    this.#scribbleEncoder = new LabelEncoder(this.scribbles);
    this.#scribbleSaves = new Autosave({
      clock,
      save: () => this.#saveScribbles(),
      onState: () => tell({ kind: 'changed', document: this }),
    });
    this.scribbles.onDirty(() => this.#scribbleSaves.touch());
    this.layer.onDirty(() => this.#touched());
    if (options.objects !== null) this.#take(options.objects);
  }

  /** Objects can be told apart from now on; there are none yet. */
  beginObjects(): void {
    if (this.objects === null) this.#take(new ObjectLayer(this.layer.width, this.layer.height));
  }

  /** Saves the labels without objects that are damaged: the version before keeps these. Errors: those of saving. */
  async forgetDamage(): Promise<void> {
    this.autosave.touch();
    await this.autosave.flush();
    this.objectDamage = null;
    await this.refreshRevisions();
  }

  #take(objects: ObjectLayer): void {
    this.objects = objects;
    this.history.accompany(this.layer, objects);
    objects.onDirty(() => this.#touched());
  }

  #touched(): void {
    if (!this.#adopting) this.autosave.touch();
  }

  /** The stroke just made took over what somebody proposed. */
  noteAccepted(whose: Proposer): void {
    const entry = this.history.entries[this.history.position - 1];
    if (entry !== undefined) this.#accepted.set(entry.id, whose);
  }

  /**
   * Of the labels as they are: what was undone does not count, nor what a restored revision took the place of. All helpers
   * stay with them, and the last network, for a region of one leaves what another proposed elsewhere.
   */
  get #provenance(): Provenance {
    const isDone = (id: number) => this.history.isDone(id);
    const restored = [...this.#restored.keys()].findLast(isDone) ?? 0;
    const before = this.#restored.get(restored) ?? this.#openedAs;
    const accepted = [...this.#accepted]
      .filter(([id]) => id > restored && isDone(id))
      .map(([, whose]) => whose);
    if (accepted.length === 0) return before;
    const network = accepted.findLast(({ helper }) => helper === null) ?? before;
    const proposed = accepted.flatMap(({ helper }) => helper ?? []);
    return {
      author: 'corrected',
      runId: network.runId,
      helpers: helpersTogether(before.helpers, proposed),
    };
  }

  /** Of labels and scribbles: what is not on disk yet first. */
  get saveState(): SaveState {
    const { state } = this.autosave;
    const strokes = this.#scribbleSaves.state;
    return state.kind === 'saved' && strokes.kind !== 'saved' ? strokes : state;
  }

  /** Whether labels and scribbles are on disk. */
  get isSaved(): boolean {
    return this.autosave.isSaved && this.#scribbleSaves.isSaved;
  }

  /** Saves both at once; resolves when they are on disk. */
  async flush(): Promise<void> {
    await Promise.all([this.autosave.flush(), this.#scribbleSaves.flush()]);
  }

  /** Whether a revision that the engine tells of is not what these labels were saved as. */
  isForeign({
    revision,
    origin,
  }: {
    readonly revision: number;
    /** EngineEvent.origin */
    readonly origin: string | null;
  }): boolean {
    // While this window saves, what it changed is told of before the answer comes.
    const ownSave = origin === this.#api.origin && this.autosave.state.kind === 'saving';
    return revision !== this.#base && !ownSave;
  }

  /** The labels are a prediction that nobody has looked at yet. */
  get isUnreviewed(): boolean {
    return this.autosave.isSaved && this.revisions[0]?.author === 'model';
  }

  /** Somebody labelled it, or looked at what was proposed. Strokes of scribbles are no labels. */
  get isLabelled(): boolean {
    return !this.isUnreviewed && (this.#base !== null || !this.autosave.isSaved);
  }

  /** Brings an old revision back, as a change that can be undone. */
  async restore(revision: LabelMapRevision): Promise<void> {
    await this.autosave.flush();
    const { id } = await this.#api.call('labelMaps.restore', {
      project: this.#project,
      imageId: this.record.id,
      labelMapId: revision.id,
    });
    this.#base = id;
    const { layer, objects } = await fetchLabels(this.#api, this.#project, this.record.id);
    if (objects !== null) this.beginObjects();
    const edit = this.layer.edit();
    edit.replaceAll(layer);
    this.#adopting = true;
    const isChanged = this.history.commit(
      edit,
      { kind: 'record', label: 'Restored labels' },
      (own) => own.replacedBy(objects),
    );
    this.#adopting = false;
    const entry = this.history.lastDone;
    if (isChanged && entry !== undefined) this.#restored.set(entry.id, provenanceOf(revision));
    await this.refreshRevisions();
  }

  /** Empties labels that are a prediction, to take it over region by region. Nothing is saved before the first one. */
  emptyForReview(blank: number): void {
    const edit = this.layer.edit();
    edit.replaceAll(new LabelLayer(this.layer.width, this.layer.height, blank));
    this.#adopting = true;
    this.history.commit(edit, { kind: 'record', label: 'Emptied for review' });
    this.#adopting = false;
  }

  /** Marks an old revision to stay, whatever its age, or takes the mark off. */
  async keep(revision: LabelMapRevision, kept: boolean): Promise<void> {
    await this.#api.call('labelMaps.keep', {
      project: this.#project,
      labelMapId: revision.id,
      kept,
    });
    await this.refreshRevisions();
  }

  async refreshRevisions(): Promise<void> {
    this.revisions = await this.#api.call('labelMaps.history', {
      project: this.#project,
      imageId: this.record.id,
    });
    tell({ kind: 'changed', document: this });
  }

  async #saveScribbles(): Promise<void> {
    const bytes = await encoded(this.#scribbleEncoder);
    await this.#api.saveScribbles({ project: this.#project, imageId: this.record.id }, bytes);
  }

  async #save(): Promise<void> {
    const labels = await encoded(this.#encoder);
    const { objects } = this;
    // A stroke under way takes its pixels out of objects when it ends; until then what is saved would break their rules.
    const bytes =
      objects === null
        ? labels
        : joined(labels, objects.bytes(objects.after(this.layer.unfinished)));
    const { author, runId, helpers } = this.#provenance;
    const target = {
      ...(objects === null ? {} : { objectsFrom: labels.length }),
      project: this.#project,
      imageId: this.record.id,
      author,
      ...(runId === null ? {} : { runId }),
      ...(helpers.length === 0 ? {} : { helpers }),
    };
    const base = this.#base === null ? {} : { base: this.#base };
    try {
      this.#base = (await this.#api.saveLabelMap({ ...target, ...base }, bytes)).id;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
      // Both stay in the history; what is on the screen is what the user expects to find.
      this.#base = (await this.#api.saveLabelMap(target, bytes)).id;
      tell({ kind: 'overtook', document: this });
    }
  }
}

/** The code of a layer, made in slices between which the window paints. */
async function encoded(encoder: LabelEncoder): Promise<Uint8Array> {
  const start = () => performance.now() + ENCODE_SLICE_MS;
  for (let until = start(); !encoder.advance(() => performance.now() > until);) {
    await new Promise((resolve) => setTimeout(resolve));
    until = start();
  }
  return encoder.bytes();
}

/** Labels, and behind them their objects; null: nothing. */
function joined(labels: Uint8Array, objects: Uint8Array | null): Uint8Array {
  if (objects === null) return labels;
  const bytes = new Uint8Array(labels.length + objects.length);
  bytes.set(labels);
  bytes.set(objects, labels.length);
  return bytes;
}

interface Labels {
  readonly layer: LabelLayer;
  /** null: none are told apart. */
  readonly objects: ObjectLayer | null;
  readonly objectDamage: string | null;
}

/** The newest labels of an image that has some. */
async function fetchLabels(api: Api, project: string, imageId: number): Promise<Labels> {
  const of = { project, image: imageId };
  const { bytes, revision, objects } = await api.fetchPixels(pixelsUrl('label-map', of));
  const layer = LabelLayer.decode(bytes);
  if (objects !== 'stored' || revision === null)
    return { layer, objects: null, objectDamage: null };
  try {
    const stored = await api.fetchPixels(pixelsUrl('objects', { ...of, revision }));
    return { layer, objects: ObjectLayer.decode(stored.bytes), objectDamage: null };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'corrupt') throw error;
    return { layer, objects: null, objectDamage: error.message };
  }
}

/** None, where they went meanwhile. */
async function fetchScribbles(api: Api, project: string, record: ImageRecord): Promise<LabelLayer> {
  try {
    const { bytes } = await api.fetchPixels(pixelsUrl('scribbles', { project, image: record.id }));
    return LabelLayer.decode(bytes);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not-found') throw error;
    return new LabelLayer(record.widthPx, record.heightPx, NO_SCRIBBLE);
  }
}

/** Documents that are kept for coming back, beside those whose changes are not on disk yet. */
const MAX_IDLE_BYTES = 512 * 2 ** 20;
const MAX_IDLE = 12;

interface Opened {
  readonly promise: Promise<AnnotateDocument>;
  /** Once it is loaded. */
  document: AnnotateDocument | null;
}

interface DocumentOptions {
  readonly project: string;
  readonly record: ImageRecord;
  /** What pixels hold that nobody labelled (shared/foreground.ts). */
  readonly blank: number;
  /** Whether it was scribbled on before. */
  readonly isScribbled: boolean;
}

/** Last used last. */
const cache = new Map<string, Opened>();
const keyOf = (project: string, imageId: number) => `${imageId}@${project}`;

/** Opens an image, or gives the document that is open already. Errors: those of the engine. */
export function openDocument(api: Api, options: DocumentOptions): Promise<AnnotateDocument> {
  const key = keyOf(options.project, options.record.id);
  const opened = cache.get(key) ?? { promise: load(api, options), document: null };
  cache.delete(key);
  cache.set(key, opened);
  if (opened.document === null) {
    opened.promise.then(
      (document) => {
        opened.document = document;
        evict();
      },
      () => cache.delete(key),
    );
  }
  return opened.promise;
}

/** The document of an image, where it is open and loaded. */
export function findDocument(project: string, imageId: number): AnnotateDocument | null {
  return cache.get(keyOf(project, imageId))?.document ?? null;
}

/** Forgets a document, so that it is loaded anew; one with unsaved changes is kept. */
export function dropDocument(project: string, imageId: number): void {
  if (findDocument(project, imageId)?.isSaved === true) cache.delete(keyOf(project, imageId));
}

/** Documents whose changes are not on disk yet. */
export function unsavedDocuments(): AnnotateDocument[] {
  return [...cache.values()].flatMap(({ document }) =>
    document === null || document.isSaved ? [] : [document],
  );
}

async function load(
  api: Api,
  { project, record, blank, isScribbled }: DocumentOptions,
): Promise<AnnotateDocument> {
  const isLabelled = record.labelMapId !== null;
  const [image, labels, scribbles, revisions] = await Promise.all([
    api.fetchPixels(pixelsUrl('image', { project, image: record.id })),
    isLabelled
      ? fetchLabels(api, project, record.id)
      : {
          layer: new LabelLayer(record.widthPx, record.heightPx, blank),
          ...{ objects: null, objectDamage: null },
        },
    isScribbled
      ? fetchScribbles(api, project, record)
      : new LabelLayer(record.widthPx, record.heightPx, NO_SCRIBBLE),
    isLabelled ? api.call('labelMaps.history', { project, imageId: record.id }) : [],
  ]);
  const pixels = decodeImagePixels(image.bytes);
  return new AnnotateDocument({
    api,
    project,
    record,
    pixels,
    ...labels,
    scribbles,
    revisions,
  });
}

function evict(): void {
  let bytes = 0;
  let count = 0;
  for (const [key, { document }] of [...cache].reverse()) {
    if (document === null) continue;
    bytes += document.pixels.data.byteLength + document.layer.ownBytes;
    count++;
    const tooMany = count > MAX_IDLE || bytes > MAX_IDLE_BYTES;
    // The newest two stay whatever they cost: the one in view and the one fetched ahead.
    const needed = count <= 2 || !document.isSaved;
    if (tooMany && !needed) cache.delete(key);
  }
}
