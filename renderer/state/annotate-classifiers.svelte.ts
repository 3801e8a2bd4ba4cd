/** Pixel classifiers that were kept of scribbles: which there are, keeping another one, and having one classify a dataset. */
import type { KeptClassifier, PredictReport, Progress } from '../../shared/api.ts';
import type { PixelClassifier } from '../../shared/entities.ts';
import type { Changes } from '../../shared/events.ts';
import type { Api } from '../api.ts';

export class AnnotateClassifiers {
  /** Of the dataset, newest first. */
  kept = $state.raw<readonly PixelClassifier[]>([]);
  /** Images of the dataset that have scribbles on disk. */
  scribbled: ReadonlySet<number> = new Set();
  /** Of what is under way; null: nothing is. */
  progress = $state.raw<Progress | null>(null);
  readonly #api: Api;
  readonly #project: string;
  #datasetId = 0;
  #working = new AbortController();

  constructor(api: Api, project: string) {
    this.#api = api;
    this.#project = project;
  }

  async load(datasetId: number): Promise<void> {
    this.#datasetId = datasetId;
    const query = { project: this.#project, datasetId };
    const [scribbled] = await Promise.all([
      this.#api.call('scribbles.images', query),
      this.loadKept(),
    ]);
    this.scribbled = new Set(scribbled);
  }

  /** Of this window and of others: an image that is opened next is shown with what was drawn there. */
  follow({ classifiers, scribbles }: Pick<Changes, 'classifiers' | 'scribbles'>): Promise<void> {
    if (scribbles?.datasetId === this.#datasetId) {
      const { imageId, isBlank } = scribbles;
      const others = [...this.scribbled].filter((id) => id !== imageId);
      this.scribbled = new Set(isBlank ? others : [...others, imageId]);
    }
    return classifiers === undefined ? Promise.resolve() : this.loadKept();
  }

  async loadKept(): Promise<void> {
    const all = await this.#api.call('classifiers.list', { project: this.#project });
    this.kept = all.filter(({ datasetId }) => datasetId === this.#datasetId);
  }

  /**
   * Learns from all scribbles of the dataset that are on disk, and from labels where these are wanted. Errors: those of
   * classifiers.keep.
   */
  keep(name: string, { labels }: { readonly labels: boolean }): Promise<KeptClassifier> {
    const query = { project: this.#project, datasetId: this.#datasetId, name, labels };
    return this.#follow((options) => this.#api.call('classifiers.keep', query, options));
  }

  /** Images that nobody labelled become proposals. Errors: those of classifiers.dataset; cancelled. */
  classifyDataset(classifierId: number): Promise<PredictReport> {
    const query = { project: this.#project, datasetId: this.#datasetId, classifierId };
    return this.#follow((options) => this.#api.call('classifiers.dataset', query, options));
  }

  async rename(classifierId: number, name: string): Promise<void> {
    await this.#api.call('classifiers.rename', { project: this.#project, classifierId, name });
  }

  async remove(classifierId: number): Promise<void> {
    await this.#api.call('classifiers.remove', { project: this.#project, classifierId });
  }

  cancel(): void {
    this.#working.abort();
  }

  async #follow<T>(
    call: (options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: Progress) => void;
    }) => Promise<T>,
  ): Promise<T> {
    this.#working = new AbortController();
    this.progress = { done: 0, total: 1, message: 'Starting' };
    try {
      return await call({
        signal: this.#working.signal,
        onProgress: (progress) => (this.progress = progress),
      });
    } finally {
      this.progress = null;
    }
  }
}
