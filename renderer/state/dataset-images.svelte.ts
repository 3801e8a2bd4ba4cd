/**
 * The images of one dataset and its splits as the library shows them: filtered, sorted, selected. Outlives the view, so
 * that whoever comes back from Annotate finds the grid as it was; follows the engine's events.
 */
import type { ImageLabels } from '../../shared/api.ts';
import type { ImageRecord, Part, Split } from '../../shared/entities.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Changes } from '../../shared/events.ts';
import type { Api } from '../api.ts';
import { allImages } from './all-images.ts';
import { Refresh } from './refresh.ts';
import { type Filters, filterImages, NO_FILTERS } from './image-filters.ts';

export class DatasetImages {
  readonly datasetId: number;
  /** In the order of their import; null while they are being loaded. */
  images = $state.raw<readonly ImageRecord[] | null>(null);
  /** Why they could not be loaded. */
  trouble = $state.raw<string | null>(null);
  filters = $state.raw<Filters>(NO_FILTERS);
  /** null while they are being loaded. */
  splits = $state.raw<readonly Split[] | null>(null);
  /** Split whose parts are shown and filtered by. */
  splitId = $state.raw<number | null>(null);
  parts = $state.raw<ReadonlyMap<number, Part>>(new Map());
  /** Run whose scores are shown and sorted by. */
  runId = $state.raw<number | null>(null);
  dice = $state.raw<ReadonlyMap<number, number>>(new Map());
  selected = $state.raw<ReadonlySet<number>>(new Set());
  /** The image that the keyboard is at. */
  current = $state.raw<number | null>(null);
  /** How far the grid is scrolled, in CSS pixels. */
  scrollPx = 0;
  #labels = $state.raw<ReadonlyMap<number, ImageLabels> | null>(null);
  #api: Pick<Api, 'call'>;
  #project: string;
  /** Images whose records, and whose labels, are to be asked for again. */
  #due = { records: new Set<number>(), labels: new Set<number>(), splits: false };
  #refresh: Refresh;

  readonly shown = $derived(
    filterImages(this.images ?? [], this.filters, {
      parts: this.parts,
      dice: this.dice,
      labels: this.#labels ?? new Map<number, ImageLabels>(),
    }),
  );

  constructor(
    api: Pick<Api, 'call'>,
    options: {
      readonly project: string;
      readonly datasetId: number;
      /** Told what goes wrong while events are followed. */
      readonly fail: (error: unknown) => void;
    },
  ) {
    this.#api = api;
    this.#project = options.project;
    this.datasetId = options.datasetId;
    this.#refresh = new Refresh(() => this.#loadDue(), options.fail);
  }

  /** For whoever shows them: loads what is not there yet. */
  async open(): Promise<void> {
    if (this.images === null || this.splits === null) await this.load();
  }

