/**
 * Answers of a live training: predictions by the weights of now, and the open image decoded ahead of the question. When
 * there is time for them is up to the session.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AT_ONCE_PIXELS } from '../../../shared/api.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import type { Project } from '../../db/project.ts';
import { withInput } from '../images/tiles.ts';
import { assertInside, type PredictionInput, predictionInput } from '../scoring/predict.ts';
import type { Hand } from './hand.ts';
import type { LiveEvent, LiveRequest } from './messages.ts';
import type { LiveNetwork } from './network.ts';
import type { LiveSettings } from './settings.ts';

const dropped = () => new AppError('cancelled', 'Nobody waits for this prediction any more.');

type Asked = Extract<LiveRequest, { type: 'predict' }>;

/** What answers. */
interface Answering {
  /** null: nothing has been learned yet, and `whyNone`. */
  readonly network: LiveNetwork | null;
  readonly settings: LiveSettings;
  /** Of the weights. */
  readonly step: number;
  readonly whyNone: string;
}

export class Answers {
  readonly #project: Project;
  readonly #datasetId: number;
  readonly #hand: Hand;
  readonly #atOncePixels: number;
  readonly #deliver: (event: LiveEvent) => Promise<void>;
  #asked: Asked[] = [];
  /** Questions that nobody waits for any more, the one that is being answered among them. */
  readonly #dropped = new Set<number>();
  /** The image on the screen; null: none, or one that there is nothing to decode of. */
  #aheadId: number | null;
  /** As the network sees it. */
  #ready: { readonly imageId: number; readonly input: PredictionInput } | null = null;

  constructor(options: {
    readonly project: Project;
    readonly datasetId: number;
    readonly openImageId: number | null;
    readonly hand: Hand;
    /** A larger answer waits while somebody paints. */
    readonly atOncePixels?: number;
    readonly deliver: (event: LiveEvent) => Promise<void>;
  }) {
    this.#project = options.project;
    this.#datasetId = options.datasetId;
    this.#aheadId = options.openImageId;
    this.#hand = options.hand;
    this.#atOncePixels = options.atOncePixels ?? AT_ONCE_PIXELS;
    this.#deliver = options.deliver;
  }

  get areWaitedFor(): boolean {
    return this.#asked.length > 0;
  }

  ask(request: Asked): void {
    this.#asked.push(request);
  }

  /** Of a large image an answer takes a while: it is left off in the middle. */
  drop(id: number): void {
    this.#dropped.add(id);
  }

  open(imageId: number | null): void {
    this.#aheadId = imageId;
  }

  async give(from: Answering): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    for (const request of asked) await this.#predict(request, from);
    this.#dropped.clear();
    await this.#decodeAhead(from);
  }

  async #predict({ id, imageId, area }: Asked, from: Answering): Promise<void> {
    const { network, settings, step, whyNone } = from;
    try {
      if (network === null || step === 0) {
        throw new AppError('conflict', `It has learned nothing yet. ${whyNone}`);
      }
      const prediction = await this.#withInput(imageId, settings, (input) => {
        if (area !== null) assertInside(area, input);
        return network.predict(this.#interruptible(input, { id, area }), area);
      });
      const bytes = encodeLabelMap(prediction);
      await this.#deliver({ type: 'prediction', id, bytes, step });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await this.#deliver({ type: 'refused', id, error: toWireError(error) });
    }
  }

  /**
   * Messages arrive between two rows of windows: the question may be dropped by then, and a large answer waits while
   * somebody paints. Errors, of its rows too: cancelled.
   */
  #interruptible(
    input: PredictionInput,
    { id, area }: Pick<Asked, 'id' | 'area'>,
  ): PredictionInput {
    if (this.#dropped.has(id)) throw dropped();
    if (!('rows' in input)) return input;
    const { width, height } = area ?? input;
    const waits = width * height > this.#atOncePixels;
    return {
      ...input,
      rows: async (top, count) => {
        await nextTurn();
        if (waits) await this.#hand.rests(() => this.#dropped.has(id));
        if (this.#dropped.has(id)) throw dropped();
        return input.rows(top, count);
      },
    };
  }

  /** To decode the image when it is asked for would take the most of the time. */
  async #decodeAhead({ network, settings }: Answering): Promise<void> {
    const imageId = this.#aheadId;
    if (imageId === null || network === null || this.#ready?.imageId === imageId) return;
    const isOwn = this.#project.datasets.image(imageId)?.datasetId === this.#datasetId;
    try {
      if (isOwn) await this.#withInput(imageId, settings, () => Promise.resolve());
      // Nothing was kept of a very large one.
      if (this.#ready?.imageId !== imageId) this.#aheadId = null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Trouble is told when it is asked for.
      this.#aheadId = null;
    }
  }

  /** Of a very large image its rows are decoded again for each question: it is lent for so long. */
  async #withInput<T>(
    imageId: number,
    { network, sampling }: LiveSettings,
    use: (input: PredictionInput) => Promise<T>,
  ): Promise<T> {
    if (this.#ready?.imageId === imageId) return use(this.#ready.input);
    const image = this.#project.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    const of = { image, channels: network.inputChannels };
    return withInput(this.#project, of, async (rows, { isHeld }) => {
      const input = await predictionInput(rows, sampling);
      if (isHeld || !('rows' in input)) this.#ready = { imageId, input };
      return use(input);
    });
  }
}
