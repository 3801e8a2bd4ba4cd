/**
 * The images of one dataset as the library shows them: filtered, sorted, selected. Outlives the view, so that whoever
 * comes back from Annotate finds the grid as he left it.
 */
import type { ImageLabels } from '../../shared/api.ts';
import type { Author, ImageRecord, Part } from '../../shared/entities.ts';
import type { Api } from '../api.ts';

export interface Filters {
  readonly text: string;
  readonly labelled: 'all' | 'labelled' | 'unlabelled';
  readonly part: Part | 'none' | 'all';
  readonly author: Author | 'all';
  /** Label value that must occur. */
  readonly classIndex: number | 'all';
  /** worst, best: by the Dice of the chosen run; uncertain: predicted labels, least sure first. */
  readonly sort: 'import' | 'name' | 'worst' | 'best' | 'uncertain';
}

export const NO_FILTERS: Filters = {
  text: '',
  labelled: 'all',
  part: 'all',
  author: 'all',
  classIndex: 'all',
  sort: 'import',
};

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export class DatasetImages {
  readonly datasetId: number;
  /** In the order of their import; null while they are being loaded. */
  images = $state.raw<readonly ImageRecord[] | null>(null);
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

  readonly shown = $derived.by(() => this.#filter());

  constructor(api: Api, project: string, datasetId: number) {
    this.#api = api;
    this.#project = project;
    this.datasetId = datasetId;
  }

  /** Also after a change: selection and filters stay. */
  async load(): Promise<void> {
    const { images } = await this.#api.call('images.list', {
      project: this.#project,
      datasetId: this.datasetId,
      limit: 100_000,
    });
    this.images = images;
    if (this.#labels !== null) await this.#loadLabels();
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
    this.filters = { ...this.filters, sort: runId === null ? 'import' : 'worst' };
  }

  #uncertainty(imageId: number): number | null {
    return this.labelsOf(imageId)?.uncertainty ?? null;
  }

  #filter(): readonly ImageRecord[] {
    const { text, labelled, part, author, classIndex, sort } = this.filters;
    const words = text.toLowerCase().trim();
    const found = (this.images ?? []).filter((image) => {
      if (words !== '' && !image.name.toLowerCase().includes(words)) return false;
      if (labelled !== 'all' && (image.labelMapId !== null) !== (labelled === 'labelled')) {
        return false;
      }
      if (part !== 'all' && (this.parts.get(image.id) ?? 'none') !== part) return false;
      if (author !== 'all' && this.#labels?.get(image.id)?.author !== author) return false;
      if (
        classIndex !== 'all' &&
        this.#labels?.get(image.id)?.classes.includes(classIndex) !== true
      ) {
        return false;
      }
      if (sort === 'uncertain') return this.#uncertainty(image.id) !== null;
      return sort === 'import' || sort === 'name' || this.dice.has(image.id);
    });
    if (sort === 'uncertain') {
      return found.sort((a, b) => (this.#uncertainty(b.id) ?? 0) - (this.#uncertainty(a.id) ?? 0));
    }
    if (sort === 'name') return found.sort((a, b) => byName.compare(a.name, b.name));
    if (sort === 'worst' || sort === 'best') {
      const sign = sort === 'worst' ? 1 : -1;
      return found.sort((a, b) => sign * ((this.dice.get(a.id) ?? 0) - (this.dice.get(b.id) ?? 0)));
    }
    return found;
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