  /** All anew; selection and filters stay. */
  async load(): Promise<void> {
    this.trouble = null;
    try {
      const { datasetId } = this;
      const project = this.#project;
      [this.images, this.splits] = await Promise.all([
        allImages(this.#api, { project, datasetId }),
        this.#api.call('splits.list', { project, datasetId }),
      ]);
      await this.#showSomeSplit();
      if (this.#labels !== null) await this.#loadLabels();
    } catch (error) {
      // Where a list is shown, it stays, and the news is told beside it.
      if (this.images !== null) throw error;
      this.trouble = messageOf(error);
    }
  }

  /** What an event tells of them. New labels are followed at once; who drew them is only asked for where it is filtered by. */
  follow({
    added = [],
    updated = [],
    removed = [],
    labelled = [],
  }: NonNullable<Changes['images']>): void {
    if (this.images === null) return;
    if (removed.length > 0) this.#drop(new Set(removed));
    const revisions = new Map(labelled.map((one) => [one.imageId, one.labelMapId]));
    if (revisions.size > 0) {
      this.images = this.images.map((image) => {
        const labelMapId = revisions.get(image.id);
        return labelMapId === undefined ? image : { ...image, labelMapId };
      });
    }
    for (const id of [...added, ...updated]) this.#due.records.add(id);
    if (this.#labels !== null) for (const id of revisions.keys()) this.#due.labels.add(id);
    if (this.#due.records.size > 0 || this.#due.labels.size > 0) this.#refresh.soon();
  }

  #drop(gone: ReadonlySet<number>): void {
    this.images = this.images?.filter(({ id }) => !gone.has(id)) ?? null;
    this.selected = new Set([...this.selected].filter((id) => !gone.has(id)));
    if (this.current !== null && gone.has(this.current)) this.current = null;
    for (const id of gone) this.#due.records.delete(id);
  }

  /** There are few splits; the parts of the one that is shown are asked for with them. */
  followSplits(): void {
    if (this.splits === null) return;
    this.#due.splits = true;
    this.#refresh.soon();
  }

  /** Resolves when these hold everything that the engine has told of. */
  caughtUp(): Promise<void> {
    return this.#refresh.settled();
  }

  close(): void {
    this.#refresh.stop();
  }

  async #loadDue(): Promise<void> {
    const { records, labels, splits } = this.#due;
    this.#due = { records: new Set(), labels: new Set(), splits: false };
    await Promise.all([
      records.size > 0 && this.#loadRecords([...records]),
      labels.size > 0 && this.#loadLabels([...labels]),
      splits && this.#loadSplits(),
    ]);
  }

  async #loadRecords(imageIds: readonly number[]): Promise<void> {
    const query = { project: this.#project, imageIds: [...imageIds] };
    const found = await this.#api.call('images.get', query);
    const byId = new Map(found.map((image) => [image.id, image]));
    if (this.images === null) return;
    const own = new Set(this.images.map(({ id }) => id));
    this.images = [
      ...this.images.map((image) => byId.get(image.id) ?? image),
      ...found.filter(({ id, deletedAt }) => deletedAt === null && !own.has(id)),
    ].sort((a, b) => a.id - b.id);
  }

  async #loadSplits(): Promise<void> {
    const query = { project: this.#project, datasetId: this.datasetId };
    this.splits = await this.#api.call('splits.list', query);
    await this.#showSomeSplit();
  }

  /** The one that was shown, as it is now, or the first; none where there is none. */
  async #showSomeSplit(): Promise<void> {
    const shown = this.splits?.find(({ id }) => id === this.splitId) ?? this.splits?.[0] ?? null;
    await this.showSplit(shown?.id ?? null);
  }

  labelsOf(imageId: number): ImageLabels | null {
    return this.#labels?.get(imageId) ?? null;
  }

  /** Of all images, or anew of some. */
  async #loadLabels(imageIds?: number[]): Promise<void> {
    const labels = await this.#api.call('images.labels', {
      project: this.#project,
      datasetId: this.datasetId,
      imageIds,
    });
    const others = imageIds === undefined ? [] : (this.#labels ?? []);
    this.#labels = new Map([...others, ...labels.map((one) => [one.imageId, one] as const)]);
  }

  /** Authors and classes are only read when somebody asks for them. */
  async setFilters(patch: Partial<Filters>): Promise<void> {
    const next = { ...this.filters, ...patch };
    const needsLabels =
      next.author !== 'all' || next.classIndex !== 'all' || next.sort === 'uncertain';
    if (needsLabels && this.#labels === null) await this.#loadLabels();
    this.filters = next;
  }

  async showSplit(splitId: number | null): Promise<void> {
    const items =
      splitId === null
        ? []
        : await this.#api.call('splits.items', { project: this.#project, splitId });
    this.parts = new Map(items.map(({ imageId, part }) => [imageId, part]));
    this.splitId = splitId;
    if (splitId === null) this.filters = { ...this.filters, part: 'all' };
  }

  async showRun(runId: number | null): Promise<void> {
    const results =
      runId === null
        ? []
        : (await this.#api.call('runs.get', { project: this.#project, runId })).results;
    this.dice = new Map(
      results.flatMap((r) =>
        r.checkpoint === 'best' && r.dice !== null ? [[r.imageId, r.dice] as const] : [],
      ),
    );
    this.runId = runId;
    this.filters =
      runId === null
        ? { ...this.filters, sort: 'import', diceBelow: null }
        : { ...this.filters, sort: 'worst' };
  }

  /** One alone, one more or less, or everything from `anchor` to here. */
  select(imageId: number, how: 'only' | 'toggle' | 'range', anchor: number | null): void {
    if (how === 'only') {
      this.selected = new Set([imageId]);
    } else if (how === 'toggle') {
      const next = new Set(this.selected);
      if (!next.delete(imageId)) next.add(imageId);
      this.selected = next;
    } else {
      const ids = this.shown.map((image) => image.id);
      const from = Math.max(0, ids.indexOf(anchor ?? imageId));
      const to = ids.indexOf(imageId);
      this.selected = new Set(ids.slice(Math.min(from, to), Math.max(from, to) + 1));
    }
  }

  /** Where the user comes back to: the image that was annotated last. A selection of several stays. */
  comeBackTo(imageId: number): void {
    this.current = imageId;
    if (this.selected.size <= 1) this.selected = new Set([imageId]);
  }

  selectAll(): void {
    this.selected = new Set(this.shown.map((image) => image.id));
  }

  clearSelection(): void {
    this.selected = new Set();
  }
}
