/**
 * The trained network that is asked about the open image: which ones can be, what it answered, and what becomes of that
 * by threshold, smallest object and holes while sliders move. What it gains is prediction-gains' affair.
 */
import type { ImagePrediction, PredictingNetwork, Progress } from '../../shared/api.ts';
import { drawnObstacle } from '../../shared/drawn-classes.ts';
import type { Dataset, Model } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeClassScores, pixelsUrl } from '../../shared/exchange.ts';
import { AS_DRAWN, type ClassScores, type PostProcessing } from '../../shared/post-processing.ts';
import type { Api } from '../api.ts';
import type { ShownPrediction } from '../canvas/accept.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import { ObjectLayer } from '../canvas/object-layer.ts';
import { PostProcessor, type StartDrawing } from '../canvas/post-processor.ts';
import type { Rect } from '../canvas/viewport.ts';

/** Ways of looking that take longer and may see more. */
export interface Looks {
  readonly flips: boolean;
  readonly ensemble: boolean;
}

/** What a network answered, and from whom. */
export interface Answer extends ImagePrediction {
  readonly runId: number;
}

interface Question {
  readonly runId: number;
  readonly image: { readonly id: number; readonly widthPx: number; readonly heightPx: number };
  /** null: all of it. */
  readonly area: Rect | null;
  /** What a pixel holds that is nothing. */
  readonly blank: number;
}

/** What is known of the network that is asked. */
interface Choices {
  readonly kept: PostProcessing | null;
  readonly ensemble: readonly number[];
}

/** Pixels of classes that the dataset lacks are nothing. */
function withoutUnknown(
  scores: ClassScores,
  unknown: readonly number[],
  blank: number,
): ClassScores {
  if (unknown.length === 0) return scores;
  const known = (plane: Uint8Array) =>
    plane.map((value) => (unknown.includes(value) ? blank : value));
  return { ...scores, likely: known(scores.likely), foreground: known(scores.foreground) };
}

export class AnnotateNetwork {
  /** Newest first; null while they are being loaded. */
  networks = $state.raw<readonly PredictingNetwork[] | null>(null);
  models = $state.raw<readonly Model[]>([]);
  looks = $state.raw<Looks>({ flips: false, ensemble: false });
  /** Whether every image that is opened is predicted. */
  isAlways = $state(false);
  isAsking = $state.raw(false);
  /** Of what is being asked; null where nobody knows. */
  progress = $state.raw<Progress | null>(null);
  answer = $state.raw<Answer | null>(null);
  readonly #api: Api;
  readonly #project: string;
  readonly #startDrawing: StartDrawing;
  /** Of each network that was asked in this sitting. */
  #rules = $state.raw<ReadonlyMap<number, PostProcessing>>(new Map());
  #choices = $state.raw<ReadonlyMap<number, Choices>>(new Map());
  #asking = new AbortController();
  #processor: PostProcessor | null = null;
  /** The drawing under way; null: the answer is as the sliders say. */
  #drawing: Promise<void> | null = null;

  constructor(options: { api: Api; project: string; startDrawing: StartDrawing }) {
    this.#api = options.api;
    this.#project = options.project;
    this.#startDrawing = options.startDrawing;
  }

