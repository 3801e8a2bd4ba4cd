/** The open project as the views see it: lists that follow the engine's events. Pixels are not here. */
import { SvelteMap } from 'svelte/reactivity';
import type { ListedModel, ProjectInfo } from '../../shared/api.ts';
import type {
  Dataset,
  Encoder,
  LiveState,
  MetricPoint,
  PendingTraining,
  Run,
  Study,
  StudyConfig,
} from '../../shared/entities.ts';
import type { WireError } from '../../shared/errors.ts';
import type { Changes, EngineEvent, RunProgress } from '../../shared/events.ts';
import { studyProgress, type StudyProgress } from '../../shared/study-progress.ts';
import type { Api } from '../api.ts';
import { DatasetImages } from './dataset-images.svelte.ts';
import { Measurements } from './measurements.svelte.ts';
import { Refresh } from './refresh.ts';

/** An event about a project. */
type ProjectEvent = Extract<EngineEvent, { readonly project: string | null }>;

/** Lists that are asked for as a whole; of runs, which may be many, those that have changed. */
interface Due {
  readonly lists: Set<'datasets' | 'studies' | 'encoders' | 'models'>;
  readonly runs: Set<number>;
}

export class ProjectState {
  readonly path: string;
  readonly name: string;
  /** What it is and where it comes from, for people. */
  readonly about: string | null;
  /** null while they are being loaded for the first time. */
  datasets = $state.raw<readonly Dataset[] | null>(null);
  studies = $state.raw<readonly Study[] | null>(null);
  runs = $state.raw<readonly Run[] | null>(null);
  encoders = $state.raw<readonly Encoder[] | null>(null);
  /** Newest first. How far one is, its run says. */
  models = $state.raw<readonly ListedModel[] | null>(null);
  /** Why nothing that is queued is trained for now. */
  held = $state.raw<WireError | null>(null);
  /** Metric points that came in since the window opened the project, by run id. */
  live = $state.raw<ReadonlyMap<number, readonly MetricPoint[]>>(new Map());
  /** Of the training that goes on while one labels; null: not asked for yet. */
  labelling = $state.raw<LiveState | null>(null);
  /** Trainings that were asked for and are being prepared, whichever window asked. */
  pendingTrainings = $state.raw<readonly PendingTraining[]>([]);
  /** Grows with every change of a dataset itself, such as its classes: `[dataset id]`. */
  versions = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** By study id. */
  readonly progress: ReadonlyMap<number, StudyProgress> = $derived.by(() => {
    const runs = Map.groupBy(this.runs ?? [], (run) => run.studyId);
    return new Map(
      (this.studies ?? []).map((study) => [
        study.id,
        studyProgress(study, { runs: runs.get(study.id) ?? [], held: this.held }),
      ]),
    );
  });
  /** Design that the next new study begins with. */
  repeated: StudyConfig | null = null;
  /** Folders in which studies are computed elsewhere and that this window follows, by study. */
  readonly followedFolders = new SvelteMap<number, string>();
  #api: Api;
  #fail: (error: unknown) => void;
  /** Lists of the library, by dataset id. */
  #images = new Map<number, DatasetImages>();
  /** By dataset id. */
  #measurements = new Map<number, Measurements>();
  #due: Due = { lists: new Set(), runs: new Set() };
  #refresh: Refresh;

  constructor(
    api: Api,
    info: Pick<ProjectInfo, 'path' | 'name' | 'about' | 'held'>,
    fail: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#fail = fail;
    this.#refresh = new Refresh(() => this.#loadDue(), fail);
    this.path = info.path;
    this.name = info.name;
    this.about = info.about;
    this.held = info.held;
  }

  dataset(id: number | null): Dataset | null {
    return this.datasets?.find((dataset) => dataset.id === id) ?? null;
  }

  /** The same list each time, so that filters, selection and place are kept; null: there is no such dataset. */
  imagesOf(datasetId: number): DatasetImages | null {
    return this.#images.get(datasetId) ?? null;
  }

  /** The same each time, so that nothing is measured twice. */
  measurementsOf(datasetId: number): Measurements {
    const known = this.#measurements.get(datasetId);
    if (known !== undefined) return known;
    const make = () => new Measurements(this.#api, { project: this.path, datasetId });
    // They outlive the view that asks first: what it derives would stand still once that is left.
    $effect.root(() => void this.#measurements.set(datasetId, make()));
    return this.measurementsOf(datasetId);
  }

  study(id: number | null): Study | null {
    return this.studies?.find((study) => study.id === id) ?? null;
  }

  model(id: number | null): ListedModel | null {
    return this.models?.find((model) => model.id === id) ?? null;
  }

  run(id: number): Run | null {
    return this.runs?.find((run) => run.id === id) ?? null;
  }

  runsOf(studyId: number): readonly Run[] {
    return (this.runs ?? []).filter((run) => run.studyId === studyId);
  }

  get runningStudy(): StudyProgress | null {
    for (const progress of this.progress.values()) {
      if (progress.study.status === 'running') return progress;
    }
    return null;
  }

  /** The model that is being trained; null: none is. */
  get runningModel(): { readonly model: ListedModel; readonly run: Run } | null {
    for (const model of this.models ?? []) {
      const run = this.run(model.runId);
      if (run?.status === 'running') return { model, run };
    }
    return null;
  }

  /** Asks for everything anew: at the start, and after the connection was lost, when events were missed. */
  async load(): Promise<void> {
    const shown = [...this.#images.values()].filter(({ images }) => images !== null);
    await Promise.all([
      this.#loadDatasets(),
      this.#loadStudies(),
      this.#loadEncoders(),
      this.#loadModels(),
      this.#loadRuns(),
      this.#loadLabelling(),
      this.#loadPendingTrainings(),
      ...shown.map((images) => images.load()),
    ]);
  }

  /** Resolves when the lists hold everything that the engine has told of. What a call changed it tells before it answers. */
  caughtUp(): Promise<void> {
    return this.#refresh.settled();
  }

  async #loadDatasets(): Promise<void> {
    const datasets = await this.#api.call('datasets.list', { project: this.path });
    // Made here and not in a view: what a view derives ends with it.
    this.#images = new Map(
      datasets.map(({ id }) => [
        id,
        this.#images.get(id) ??
          new DatasetImages(this.#api, { project: this.path, datasetId: id, fail: this.#fail }),
      ]),
    );
    this.datasets = datasets;
  }

  async #loadStudies(): Promise<void> {
    this.studies = await this.#api.call('studies.list', { project: this.path });
  }

  async #loadEncoders(): Promise<void> {
    this.encoders = await this.#api.call('encoders.list', { project: this.path });
  }

