/**
 * A sitting of annotation: which image of which list, and the editor on it. Created by views/Annotate.svelte. What the
 * panels show of its labels is annotate-labels.svelte.ts's, what lies over it annotate-overlay.svelte.ts's. Pixels live in
 * documents (annotate-document.ts); hot pointer data in the editor.
 */
import { createContext } from 'svelte';
import {
  type Dataset,
  IGNORE,
  type ImageRecord,
  type LabelMapRevision,
} from '../../shared/entities.ts';
import type { AlikeClass } from '../../shared/assist/alike-class.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import { workHere } from '../../shared/assist/tile-work.ts';
import type { ShapeChange } from '../../shared/class-shape.ts';
import { blankLabel } from '../../shared/foreground.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';
import { type Cut, cutHere } from '../canvas/cutter.ts';
import { drawHere, type StartDrawing } from '../canvas/post-processor.ts';
import { type FindLooks, findLooksHere } from '../canvas/look-finder.ts';
import { type MakePatches, makePatchesHere } from '../canvas/patch-maker.ts';
import { tellHere, type TellObjects } from '../canvas/object-teller.ts';
import { type Reshape, reshapeHere } from '../canvas/reshaper.ts';
import type { StartTileWorkers } from '../canvas/tile-workers.ts';
import { centredOn, imagePoint, lookAt, partInView, visiblePart } from '../canvas/viewport.ts';
import type { Editor } from '../canvas/editor.ts';
import type { Stage } from '../canvas/stage.ts';
import { type ToolName, TOOLS } from '../canvas/tools/all-tools.ts';
import {
  type AnnotateDocument,
  type DocumentEvent,
  dropDocument,
  findDocument,
  onDocuments,
  openDocument,
  unsavedDocuments,
} from './annotate-document.ts';
import { allImages } from './all-images.ts';
import type { AnnotateHabits } from './annotate-habits.ts';
import { AnnotateAlike } from './annotate-alike.svelte.ts';
import { AnnotateClassifiers } from './annotate-classifiers.svelte.ts';
import { AnnotateCuts } from './annotate-cuts.svelte.ts';
import { AnnotateLabels } from './annotate-labels.svelte.ts';
import { AnnotateLive } from './annotate-live.svelte.ts';
import { AnnotateLook } from './annotate-look.svelte.ts';
import { AnnotateNetwork } from './annotate-network.svelte.ts';
import { AnnotateNews } from './annotate-news.ts';
import { AnnotateNext } from './annotate-next.svelte.ts';
import { AnnotateObjects, type SoughtObject } from './annotate-objects.svelte.ts';
import { AnnotateOverlay } from './annotate-overlay.svelte.ts';
import { AnnotatePatches } from './annotate-patches.svelte.ts';
import { AnnotatePrediction } from './annotate-prediction.svelte.ts';
import { AnnotatePrompts } from './annotate-prompts.svelte.ts';
import { AnnotateRefine } from './annotate-refine.svelte.ts';
import { AnnotateScribbles } from './annotate-scribbles.svelte.ts';
import { AnnotateTools } from './annotate-tools.svelte.ts';
import { LabellingClock } from './labelling-clock.svelte.ts';
import { PredictionGains } from './prediction-gains.svelte.ts';

/** Images fetched ahead, in the order in which they are likely to be wanted. */
const PREFETCH = [1, -1, 2];
/** Larger images are fetched when they are wanted. */
const MAX_PREFETCH_BYTES = 128 * 2 ** 20;
const rawBytes = ({ widthPx, heightPx, channels, bitDepth }: ImageRecord) =>
  (widthPx * heightPx * channels * bitDepth) / 8;
