/** The window as a whole: which project, which view, whether the engine answers. Created once in App.svelte. */
import type { DoctorReport, OpenedProject } from '../../shared/api.ts';
import type { PathRequest } from '../../shared/desktop.ts';
import type { Dataset } from '../../shared/entities.ts';
import type { EngineEvent } from '../../shared/events.ts';
import type { Settings } from '../../shared/settings.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api, Connection } from '../api.ts';
import { desktop } from '../desktop.ts';
import { allImages } from './all-images.ts';
import { firstHabits } from './annotate-habits.ts';
import type { SoughtObject } from './annotate-objects.svelte.ts';
import { Keyboard } from '../keys/keyboard.svelte.ts';
import { Commands } from './commands.svelte.ts';
import { Jobs } from './jobs.svelte.ts';
import { LibraryLook } from './library-look.svelte.ts';
import { Problems } from './problems.ts';
import { ProjectState } from './project.svelte.ts';
import { formatPlace, formatRoute, parseRoute, type Route } from './route.ts';
import { Restoring } from './restoring.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import type { TrainRequest } from './train-draft.svelte.ts';

/** Dialogs and tabs that belong to a view, which a command may ask for from anywhere. */
export type ViewDialog = 'import' | 'generate' | 'weights' | 'predict' | 'objects';

/** So long one stays somewhere until it is remembered; whoever leafs through images writes nothing meanwhile. */
const PLACE_DELAY_MS = 700;

/** A question for a path that the window's own dialog answers. */
export interface PendingPick {
  readonly request: PathRequest;
  readonly answer: (path: string | null) => void;
}

