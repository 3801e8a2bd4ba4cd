/** A training that is being asked for: whose labels, how long, from what, under which name. */
import { MODEL_MINUTES, type ModelStart } from '../../shared/api.ts';
import type { Dataset, Encoder, Model } from '../../shared/entities.ts';
import { sameName } from '../../shared/names.ts';
import type { ProjectState } from './project.svelte.ts';

/** What a training may start from. */
export interface OfferedStart {
  /** For a list of choices: unlike for every other. */
  readonly key: string;
  readonly from: ModelStart;
  readonly label: string;
  readonly group: 'From nothing' | 'Go on from a model' | 'An encoder of the project';
}

/** What the dialog opens with; left out: what is usual. */
export interface TrainRequest {
  readonly datasetId?: number | undefined;
  /** Model that is to be trained on. */
  readonly modelId?: number | undefined;
}

const RANDOM: OfferedStart = {
  key: 'random',
  from: 'random',
  label: 'Random weights',
  group: 'From nothing',
};

const modelStart = ({ id, name }: Model): OfferedStart => ({
  key: `model ${id}`,
  from: { modelId: id },
  label: name,
  group: 'Go on from a model',
});

const encoderStart = ({ id, name }: Encoder): OfferedStart => ({
  key: `encoder ${id}`,
  from: { encoderId: id },
  label: name,
  group: 'An encoder of the project',
});

type Lists = Pick<ProjectState, 'datasets' | 'models' | 'encoders' | 'dataset' | 'run'>;

export class TrainDraft {
  minutes = $state<number | null>(MODEL_MINUTES);
  /** '': after the dataset. */
  name = $state('');
  #datasetId = $state.raw<number | null>(null);
  /** Key of the start that somebody chose; null: the recommended one. */
  #chosen = $state.raw<string | null>(null);
  readonly #project: Lists;

  constructor(project: Lists, { datasetId, modelId }: TrainRequest = {}) {
    this.#project = project;
    const model = project.models?.find(({ id }) => id === modelId);
    this.#datasetId = datasetId ?? model?.datasetId ?? null;
    if (model !== undefined) this.#chosen = modelStart(model).key;
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
    this.#datasetId = id;
    this.#chosen = null;
  }

  /** Random first, then finished models of this dataset, the latest first, then encoders. */
  readonly starts: readonly OfferedStart[] = $derived.by(() => {
    const { models, encoders } = this.#project;
    const own = (models ?? []).filter(
      ({ datasetId, runId }) =>
        datasetId === this.dataset?.id && this.#project.run(runId)?.status === 'done',
    );
    return [
      RANDOM,
      ...own.toReversed().map(modelStart),
      ...(encoders ?? []).toReversed().map(encoderStart),
    ];
  });

  get start(): OfferedStart {
    return this.starts.find(({ key }) => key === this.#chosen) ?? RANDOM;
  }

  setStart(key: string): void {
    this.#chosen = key;
  }

  /** As the engine names it where nobody does. */
  get usualName(): string {
    const taken = new Set((this.#project.models ?? []).map(({ name }) => sameName(name)));
    for (let n = 1; ; n++) {
      const name = `${this.dataset?.name ?? 'model'} ${n}`;
      if (!taken.has(sameName(name))) return name;
    }
  }

  /** Why it cannot begin, with the remedy; null where it can. */
  get obstacle(): string | null {
    const { dataset, minutes } = this;
    if (dataset === null) return 'There are no images yet. Import some in the library.';
    if (dataset.labelledCount === 0) {
      return `No image of “${dataset.name}” is labelled yet. Label one or more in Annotate, or import masks.`;
    }
    if (minutes === null || minutes <= 0) return 'Say how many minutes it may take.';
    const name = sameName(this.name);
    if ((this.#project.models ?? []).some((model) => sameName(model.name) === name)) {
      return `There is a model named “${this.name.trim()}” already. Choose another name.`;
    }
    return null;
  }
}
