/** The prediction or proposal that lies over the image, and whose it is. */
import type { LabelMapRevision, Run } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { ChangedIds } from '../../shared/events.ts';
import { pixelsUrl } from '../../shared/exchange.ts';
import type { Helper } from '../../shared/helpers.ts';
import type { Api } from '../api.ts';
import type { ShownPrediction } from '../canvas/accept.ts';
import type { Rect } from '../canvas/viewport.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import { ObjectLayer } from '../canvas/object-layer.ts';

export type PredictionState =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'shown' } & ShownPrediction)
  /** The run kept no prediction of this image. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly message: string };

const whole = (layer: LabelLayer): ShownPrediction => ({
  layer,
  area: { x0: 0, y0: 0, x1: layer.width, y1: layer.height },
});

export class AnnotatePrediction {
  /** Finished fine-tuning runs, newest first; null while they are being loaded. */
  runs = $state.raw<readonly Run[] | null>(null);
  runId = $state.raw<number | null>(null);
  state = $state.raw<PredictionState>({ kind: 'none' });
  /** Who says what lies over the image: a run, the training that goes on, or a helper. */
  by = $state.raw<'run' | 'live' | Helper>('run');
  readonly #api: Api;
  readonly #project: string;
  /** The latest request; answers of older ones come too late. */
  #request = 0;

  constructor(api: Api, project: string) {
    this.#api = api;
    this.#project = project;
  }

  get shown(): ShownPrediction | null {
    return this.state.kind === 'shown' ? this.state : null;
  }

  /** Whether what is shown was made by somebody whose name goes with labels that are made from it. */
  get isOfSomebody(): boolean {
    return this.runId !== null || this.by !== 'run';
  }

  /** As labels that are made from it remember it. */
  get whose(): { readonly runId: number | null; readonly helper: Helper | null } {
    const { by, runId } = this;
    return { runId, helper: by === 'run' || by === 'live' ? null : by };
  }

  /** The part of the image that is predicted; null: all of it, or nothing is shown. */
  get frame(): Rect | null {
    const { shown } = this;
    if (shown === null) return null;
    const { area, layer } = shown;
    const isWhole = area.x1 - area.x0 === layer.width && area.y1 - area.y0 === layer.height;
    return isWhole ? null : area;
  }

  get layer(): LabelLayer | null {
    return this.shown?.layer ?? null;
  }

  get run(): Run | null {
    return this.runs?.find(({ id }) => id === this.runId) ?? null;
  }

  async loadRuns(): Promise<void> {
    this.#offer(await this.#api.call('runs.list', { project: this.#project }));
  }

  /** What an event tells of runs: only those are asked for. */
  async follow({ added = [], updated = [], removed = [] }: ChangedIds): Promise<void> {
    if (this.runs === null) return;
    const runIds = [...added, ...updated];
    const query = { project: this.#project, runIds };
    const found = runIds.length === 0 ? [] : await this.#api.call('runs.list', query);
    const others = this.runs.filter(({ id }) => !runIds.includes(id) && !removed.includes(id));
    this.#offer([...others, ...found]);
  }

  #offer(runs: readonly Run[]): void {
    this.runs = runs
      .filter(({ kind, status }) => kind === 'finetune' && status === 'done')
      .sort((a, b) => b.id - a.id);
  }

  /** Shows what the chosen run predicted for an image, as one of its test images or when it was asked to. */
  async show(
    image: { readonly id: number; readonly revisions: readonly LabelMapRevision[] } | null,
  ): Promise<void> {
    const request = ++this.#request;
    this.by = 'run';
    const { runId } = this;
    if (image === null || runId === null) {
      this.state = { kind: 'none' };
      return;
    }
    this.state = { kind: 'loading' };
    const predicted = image.revisions.find(
      (revision) => revision.author === 'model' && revision.runId === runId,
    );
    const project = this.#project;
    const state = await this.#fetch(
      predicted === undefined
        ? pixelsUrl('prediction', { project, run: runId, image: image.id })
        : pixelsUrl('label-map', { project, image: image.id, revision: predicted.id }),
      predicted === undefined ? null : { image: image.id, revision: predicted.id },
    );
    if (request === this.#request) this.state = state;
  }

  /**
   * Shows what the training that goes on sees, or what a helper proposes, in the place of a run's prediction. `area`: of the
   * image, where the rest of it is not seen yet.
   */
  showOf(by: 'live' | Helper, layer: LabelLayer, area: Rect = whole(layer).area): void {
    this.#request++;
    this.runId = null;
    this.by = by;
    this.state = { kind: 'shown', layer, area };
  }

  /** Shows what a network answered, in the place of what it predicted before. */
  showAnswer(runId: number, answer: ShownPrediction): void {
    this.#request++;
    this.runId = runId;
    this.by = 'run';
    this.state = { kind: 'shown', ...answer };
  }

  /** `stored`: the revision that is the prediction; null: what a run kept of a test image. */
  async #fetch(
    path: string,
    stored: { readonly image: number; readonly revision: number } | null,
  ): Promise<PredictionState> {
    try {
      const { bytes, objects } = await this.#api.fetchPixels(path);
      const shown = whole(LabelLayer.decode(bytes));
      if (stored === null || objects !== 'stored') return { kind: 'shown', ...shown };
      const query = { project: this.#project, ...stored };
      const told = await this.#api.fetchPixels(pixelsUrl('objects', query));
      return { kind: 'shown', ...shown, objects: ObjectLayer.decode(told.bytes) };
    } catch (error) {
      if (error instanceof AppError && error.code === 'not-found') return { kind: 'absent' };
      return { kind: 'failed', message: messageOf(error) };
    }
  }
}
