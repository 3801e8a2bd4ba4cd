/** Whether the labels of a dataset are enough yet, as the tab Progress shows it: asked for again when something of it has changed. */
import { messageOf } from '../../shared/errors.ts';
import type { LabellingProgress } from '../../shared/labelling-progress.ts';
import type { Api } from '../api.ts';
import { Refresh } from './refresh.ts';

export class DatasetProgress {
  /** null while it is being loaded for the first time. */
  value = $state.raw<LabellingProgress | null>(null);
  /** Why it is not known. */
  trouble = $state.raw<string | null>(null);
  readonly #api: Api;
  readonly #of: { readonly project: string; readonly datasetId: number };
  readonly #refresh: Refresh;

  constructor(api: Api, of: { readonly project: string; readonly datasetId: number }) {
    this.#api = api;
    this.#of = of;
    this.#refresh = new Refresh(
      () => this.#load(),
      (error) => (this.trouble = messageOf(error)),
    );
  }

  async #load(): Promise<void> {
    const { project, datasetId } = this.#of;
    this.value = await this.#api.call('labelling.progress', { project, datasetId });
    this.trouble = null;
  }

  /** Loads it, and follows the engine's events. Returns how to stop. */
  listen(): () => void {
    const { project, datasetId } = this.#of;
    const stop = this.#api.subscribe((event) => {
      if (event.type !== 'changed' || (event.project !== null && event.project !== project)) return;
      const { images, labelling, runs, models, datasets, settings } = event.changes;
      const isOfThis =
        images?.datasetId === datasetId ||
        labelling?.datasetId === datasetId ||
        datasets?.updated?.includes(datasetId) === true;
      const isAll = [runs, models, settings].some((one) => one !== undefined);
      if (isOfThis || isAll) this.#refresh.soon();
    });
    this.#refresh.soon();
    return () => {
      stop();
      this.#refresh.stop();
    };
  }

  again(): void {
    this.trouble = null;
    this.#refresh.soon();
  }

  /** Errors: those of the engine. */
  async eraseTime(): Promise<void> {
    const { project, datasetId } = this.#of;
    await this.#api.call('labelling.eraseTime', { project, datasetId });
  }
}