export class AnnotateState {
  readonly project: string;
  readonly tools: AnnotateTools;
  readonly editor: Editor;
  readonly look: AnnotateLook;
  readonly prediction: AnnotatePrediction;
  readonly next: AnnotateNext;
  readonly clock: LabellingClock;
  readonly live: AnnotateLive;
  readonly network: AnnotateNetwork;
  readonly scribbles: AnnotateScribbles;
  readonly prompts: AnnotatePrompts;
  readonly cuts: AnnotateCuts;
  readonly patches: AnnotatePatches;
  readonly alike: AnnotateAlike;
  readonly classifiers: AnnotateClassifiers;
  readonly refine: AnnotateRefine;
  readonly gains: PredictionGains;
  readonly labels: AnnotateLabels;
  readonly overlay: AnnotateOverlay;
  readonly objects: AnnotateObjects;
  dataset = $state.raw<Dataset | null>(null);
  images = $state.raw<readonly ImageRecord[]>([]);
  /** All images of the dataset, by id; as they were when it was opened. */
  known = $state.raw<ReadonlyMap<number, ImageRecord>>(new Map());
  index = $state.raw(-1);
  document = $state.raw<AnnotateDocument | null>(null);
  /** Why the image cannot be shown. */
  error = $state.raw<string | null>(null);
  hover = $state.raw<{ readonly x: number; readonly y: number } | null>(null);
  readonly #api: Api;
  readonly #notify: (tone: 'info' | 'good' | 'bad', text: string) => void;
  readonly #habits: AnnotateHabits;
  readonly #news: AnnotateNews;
  #stage: Stage | null = null;
  #position: { readonly datasetId: number; readonly imageIds: readonly number[] } | null = null;

