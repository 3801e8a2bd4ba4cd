/**
 * The images of one dataset as the library shows them: filtered, sorted, selected. Outlives the view, so that whoever
 * comes back from Annotate finds the grid as he left it.
 */
import type { ImageLabels } from '../../shared/api.ts';
import type { ImageRecord, Part } from '../../shared/entities.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';
import { type Filters, filterImages, NO_FILTERS } from './image-filters.ts';

export class DatasetImages {
  readonly datasetId: number;
  /** In the order of their import; null while they are being loaded. */
  images = $state.raw<readonly ImageRecord[] | null>(null);
  /** Why they could not be loaded. */
  trouble = $state.raw<string | null>(null);
  filters = $state.raw<Filters>(NO_FILTERS);
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
  #api: Api;
  #project: string;

  readonly shown = $derived(
    filterImages(this.images ?? [], this.filters, {
      parts: this.parts,
      dice: this.dice,
      labels: this.#labels ?? new Map<number, ImageLabels>(),
    }),
  );

  constructor(api: Api, project: string, datasetId: number) {
    this.#api = api;
    this.#project = project;
    this.datasetId = datasetId;
  }

  /** Also after a change: selection and filters stay. */
  async load(): Promise<void> {
    this.trouble = null;
    try {
      const { images } = await this.#api.call('images.list', {
        project: this.#project,
        datasetId: this.datasetId,
        limit: 100_000,
      });
      this.images = images;
      if (this.#labels !== null) await this.#loadLabels();
    } catch (error) {
      // Where a list is shown, it stays, and the news is told beside it.
      if (this.images !== null) throw error;
      this.trouble = messageOf(error);
    }
  }

  labelsOf(imageId: number): ImageLabels | null {
    return this.#labels?.get(imageId) ?? null;
  }

  async #loadLabels(): Promise<void> {
    const labels = await this.#api.call('images.labels', {
      project: this.#project,
      datasetId: this.datasetId,
    });
    this.#labels = new Map(labels.map((one) => [one.imageId, one]));
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
      results.filter((r) => r.checkpoint === 'best').map((r) => [r.imageId, r.dice]),
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

  /** Where the user comes back to: the image that he annotated last. A selection of several stays. */
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