  async #loadModels(): Promise<void> {
    this.models = await this.#api.call('models.list', { project: this.path });
  }

  async #loadLabelling(): Promise<void> {
    this.labelling = await this.#api.call('live.state', { project: this.path });
  }

  async #loadPendingTrainings(): Promise<void> {
    this.pendingTrainings = await this.#api.call('models.pending', { project: this.path });
  }

  async #loadRuns(): Promise<void> {
    this.runs = await this.#api.call('runs.list', { project: this.path });
  }

  async #loadSomeRuns(ids: ReadonlySet<number>): Promise<void> {
    const found = await this.#api.call('runs.list', { project: this.path, runIds: [...ids] });
    const others = (this.runs ?? []).filter(({ id }) => !ids.has(id));
    this.runs = [...others, ...found].sort((a, b) => a.id - b.id);
  }

  async #loadDue(): Promise<void> {
    const { lists, runs } = this.#due;
    this.#due = { lists: new Set(), runs: new Set() };
    await Promise.all([
      lists.has('datasets') && this.#loadDatasets(),
      lists.has('studies') && this.#loadStudies(),
      lists.has('encoders') && this.#loadEncoders(),
      lists.has('models') && this.#loadModels(),
      runs.size > 0 && this.#loadSomeRuns(runs),
    ]);
  }

  handle(event: ProjectEvent): void {
    if (event.project !== this.path) return;
    switch (event.type) {
      case 'changed':
        this.#follow(event.changes);
        break;
      case 'run.progress':
        this.#moveOn(event);
        break;
      case 'run.metrics': {
        const points = [...(this.live.get(event.runId) ?? []), ...event.points];
        this.live = new Map(this.live).set(event.runId, points);
        break;
      }
      case 'queue.held':
        this.held = event.held;
        break;
      case 'live.state':
        this.labelling = event.state;
        break;
      case 'models.pending':
        this.pendingTrainings = event.pending;
        break;
    }
  }

  /** How far a run is: nothing is asked for. */
  #moveOn({ runId, step, trainedSeconds, peakMemoryBytes }: RunProgress): void {
    this.runs =
      this.runs?.map((run) =>
        run.id === runId ? { ...run, step, trainedSeconds, peakMemoryBytes } : run,
      ) ?? null;
  }

  /** Labels and what is gone are followed at once; what is new or different is asked for. */
  #follow({ datasets, images, splits, encoders, models, studies, runs }: Changes): void {
    const { lists } = this.#due;
    const without = <T extends { readonly id: number }>(
      list: readonly T[] | null,
      gone: readonly number[] = [],
    ) => (gone.length === 0 ? list : (list?.filter(({ id }) => !gone.includes(id)) ?? null));
    this.datasets = without(this.datasets, datasets?.removed);
    this.encoders = without(this.encoders, encoders?.removed);
    this.models = without(this.models, models?.removed);
    this.studies = without(this.studies, studies?.removed);
    this.runs = without(this.runs, runs?.removed);

    for (const one of this.#measurements.values()) one.follow({ images, datasets });
    for (const id of datasets?.updated ?? []) {
      this.versions = new Map(this.versions).set(id, (this.versions.get(id) ?? 0) + 1);
    }
    if (images !== undefined) {
      this.#countFirstLabels(
        images.datasetId,
        images.labelled?.filter((one) => one.isFirst).length ?? 0,
      );
      this.imagesOf(images.datasetId)?.follow(images);
    }
    if (splits !== undefined) this.imagesOf(splits.datasetId)?.followSplits();

    const isNews = (ids: Changes['encoders']) => [...(ids?.added ?? []), ...(ids?.updated ?? [])];
    if (isNews(datasets).length > 0 || datasets?.counted !== undefined) lists.add('datasets');
    if (isNews(encoders).length > 0) lists.add('encoders');
    // What a run comes to its model shows.
    const news = new Set(isNews(runs));
    if (isNews(models).length > 0 || this.models?.some(({ runId }) => news.has(runId)) === true) {
      lists.add('models');
    }
    if (isNews(studies).length > 0) lists.add('studies');
    for (const id of news) this.#due.runs.add(id);
    if (lists.size > 0 || this.#due.runs.size > 0) this.#refresh.soon();
  }

  #countFirstLabels(datasetId: number, count: number): void {
    if (count === 0) return;
    this.datasets =
      this.datasets?.map((dataset) =>
        dataset.id === datasetId
          ? { ...dataset, labelledCount: dataset.labelledCount + count }
          : dataset,
      ) ?? null;
  }

  close(): void {
    this.#refresh.stop();
    for (const images of this.#images.values()) images.close();
  }
}