export class AppState {
  readonly api: Api;
  readonly problems = new Problems();
  readonly toasts = new Toasts((error) => this.problems.note(error));
  readonly jobs = new Jobs();
  readonly annotateHabits = firstHabits();
  readonly libraryLook = new LibraryLook();
  readonly keyboard = new Keyboard();
  readonly commands = new Commands(this.keyboard);
  paletteOpen = $state(false);
  helpOpen = $state(false);
  systemOpen = $state(false);
  /** Whose file is looked after in the dialog; null: none is. */
  careOf = $state.raw<{ readonly path: string; readonly name: string } | null>(null);
  /** What the dialog that trains a model was opened with; null: it is closed. */
  training = $state.raw<TrainRequest | null>(null);
  readonly restoring: Restoring;
  /** Puts what is being drawn on disk; null where nothing is drawn. */
  saveDrawing: (() => Promise<unknown>) | null = null;
  /** Asked for by a command; its view opens it. */
  wanted = $state.raw<ViewDialog | null>(null);
  picking = $state.raw<PendingPick | null>(null);
  theme = $state.raw<Settings['theme']>('system');
  /** Whether the time spent in Annotate is noted in the project. */
  measuresTime = $state.raw(true);
  /** Whether the window says what the next step is. */
  hints = $state.raw(true);
  /** What was chosen to train and predict with. */
  computing = $state.raw<Pick<Settings, 'engine' | 'graphicsCard'>>({
    engine: 'auto',
    graphicsCard: null,
  });
  #systemDark = $state.raw(false);
  connection = $state.raw<Connection>('connecting');
  /** Grows whenever a project was opened, closed or forgotten, here or in another window. */
  projectChanges = $state.raw(0);
  /** How often the engine was lost and everything is there again: what failed meanwhile is worth another try. */
  recoveries = $state.raw(0);
  route = $state.raw<Route>({ view: 'welcome' });
  project = $state.raw<ProjectState | null>(null);
  /** Before it is known what to show. */
  starting = $state.raw(true);
  /** Why that cannot be found out. */
  startTrouble = $state.raw<string | null>(null);
  doctor = $state.raw<DoctorReport | null>(null);
  annotating = $state.raw<{
    readonly datasetId: number;
    readonly imageIds: readonly number[];
    /** Run whose predictions are shown. */
    readonly runId: number | null;
    /** What is to be looked at first; null: whole images. */
    readonly sought: SoughtObject | null;
  } | null>(null);
  #lastDataset: number | null = null;
  #placeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.api = api;
    this.restoring = new Restoring(api, this.toasts);
  }

  get dark(): boolean {
    return this.theme === 'system' ? this.#systemDark : this.theme === 'dark';
  }

  setTheme(theme: Settings['theme']): void {
    this.theme = theme;
    this.attempt(() => this.api.call('settings.update', { theme }));
  }

  setMeasuresTime(measureTime: boolean): void {
    this.measuresTime = measureTime;
    this.attempt(() => this.api.call('settings.update', { measureTime }));
  }

  setHints(hints: boolean): void {
    this.hints = hints;
    this.attempt(() => this.api.call('settings.update', { hints }));
  }

  /** What is found out about the training engine is out of date then. */
  setComputing(computing: Pick<Settings, 'engine' | 'graphicsCard'>): void {
    this.computing = computing;
    this.attempt(async () => {
      await this.api.call('settings.update', computing);
      this.doctor = null;
    });
  }

  /** Asks for a file or folder; null where none was chosen. */
  pick(request: PathRequest): Promise<string | null> {
    if (desktop !== null) return desktop.pickPath(request);
    return new Promise((resolve) => {
      this.picking = {
        request,
        answer: (path) => {
          this.picking = null;
          resolve(path);
        },
      };
    });
  }

  /** Opens what the address, or the command that started Graft, asks for. What goes wrong is kept in `startTrouble`. */
  async start(): Promise<void> {
    this.startTrouble = null;
    try {
      await this.#start();
    } catch (error) {
      this.startTrouble = messageOf(error);
    }
  }

  async #start(): Promise<void> {
    const asked = parseRoute(window.location.hash);
    const [settings, open] = await Promise.all([
      this.api.call('settings.read', {}),
      this.api.call('project.list', {}),
    ]);
    this.#take(settings);
    const path = asked.project ?? (open.length === 1 ? (open[0]?.path ?? null) : null);
    if (path !== null) {
      await this.openProject(path, asked.route);
    }
    this.starting = false;
    // Two frames later the first view has been drawn and is on its way to the screen.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        desktop?.painted();
        this.attempt(() => this.api.call('window.painted', {}));
      }),
    );
  }

  #take({ theme, measureTime, hints, engine, graphicsCard }: Settings): void {
    this.theme = theme;
    this.measuresTime = measureTime;
    this.hints = hints;
    this.computing = { engine, graphicsCard };
  }

  /** Connects the state to the engine's events. Returns how to disconnect. */
  listen(): () => void {
    const stopEvents = this.api.subscribe((event) => {
      if (event.type === 'notice') this.toasts.show('info', event.message);
      else if (event.type === 'changed' && event.project === null) this.#follow(event);
      else if ('project' in event) this.project?.handle(event);
    });
    const stopConnection = this.api.onConnection((next) => {
      const back = this.connection === 'lost' && next === 'open';
      this.connection = next;
      if (next === 'lost') this.problems.note('the engine stopped answering');
      if (back) this.#reconnected().catch((error: unknown) => this.toasts.error(error));
    });
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = () => (this.#systemDark = system.matches);
    follow();
    system.addEventListener('change', follow);
    return () => {
      stopEvents();
      stopConnection();
      system.removeEventListener('change', follow);
    };
  }

  /** What other windows changed of what is all windows' own. */
  #follow({ changes, origin }: Extract<EngineEvent, { readonly type: 'changed' }>): void {
    const { settings, projects } = changes;
    if (projects !== undefined) this.projectChanges++;
    if (origin === this.api.origin) return;
    if (settings !== undefined) {
      this.#take(settings);
    }
    const { project } = this;
    if (project === null || projects?.closed?.includes(project.path) !== true) return;
    this.#leave(project);
    this.toasts.show('info', `${project.name} was closed in another window.`);
  }

  #leave(project: ProjectState): void {
    project.close();
    this.project = null;
    this.go({ view: 'welcome' });
  }

  /** A restarted engine has no project open. */
  async #reconnected(): Promise<void> {
    const { project } = this;
    if (project === null) return;
    const { held } = await this.api.call('project.open', { path: project.path });
    // What holds training may have come or gone meanwhile, and nobody told.
    project.held = held;
    await project.load();
    this.recoveries++;
    this.toasts.show('good', 'The engine is back. Nothing that was saved is lost.');
  }

  go(route: Route): void {
    this.route = route;
    if (route.view === 'library' || route.view === 'annotate') {
      this.#lastDataset = route.dataset ?? this.#lastDataset;
    }
    const hash = formatRoute(route, this.project?.path ?? null);
    if (hash !== window.location.hash) window.history.pushState(null, '', hash);
    this.#rememberPlace(route);
  }

  /** The project opens there the next time. */
  #rememberPlace(route: Route): void {
    const { project } = this;
    clearTimeout(this.#placeTimer);
    if (project === null || route.view === 'welcome') return;
    const place = { project: project.path, place: formatPlace(route) };
    this.#placeTimer = setTimeout(
      () => this.attempt(() => this.api.call('project.rememberPlace', place)),
      PLACE_DELAY_MS,
    );
  }

  /** The browser's back and forward. */
  readonly followAddress = (): void => {
    const { route } = parseRoute(window.location.hash);
    this.route = this.project === null ? { view: 'welcome' } : route;
  };

  /** Goes to a view and opens one of its dialogs. */
  goTo(route: Route, dialog: ViewDialog): void {
    this.go(route);
    this.wanted = dialog;
  }

  /** Whether a command asked for this dialog; asks once. To be called in an effect of its view. */
  takeUp(dialog: ViewDialog): boolean {
    if (this.wanted !== dialog) return false;
    this.wanted = null;
    return true;
  }

  async createProject(path: string): Promise<void> {
    await this.#enter(await this.api.call('project.create', { path }), null);
  }

  /** Opens what comes with Graft, where one was in it last; at first the study at its verdict. */
  async openSample(sample: 'study' | 'nuclei'): Promise<void> {
    const info = await this.jobs.run('Opening the example', (options) =>
      this.api.call('project.openSample', { sample }, options),
    );
    const first = sample === 'study' ? ({ view: 'compare', study: null } as const) : null;
    await this.#enter(info, info.place === null ? first : null);
  }

  /** Without a route, or with that of the first page, where one was in it last. */
  async openProject(path: string, route: Route | null = null): Promise<void> {
    try {
      await this.#enter(await this.api.call('project.open', { path }), route);
    } catch (error) {
      this.toasts.error(error);
    }
  }

  async #enter(info: OpenedProject, asked: Route | null): Promise<void> {
    this.project?.close();
    const project = new ProjectState(this.api, info, (error) => this.toasts.error(error));
    this.project = project;
    try {
      await project.load();
    } catch (error) {
      // Half a project is none: better back to the list of all.
      this.project = null;
      this.go({ view: 'welcome' });
      throw error;
    }
    const places = [asked, info.place === null ? null : parseRoute(info.place).route];
    this.go(
      places.find((place) => place !== null && place.view !== 'welcome') ?? {
        view: 'library',
        dataset: null,
      },
    );
  }

  async closeProject(): Promise<void> {
    const { project } = this;
    if (project === null) return;
    this.#leave(project);
    await this.api.call('project.close', { project: project.path });
  }

  /** Runs what a button asks for; says in a toast what went wrong. */
  readonly attempt = (work: () => Promise<unknown>): void => {
    work().catch((error: unknown) => this.toasts.error(error));
  };

  /** What Annotate and Library are about when nothing else is said. */
  get currentDataset(): Dataset | null {
    const { project, route } = this;
    if (project === null) return null;
    const asked = route.view === 'library' || route.view === 'annotate' ? route.dataset : null;
    return project.dataset(asked ?? this.#lastDataset) ?? project.datasets?.[0] ?? null;
  }

  /** Images that Annotate goes through, in this order. */
  annotate(list: {
    readonly datasetId: number;
    readonly imageIds: readonly number[];
    readonly imageId: number;
    readonly runId?: number | null;
    readonly sought?: SoughtObject;
  }): void {
    const { datasetId, imageIds, imageId, runId = null, sought = null } = list;
    this.annotating = { datasetId, imageIds, runId, sought };
    this.go({ view: 'annotate', dataset: datasetId, image: imageId });
  }

  /** Opens the dialog that trains a model, on what is in sight where nothing else is said. */
  train(request: TrainRequest = {}): void {
    if (this.project === null) return;
    this.training = { datasetId: this.currentDataset?.id, ...request };
  }

  /** All images of a dataset, from the first that has no labels; nothing where the user went elsewhere meanwhile. */
  async annotateFirst(dataset = this.currentDataset): Promise<void> {
    const { project, route } = this;
    if (project === null || dataset === null) return;
    const query = { project: project.path, datasetId: dataset.id };
    const images = await allImages(this.api, query);
    const first = images.find((image) => image.labelMapId === null) ?? images[0];
    if (first !== undefined && this.route === route) {
      this.annotate({
        datasetId: dataset.id,
        imageIds: images.map((image) => image.id),
        imageId: first.id,
      });
    }
  }
}
