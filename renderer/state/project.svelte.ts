/** The open project as the views see it: lists that follow the engine's events. Pixels are not here. */
import type { EngineEvent, ProjectInfo, StudyProgress } from '../../shared/api.ts';
import type {
  Dataset,
  Encoder,
  MetricPoint,
  Run,
  Study,
  StudyConfig,
} from '../../shared/entities.ts';
import type { Api } from '../api.ts';
import { DatasetImages } from './dataset-images.svelte.ts';

/** Events come in bursts while runs train; lists are asked for again at most this often. */
const REFRESH_MS = 400;

/** An event about a project. */
type ProjectEvent = Extract<EngineEvent, { readonly project: string }>;

type Part = 'datasets' | 'studies' | 'runs';

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
  /** By study id. */
  progress = $state.raw<ReadonlyMap<number, StudyProgress>>(new Map());
  /** Metric points that came in since the window opened the project, by run id. */
  live = $state.raw<ReadonlyMap<number, readonly MetricPoint[]>>(new Map());
  /** Grows with every change of a dataset's images or labels: `[dataset id]`. */
  versions = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** Design that the next new study begins with. */
  repeated: StudyConfig | null = null;
  #api: Api;
  #fail: (error: unknown) => void;
  /** Lists of the library, by dataset id. */
  #images = new Map<number, DatasetImages>();
  #due = new Set<Part>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    api: Api,
    info: Pick<ProjectInfo, 'path' | 'name' | 'about'>,
    fail: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#fail = fail;
    this.path = info.path;
    this.name = info.name;
    this.about = info.about;
  }

  dataset(id: number | null): Dataset | null {
    return this.datasets?.find((dataset) => dataset.id === id) ?? null;
  }

  /** The same list each time, so that filters, selection and place are kept; null: there is no such dataset. */
  imagesOf(datasetId: number): DatasetImages | null {
    return this.#images.get(datasetId) ?? null;
  }

  study(id: number | null): Study | null {
    return this.studies?.find((study) => study.id === id) ?? null;
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

  /** Asks for everything anew: at the start, and after the connection was lost. */
  async load(): Promise<void> {
    await Promise.all([this.#loadDatasets(), this.#loadStudies(), this.#loadRuns()]);
  }

  async #loadDatasets(): Promise<void> {
    const datasets = await this.#api.call('datasets.list', { project: this.path });
    // Made here and not in a view: what a view derives ends with it.
    this.#images = new Map(
      datasets.map(({ id }) => [
        id,
        this.#images.get(id) ?? new DatasetImages(this.#api, this.path, id),
      ]),
    );
    this.datasets = datasets;
  }

  async #loadStudies(): Promise<void> {
    const studies = await this.#api.call('studies.list', { project: this.path });
    const progress = await Promise.all(
      studies.map(({ id }) =>
        this.#api.call('studies.status', { project: this.path, studyId: id }),
      ),
    );
    this.studies = studies;
    this.progress = new Map(progress.map((one) => [one.study.id, one]));
  }

  async #loadRuns(): Promise<void> {
    [this.runs, this.encoders] = await Promise.all([
      this.#api.call('runs.list', { project: this.path }),
      this.#api.call('encoders.list', { project: this.path }),
    ]);
  }

  handle(event: ProjectEvent): void {
    if (event.project !== this.path) return;
    switch (event.type) {
      case 'dataset.changed':
      case 'image.labelled':
        this.#bump(event.datasetId);
        this.#refresh('datasets');
        break;
      case 'study.changed':
        this.#refresh('studies');
        break;
      case 'encoder.changed':
        this.#refresh('runs'); // encoders come with them
        break;
      case 'run.changed':
        this.#refresh('runs');
        this.#refresh('studies');
        break;
      case 'run.metrics': {
        const points = [...(this.live.get(event.runId) ?? []), ...event.points];
        this.live = new Map(this.live).set(event.runId, points);
        break;
      }
    }
  }

  #bump(datasetId: number): void {
    const version = (this.versions.get(datasetId) ?? 0) + 1;
    this.versions = new Map(this.versions).set(datasetId, version);
  }

  #refresh(part: Part): void {
    this.#due.add(part);
    this.#timer ??= setTimeout(() => {
      const due = [...this.#due];
      this.#due.clear();
      this.#timer = null;
      const load = {
        datasets: () => this.#loadDatasets(),
        studies: () => this.#loadStudies(),
        runs: () => this.#loadRuns(),
      };
      for (const one of due) load[one]().catch(this.#fail);
    }, REFRESH_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
