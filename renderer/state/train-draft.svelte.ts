/** A training that is being asked for: whose labels, how long, from what, under which name, with which settings. */
import { MODEL_MINUTES, type ModelSettings, type OfferedStart } from '../../shared/api.ts';
import type { Dataset } from '../../shared/entities.ts';
import { sameName } from '../../shared/names.ts';
import { nothingLabelled } from '../../shared/task-sources.ts';
import type { Api } from '../api.ts';
import type { ProjectState } from './project.svelte.ts';

/** What the dialog opens with; left out: what is usual. */
export interface TrainRequest {
  readonly datasetId?: number | undefined;
  /** Model that is to be trained on. */
  readonly modelId?: number | undefined;
}

/** Unlike for all that a training may start from. */
export function startKey(from: OfferedStart['from']): string {
  if (from === 'random') return from;
  if ('modelId' in from) return `model ${from.modelId}`;
  return `encoder ${from.encoderId}${from.withDecoder === true ? ' with decoder' : ''}`;
}

type Lists = Pick<ProjectState, 'path' | 'datasets' | 'models' | 'dataset' | 'model'>;

export class TrainDraft {
  minutes = $state<number | null>(MODEL_MINUTES);
  /** '': after the dataset. */
  name = $state('');
  /** What was chosen by hand; what is left out is worked out from the data. */
  settings = $state.raw<ModelSettings>({});
  /** What it may start from; null while that is asked for. */
  starts = $state.raw<readonly OfferedStart[] | null>(null);
  #datasetId = $state.raw<number | null>(null);
  /** Key of the start that somebody chose; null: the recommended one. */
  #chosen = $state.raw<string | null>(null);
  readonly #api: Pick<Api, 'call'>;
  readonly #project: Lists;

  constructor(api: Pick<Api, 'call'>, project: Lists, { datasetId, modelId }: TrainRequest = {}) {
    this.#api = api;
    this.#project = project;
    this.#datasetId = datasetId ?? project.model(modelId ?? null)?.datasetId ?? null;
    if (modelId !== undefined) this.#chosen = startKey({ modelId });
  }

  /** The chosen one, else the first with labels. */
  get dataset(): Dataset | null {
    const { datasets } = this.#project;
    return (
      this.#project.dataset(this.#datasetId) ??
      datasets?.find(({ labelledCount }) => labelledCount > 0) ??
      datasets?.[0] ??
      null
    );
  }

  setDataset(id: number): void {
    if (id === this.dataset?.id) return;
    this.#datasetId = id;
    this.#chosen = null;
    this.settings = {};
    this.starts = null;
  }

  /** Asks what the training may start from. */
  async load(): Promise<void> {
    const { dataset } = this;
    if (dataset === null) return;
    const query = { project: this.#project.path, datasetId: dataset.id };
    const starts = await this.#api.call('models.starts', query);
    if (dataset.id === this.dataset?.id) this.starts = starts;
  }

  /** The chosen one, else the recommended one; null while they are not known. */
  get start(): OfferedStart | null {
    const { starts } = this;
    if (starts === null) return null;
    return (
      starts.find(({ from }) => startKey(from) === this.#chosen) ??
      starts.find(({ isRecommended }) => isRecommended) ??
      starts[0] ??
      null
    );
  }

  /** Settings that weights fix are asked for no more. */
  setStart(key: string): void {
    this.#chosen = key;
    if (key !== 'random') this.settings = withoutNetwork(this.settings);
  }

  change(part: ModelSettings): void {
    this.settings = { ...this.settings, ...part };
  }

  /** As the engine names it where nobody does. */
  get usualName(): string {
    const taken = new Set((this.#project.models ?? []).map(({ name }) => sameName(name)));
    for (let n = 1; ; n++) {
      const name = `${this.dataset?.name ?? 'model'} ${n}`;
      if (!taken.has(sameName(name))) return name;
    }
  }

  /** Why it cannot begin, with the remedy; null where it can. What only the engine knows, its plan says. */
  get obstacle(): string | null {
    const { dataset, minutes } = this;
    if (dataset === null) return 'There are no images yet. Import some in the library.';
    if (dataset.labelledCount === 0) return nothingLabelled(dataset);
    if (minutes === null || minutes <= 0) return 'Say how many minutes it may take.';
    const name = sameName(this.name.trim());
    if ((this.#project.models ?? []).some((model) => sameName(model.name) === name)) {
      return `There is a model named “${this.name.trim()}” already. Choose another name.`;
    }
    return this.start?.obstacle ?? null;
  }

  /** What a plan is asked for; null where it cannot begin, or what it starts from is not known. */
  get planned() {
    const { dataset, minutes, start, settings, obstacle } = this;
    if (dataset === null || minutes === null || start === null || obstacle !== null) return null;
    return {
      project: this.#project.path,
      datasetId: dataset.id,
      minutes,
      from: start.from,
      settings,
    };
  }

  /** What a training is asked for; null where it cannot begin. */
  get asked() {
    const { planned } = this;
    const name = this.name.trim();
    return planned && { ...planned, name: name === '' ? null : name };
  }
}

function withoutNetwork({
  encoder: _encoder,
  depth: _depth,
  base: _base,
  bottleneck: _bottleneck,
  norm: _norm,
  skips: _skips,
  ...others
}: ModelSettings): ModelSettings {
  return others;
}