  constructor(options: {
    api: Api;
    project: string;
    /** Taken up from the last sitting, and kept for the next. */
    habits: AnnotateHabits;
    notify: (tone: 'info' | 'good' | 'bad', text: string) => void;
    /** Where answers of networks become label maps; left out: here. */
    startDrawing?: StartDrawing;
    /** Where pixels are classified; left out: here. */
    startTileWorkers?: StartTileWorkers;
    /** Where shapes are changed; left out: here. */
    reshape?: Reshape;
    /** Where objects are cut out; left out: here. */
    cut?: Cut;
    /** Where images are cut into patches; left out: here. */
    makePatches?: MakePatches;
    /** Where labelled objects are looked at; left out: here. */
    findLooks?: FindLooks;
    /** Where objects are told apart; left out: here. */
    tellObjects?: TellObjects;
  }) {
    this.#api = options.api;
    this.#notify = options.notify;
    this.project = options.project;
    this.#habits = options.habits;
    this.look = new AnnotateLook(options.habits);
    this.prediction = new AnnotatePrediction(options.api, options.project);
    this.live = new AnnotateLive(options);
    this.next = new AnnotateNext(options.api, {
      project: options.project,
      datasetId: () => this.dataset?.id ?? null,
      imageId: () => this.image?.id ?? null,
      images: () => [...this.known.values()],
    });
    this.clock = new LabellingClock({
      api: options.api,
      project: options.project,
      onError: (message) => this.#notify('bad', message),
    });
    this.gains = new PredictionGains(options.api, options.project);
    this.network = new AnnotateNetwork({ startDrawing: drawHere, ...options });
    this.classifiers = new AnnotateClassifiers(options.api, options.project);
    this.scribbles = new AnnotateScribbles({
      startWorkers: options.startTileWorkers ?? (() => [workHere()]),
      view: () => visiblePart(this.editor.view),
      isPainting: () => this.editor.isPainting,
      propose: (layer) => this.overlay.propose('scribbles', layer),
      proposed: (layer) => this.overlay.proposed(layer),
      withdraw: () => this.overlay.withdraw('scribbles'),
    });
    this.prompts = new AnnotatePrompts({
      ...options,
      host: {
        view: () => partInView(this.editor.view),
        display: () => this.look.display,
        changed: () => this.#proposed(),
      },
    });
    this.cuts = new AnnotateCuts(
      {
        displayed: () => {
          const { displayed } = this.look;
          return displayed === null ? null : (x, y) => displayed.rgbAt(x, y);
        },
        scribbles: () => this.document?.scribbles ?? null,
        value: () => this.tools.settings.value,
        changed: () => this.#proposed(),
      },
      options.cut ?? cutHere,
    );
    this.alike = new AnnotateAlike(
      {
        document: () => this.document,
        ground: () => ({ hasBackground: this.hasBackground }),
        proposed: () => this.#masks.proposed,
        report: (error) => this.#notify('bad', messageOf(error)),
      },
      options.findLooks ?? findLooksHere,
    );
    this.patches = new AnnotatePatches(
      {
        displayed: () => this.look.displayed,
        view: () => partInView(this.editor.view),
        sizePx: () => this.tools.settings.patchSizePx,
        isInHand: () => this.tools.kind.paintsPatches === true,
        isPainting: () => this.editor.isPainting,
      },
      options.makePatches ?? makePatchesHere,
    );
    this.tools = new AnnotateTools(
      {
        classes: () => this.classes,
        blank: () => this.blank,
        strokeLabel: (tool, { value }) => this.#strokeLabel(tool, value),
        committed: (tool) => {
          this.overlay.committed(TOOLS[tool]);
          if (TOOLS[tool].asksForMasks !== undefined) this.alike.committed();
        },
        onceWhole: (take) => this.overlay.onceWhole(take),
        takeBack: () => this.overlay.takeBack(),
        predict: (area) => this.#run(() => this.overlay.predict(area)),
        prompt: (prompts) => this.#masks.prompt(prompts),
        nextProposal: () => this.#masks.next(),
        changed: (what) => this.#changed(what),
      },
      options.habits.settings,
    );
    this.editor = this.tools.editor;
    const document = () => this.document;
    this.refine = new AnnotateRefine({
      ...{ tools: this.tools, reshape: options.reshape ?? reshapeHere },
      host: {
        document,
        blank: () => this.blank,
        className: (value) => this.className(value),
        notify: (text) => this.#notify('info', text),
        changed: () => this.#changed('history'),
      },
    });
    this.objects = new AnnotateObjects(
      {
        document,
        ground: () => ({ hasBackground: this.hasBackground }),
        blank: () => this.blank,
        value: () => this.tools.settings.value,
        finish: () => this.editor.finish(),
        isPainting: () => this.editor.isPainting,
        changed: () => this.#changed('history'),
        look: ({ x, y }) => this.editor.setView(centredOn(this.editor.view, imagePoint(x, y))),
        lookClosely: (box) => this.editor.setView(lookAt(this.editor.view, box)),
        notify: options.notify,
      },
      options.tellObjects ?? tellHere,
    );
    this.labels = new AnnotateLabels({ editor: this.editor, document });
    this.overlay = new AnnotateOverlay(this, {
      document,
      dataset: () => this.dataset,
      blank: () => this.blank,
      reopenEditor: () => this.#reopenEditor(),
      proposing: () => (this.prediction.by === 'scribbles' ? this.scribbles.proposing : null),
      changed: () => this.#changed('history'),
      notify: (text) => this.#notify('info', text),
      run: (work) => this.#run(work),
    });
    this.#news = new AnnotateNews(this, {
      origin: options.api.origin,
      reload: () => this.#reloadDataset(),
      showAgain: () => this.show(this.index),
      notify: (text) => this.#notify('info', text),
      run: (work) => this.#run(work),
    });
  }

  /** Who proposes masks for the tool in hand. */
  get #masks(): AnnotatePrompts | AnnotateCuts {
    return this.tools.kind.asksForMasks === 'cut' ? this.cuts : this.prompts;
  }

  /** Another mask, or none, is proposed. */
  #proposed(): void {
    this.alike.follow();
    this.#stage?.repaintOverlay();
  }

  /** The class that objects like the proposed one have, where that is not the one in hand. */
  get suggestedClass(): AlikeClass | null {
    const { found } = this.alike;
    return found === null || found.value === this.tools.settings.value ? null : found;
  }

  takeSuggestedClass(): void {
    const { suggestedClass } = this;
    if (suggestedClass !== null) this.tools.setClass(suggestedClass.value);
  }

  get image(): ImageRecord | null {
    return this.images[this.index] ?? null;
  }

  get classes(): Dataset['classes'] {
    return this.dataset?.classes ?? [];
  }

  get hasBackground(): boolean {
    return this.dataset?.hasBackground ?? true;
  }

  /** What a pixel holds that nobody labelled, and what erasing leaves. */
  get blank(): number {
    return blankLabel({ hasBackground: this.hasBackground });
  }

  className(value: number): string {
    if (value === IGNORE) return 'ignored';
    return this.classes.find(({ index }) => index === value)?.name ?? `class ${value}`;
  }

  #strokeLabel(tool: ToolName, value: number): string {
    const { title, scribbles } = TOOLS[tool];
    if (scribbles === true && value === NO_SCRIBBLE) return `${title} taken away`;
    return `${title}, ${this.className(value)}`;
  }

  /** Connects to the engine's events. Returns how to disconnect. */
  listen(): () => void {
    const stopEvents = this.#api.subscribe((event) => this.#news.handle(event));
    const stopDocuments = onDocuments((event) => this.#handleDocument(event));
    return () => {
      stopEvents();
      stopDocuments();
      this.next.stop();
      this.clock.pause();
      this.editor.finish();
      this.live.look(null);
      this.overlay.close();
      this.scribbles.stop();
      this.prompts.close();
      this.cuts.close();
      this.patches.close();
      const { style, opacity } = this.look;
      Object.assign(this.#habits, { settings: this.tools.settings, style, opacity });
      this.labels.close();
      for (const document of unsavedDocuments()) this.#run(() => document.flush());
    };
  }

  setStage(stage: Stage | null): void {
    this.#stage = stage;
  }

  // ───────────────────────────── images ─────────────────────────────

  /** Loads the list and what is known of it. */
  async open(datasetId: number, imageIds: readonly number[]): Promise<void> {
    this.#position = { datasetId, imageIds };
    const [datasets, images] = await Promise.all([
      this.#api.call('datasets.list', { project: this.project }),
      allImages(this.#api, { project: this.project, datasetId }),
    ]);
    await Promise.all([this.live.load(datasetId), this.classifiers.load(datasetId)]);
    this.dataset = datasets.find(({ id }) => id === datasetId) ?? null;
    const { classes, hasBackground } = this;
    this.look.dataset = { classes, hasBackground };
    this.known = new Map(images.map((image) => [image.id, image]));
    this.images = imageIds.flatMap((id) => this.known.get(id) ?? []);
    if (!this.classes.some(({ index }) => index === this.tools.settings.value)) {
      const first = this.classes.find(({ index }) => index !== this.blank);
      if (first !== undefined) this.tools.setClass(first.index);
    }
    await Promise.all([
      this.prediction.loadRuns(),
      this.network.load(),
      this.clock.load(datasetId),
    ]);
  }

  /** Shows an image of the list, at what is sought in it; keeps and saves what was done in the one before. */
  async show(index: number, sought: SoughtObject | null = null): Promise<void> {
    const image = this.images[index];
    if (image === undefined) return;
    this.editor.finish();
    const before = this.document;
    if (before !== null && before.record.id !== image.id) {
      this.#run(() => before.flush());
    }
    this.index = index;
    this.error = null;
    this.clock.open({ datasetId: image.datasetId, imageId: image.id });
    this.live.look(image.id);
    this.network.stop();
    const ready = findDocument(this.project, image.id);
    if (ready === null) this.#enter(null);
    try {
      const document = await this.#open(image);
      if (this.image?.id !== image.id) return;
      this.#enter(document);
      this.#prefetch(index);
      await this.overlay.open();
      this.#reopenEditor();
      this.scribbles.open(document, { blank: this.blank });
      if (sought?.imageId === image.id) this.objects.seek(sought);
      this.#openForPrompts(index);
      this.overlay.askAlways();
    } catch (error) {
      if (this.image?.id === image.id) {
        this.error = messageOf(error);
      }
    }
  }

  /** The next one of the list is looked at ahead. */
  #openForPrompts(index: number): void {
    const [open, next] = [this.images[index], this.images[index + 1]].map((image) =>
      image === undefined ? null : { id: image.id, width: image.widthPx, height: image.heightPx },
    );
    this.prompts.open(open ?? null, next == null ? [] : [next]);
    this.prompts.hold(this.tools.kind.asksForMasks === 'click');
  }

  #open(image: ImageRecord): Promise<AnnotateDocument> {
    return openDocument(this.#api, {
      ...{ project: this.project, record: image, blank: this.blank },
      isScribbled: this.classifiers.scribbled.has(image.id),
    });
  }

  /** The next image from here on that has no labels, or null. */
  nextUnlabelled(): number | null {
    const { images, index } = this;
    for (let step = 1; step < images.length; step++) {
      const at = (index + step) % images.length;
      if (images[at]?.labelMapId === null) return at;
    }
    return null;
  }

  #enter(document: AnnotateDocument | null): void {
    this.document = document;
    if (document === null) this.scribbles.open(null, { blank: this.blank });
    this.look.show(document?.pixels ?? null);
    this.labels.open();
    this.objects.open();
    this.#reopenEditor();
    this.patches.follow();
  }

  #prefetch(from: number): void {
    for (const step of PREFETCH) {
      const image = this.images[from + step];
      if (image === undefined || rawBytes(image) > MAX_PREFETCH_BYTES) continue;
      // Trouble is told when the image is wanted.
      this.#open(image).catch(() => undefined);
    }
    // The one in view is used last, and so kept longest.
    const current = this.images[from];
    if (current !== undefined) {
      this.#open(current).catch(() => undefined);
    }
  }

  // ───────────────────────────── what the editor and the document tell ─────────────────────────────

  /** The editor works on what is displayed now. */
  #reopenEditor(): void {
    const { document } = this;
    this.editor.open(
      document === null
        ? null
        : {
            layer: document.layer,
            scribbles: document.scribbles,
            blank: this.blank,
            history: document.history,
            objects: this.objects,
            displayed: (x, y) => this.look.displayed?.rgbAt(x, y) ?? 0,
            prediction: this.look.predictionShown ? this.prediction.shown : null,
            proposed: () => this.#masks.proposed,
            patches: () => this.patches.map,
          },
    );
    this.labels.followSteps();
  }

  #changed(what: 'view' | 'overlay' | 'history'): void {
    this.labels.followSteps();
    this.prompts.hold(this.tools.kind.asksForMasks === 'click');
    this.patches.follow();
    if (this.editor.isPainting || what === 'history') this.overlay.stroke();
    if (what === 'view') {
      this.prompts.moved();
      this.#stage?.repaint();
    } else if (what === 'overlay') {
      this.#stage?.repaintOverlay();
    } else {
      this.labels.followHistory();
      this.overlay.followHistory();
      this.objects.follow();
      this.scribbles.follow();
    }
  }

  #handleDocument({ kind, document }: DocumentEvent): void {
    if (kind === 'overtook') {
      this.#notify(
        'info',
        `The labels of ${document.record.name} were changed elsewhere too. Yours are now the newest; the others are under History.`,
      );
    }
    this.labels.followDocument();
  }

  async #reloadDataset(): Promise<void> {
    const position = this.#position;
    if (position === null) return;
    const before = this.blank;
    await this.open(position.datasetId, position.imageIds);
    if (this.blank === before) return;
    // Images without labels begin with something else now.
    for (const { id, labelMapId } of this.images) {
      if (labelMapId === null) dropDocument(this.project, id);
    }
    await this.show(this.index);
  }

  /** For work that nobody waits for. */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#notify('bad', messageOf(error)));
  }

  // ───────────────────────────── verbs ─────────────────────────────

  /** Forgets what strokes taught; those of the open image are a step that can be undone. */
  removeScribbles(): void {
    this.editor.finish();
    this.scribbles.forget();
    this.#changed('history');
  }

  /** Changes the shape of the class in hand all over the image. */
  reshape(change: ShapeChange): void {
    this.#run(() => this.refine.apply(change));
  }

  async restore(revision: LabelMapRevision): Promise<void> {
    this.editor.finish();
    await this.document?.restore(revision);
    this.#changed('history');
  }

  async keep(revision: LabelMapRevision, kept: boolean): Promise<void> {
    await this.document?.keep(revision, kept);
  }

  /** A shape in progress is no label yet, and goes on. */
  saveNow(): void {
    if (this.editor.isPainting) this.editor.finish();
    for (const document of unsavedDocuments()) this.#run(() => document.flush());
  }

  /** Resolves when nothing is left to be lost. */
  async saveAll(): Promise<void> {
    this.editor.finish();
    await Promise.all(unsavedDocuments().map((document) => document.flush()));
  }
}

export const [getAnnotate, setAnnotate] = createContext<AnnotateState>();