  async load(): Promise<void> {
    const { project } = { project: this.#project };
    const [networks, models] = await Promise.all([
      this.#api.call('predict.networks', { project }),
      this.#api.call('models.list', { project }),
    ]);
    this.networks = networks;
    this.models = models;
    this.#choices = new Map();
  }

  canPredict(runId: number): boolean {
    return this.networks?.some((one) => one.runId === runId) === true;
  }

  /** Why a network is not asked about images of a dataset; null: it is, or it is not known. */
  obstacle(runId: number, dataset: Dataset | null): string | null {
    const drawn = this.networks?.find((one) => one.runId === runId)?.drawn ?? null;
    return drawn === null || dataset === null ? null : drawnObstacle(drawn, dataset);
  }

  /** The dataset that a network learned from, where that is another one; null: it is not, or it is gone. */
  foreignName(runId: number, dataset: Dataset | null): string | null {
    const drawn = this.networks?.find((one) => one.runId === runId)?.drawn ?? null;
    return drawn === null || drawn.id === dataset?.id ? null : drawn.name;
  }

  /**
   * Who is asked where nobody was chosen: the newest model of the dataset, else its newest run, else others whose classes
   * mean the same here; null: nobody can.
   */
  usual(dataset: Dataset | null): number | null {
    const networks = (this.networks ?? []).filter(
      ({ runId }) => this.obstacle(runId, dataset) === null,
    );
    const own = networks.filter((one) => one.datasetId === dataset?.id);
    const isModel = ({ runId }: PredictingNetwork) =>
      this.models.some((model) => model.runId === runId);
    const picked = own.find(isModel) ?? own[0] ?? networks.find(isModel) ?? networks[0];
    return picked?.runId ?? null;
  }

  /** Who is asked: who was chosen, else the usual one. Errors: not-found; conflict, where its classes are others. */
  pick(chosen: number | null, dataset: Dataset | null): number {
    if (chosen !== null) {
      const obstacle = this.obstacle(chosen, dataset);
      if (obstacle !== null) throw new AppError('conflict', obstacle);
      if (this.canPredict(chosen)) return chosen;
      throw new AppError(
        'not-found',
        'The weights of this run are not kept, so it cannot predict. Choose another network, or repeat its study.',
      );
    }
    const usual = this.usual(dataset);
    if (usual !== null) return usual;
    throw new AppError(
      'not-found',
      (this.networks ?? []).length > 0
        ? 'No network of this project knows the classes of this dataset. Train one from the labels that are there.'
        : 'No network of this project can predict yet. Train one from the labels that are there, or run a study.',
    );
  }

  /** Runs that would be averaged, the one that is asked among them. */
  ensembleOf(runId: number): readonly number[] {
    return this.#choices.get(runId)?.ensemble ?? [runId];
  }

  /** What is kept for all predictions of a run; null: nothing. */
  keptFor(runId: number): PostProcessing | null {
    return this.#choices.get(runId)?.kept ?? null;
  }

  /** What the sliders of a run say. */
  ruleOf(runId: number): PostProcessing {
    return this.#rules.get(runId) ?? this.keptFor(runId) ?? AS_DRAWN;
  }

  async loadChoices(runId: number): Promise<void> {
    if (this.#choices.has(runId) || !this.canPredict(runId)) return;
    const found = await this.#api.call('predict.choices', { project: this.#project, runId });
    const { postProcessing: kept, ensemble } = found;
    this.#choices = new Map([...this.#choices, [runId, { kept, ensemble }]]);
  }

  /** The latest question wins: an earlier one is cancelled. Errors: those of predict.image; cancelled. */
  async ask({ runId, image, area, blank }: Question): Promise<ShownPrediction> {
    this.stop();
    const asking = new AbortController();
    this.#asking = asking;
    this.isAsking = true;
    try {
      await this.loadChoices(runId);
      const whole = { x0: 0, y0: 0, x1: image.widthPx, y1: image.heightPx };
      const { x0, y0, x1, y1 } = area ?? whole;
      const region = { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
      const { flips, ensemble } = this.looks;
      const found = await this.#api.call(
        'predict.image',
        {
          ...{ project: this.#project, runId, imageId: image.id, flips },
          ensemble: ensemble && this.ensembleOf(runId).length > 1,
          ...(area === null ? {} : { region }),
        },
        { signal: asking.signal, onProgress: (progress) => (this.progress = progress) },
      );
      const query = { project: this.#project, prediction: found.predictionId };
      const { bytes } = await this.#api.fetchPixels(pixelsUrl('scores', query), {
        signal: asking.signal,
      });
      const scores = withoutUnknown(decodeClassScores(bytes), found.unknown, blank);
      const size = { width: image.widthPx, height: image.heightPx };
      const isPart = x1 - x0 < size.width || y1 - y0 < size.height;
      const place = { blank, isPart };
      const layer = new LabelLayer(size.width, size.height, blank);
      const objects = scores.depths == null ? null : new ObjectLayer(size.width, size.height);
      const processor = new PostProcessor(this.#startDrawing(scores, place), (drawn) => {
        const at = { x: x0, y: y0 };
        layer.become(LabelLayer.of(drawn, { size, at, blank }));
        if (drawn.objects === null) return;
        const { width, height } = drawn;
        objects?.put(objects.holding({ width, height, data: drawn.objects }, at));
      });
      await processor.follow(this.ruleOf(runId));
      if (asking.signal.aborted) {
        processor.close();
        throw new AppError('cancelled', 'Stopped.');
      }
      this.#processor = processor;
      this.answer = { ...found, runId };
      return { layer, area: { x0, y0, x1, y1 }, objects };
    } finally {
      if (this.#asking === asking) {
        this.isAsking = false;
        this.progress = null;
      }
    }
  }

  /** Cancels what is being asked, and lets go of what was answered. */
  stop(): void {
    this.#asking.abort();
    this.isAsking = false;
    this.progress = null;
    this.#processor?.close();
    this.#processor = null;
    // A thread that was ended never says that it is done.
    this.#drawing = null;
    this.answer = null;
  }

  /** Shown on the answer at once. Errors: those of drawing. */
  async setRule(runId: number, rule: PostProcessing): Promise<void> {
    this.#rules = new Map([...this.#rules, [runId, rule]]);
    const processor = this.#processor;
    if (this.answer?.runId !== runId || processor === null) return;
    const followed = processor.follow(rule);
    // One that is under way draws this as well.
    if (this.#drawing !== null) return this.#drawing;
    const drawing = followed.finally(() => {
      if (this.#drawing === drawing) this.#drawing = null;
    });
    this.#drawing = drawing;
    await drawing;
  }

  /** What is being drawn as the sliders say, until it is; null: nothing is. */
  get drawing(): Promise<void> | null {
    return this.#drawing;
  }

  /** For all predictions of the run, on the command line as well; null: as the network draws. */
  async keep(runId: number, postProcessing: PostProcessing | null): Promise<void> {
    await this.#api.call('predict.keep', { project: this.#project, runId, postProcessing });
    const ensemble = this.ensembleOf(runId);
    this.#choices = new Map([...this.#choices, [runId, { kept: postProcessing, ensemble }]]);
  }
}
