/**
 * Masks for clicks and boxes: has the network look at the part of the image in view, asks it for every change of the
 * prompts, and holds what it proposes until that is painted or dropped. Where it looks is canvas/prompt-region.ts's.
 */
import type {
  CallInput,
  PredictionRegion,
  PromptFiles,
  PromptMask,
  PromptState,
} from '../../shared/api.ts';
import type { Display } from '../../shared/display.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { runsIn } from '../../shared/mask-runs.ts';
import type { Api } from '../api.ts';
import { promptRegion } from '../canvas/prompt-region.ts';
import type { ProposedMask, Prompts } from '../canvas/tools/tool.ts';
import type { Rect, Size } from '../canvas/viewport.ts';
import { RefinedMasks } from './refined-masks.ts';

export type PromptingState =
  | { readonly kind: 'off' }
  /** Share of the time that it usually takes: 0 … 1. */
  | { readonly kind: 'looking'; readonly share: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'shown' }
  /** It found nothing there. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly message: string };

interface OpenImage extends Size {
  readonly id: number;
}

interface Surroundings {
  readonly view: () => Rect;
  /** As the open image is shown; null: it is not. */
  readonly display: () => Display | null;
  /** Another proposal, or none, is to be seen. */
  readonly changed: () => void;
}

interface Seen {
  readonly picture: string;
  readonly region: PredictionRegion;
  readonly display: Display | null;
}

/** The view is looked at once it has rested. */
const REST_MS = 400;

/** No masks are on the way. */
const WITHOUT_ANSWER: ReadonlySet<PromptingState['kind']> = new Set(['off', 'nothing', 'failed']);

function boundsOf({ points, box, shape }: Prompts): Rect | null {
  const boxes = box === null ? [] : [box];
  if (shape !== null) {
    const { left, top, width, height } = shape.region;
    boxes.push({ x0: left, y0: top, x1: left + width, y1: top + height });
  }
  const xs = points.map(({ x }) => x).concat(boxes.flatMap(({ x0, x1 }) => [x0, x1]));
  const ys = points.map(({ y }) => y).concat(boxes.flatMap(({ y0, y1 }) => [y0, y1]));
  if (xs.length === 0) return null;
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
}

export class AnnotatePrompts {
  state = $state.raw<PromptingState>({ kind: 'off' });
  /** Which network answers, or why none does; null while that is being asked. */
  network = $state.raw<PromptState | null>(null);
  masks = $state.raw<readonly PromptMask[]>([]);
  chosen = $state.raw(0);
  readonly #api: Api;
  readonly #project: string;
  readonly #host: Surroundings;
  #image: OpenImage | null = null;
  /** Images that are likely to be opened next: they are looked at when nothing else is to be done. */
  #ahead: readonly OpenImage[] = [];
  #isInHand = false;
  #prompts: Prompts | null = null;
  /** Those whose masks are shown. */
  #answered: Prompts | null = null;
  readonly #refined = new RefinedMasks();
  #seen: Seen | null = null;
  #proposed: ProposedMask | null = null;
  #running = new AbortController();
  /** The masks that are being answered, wanted or no longer. */
  #answering: Promise<unknown> = Promise.resolve();
  #rest: ReturnType<typeof setTimeout> | null = null;

  constructor(options: { api: Api; project: string; host: Surroundings }) {
    this.#api = options.api;
    this.#project = options.project;
    this.#host = options.host;
  }

  get proposed(): ProposedMask | null {
    return this.#proposed;
  }

  get mask(): PromptMask | null {
    return this.masks[this.chosen] ?? null;
  }

  async load(): Promise<void> {
    this.network = await this.#api.call('prompts.state', {});
  }

  /** null: the one that comes with Graft. Errors: what is wrong with the files. */
  async choose(files: PromptFiles | null): Promise<void> {
    this.network = await this.#api.call('prompts.choose', { files });
    this.#seen = null;
    this.#go();
  }

  /** Whether the tool is in hand: nothing is looked at before. */
  hold(isInHand: boolean): void {
    if (isInHand === this.#isInHand) return;
    this.#isInHand = isInHand;
    if (isInHand) this.#go();
    else this.#stop();
  }

  /** Another image, or none. */
  open(image: OpenImage | null, ahead: readonly OpenImage[]): void {
    this.#ahead = ahead;
    if (image?.id === this.#image?.id) return;
    this.#image = image;
    this.#seen = null;
    this.#prompts = null;
    this.#propose([]);
    this.#stop();
    if (this.#isInHand) this.#go();
  }

  /** The image was moved or zoomed: what is in view then is looked at, unless something is being asked. */
  moved(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    if (!this.#isInHand || this.#prompts !== null) return;
    this.#rest = setTimeout(() => {
      this.#rest = null;
      if (this.#isInHand && this.#prompts === null && !this.#isSeen()) this.#go();
    }, REST_MS);
  }

  /** Other prompts, or none. */
  prompt(prompts: Prompts | null): void {
    // A box begins anew: Enter must not paint what was meant before.
    const before = this.#prompts;
    if (prompts === null || prompts.box !== before?.box || prompts.shape !== before.shape) {
      this.#propose([]);
    } else {
      const [mask, picture] = [this.mask?.mask, this.#seen?.picture];
      const isShown = this.#answered === before && mask !== undefined && picture !== undefined;
      this.#refined.goOn(before, prompts, isShown ? { mask, picture } : null);
    }
    this.#prompts = prompts;
    this.#go();
  }

  /**
   * Shows another of the masks. False where there are none and none are on the way: otherwise the key that asks for them
   * would move the focus to a button, which Enter presses then.
   */
  next(): boolean {
    if (this.masks.length > 1) this.#show((this.chosen + 1) % this.masks.length);
    if (this.masks.length > 0) return true;
    return this.#prompts !== null && !WITHOUT_ANSWER.has(this.state.kind);
  }

  retry(): void {
    this.#go();
  }

  close(): void {
    this.#isInHand = false;
    this.#stop();
  }

  #stop(): void {
    this.#running.abort();
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = null;
    this.state = { kind: 'off' };
  }

  #propose(masks: readonly PromptMask[]): void {
    this.masks = masks;
    this.#show(0);
  }

  #show(index: number): void {
    this.chosen = index;
    const mask = this.masks[index];
    const region = this.#seen?.region;
    this.#proposed =
      mask === undefined || region === undefined ? null : { region, runs: mask.runs };
    this.#host.changed();
  }

  #wantedRegion(image: OpenImage): PredictionRegion {
    return promptRegion({
      image,
      view: this.#host.view(),
      needed: this.#prompts === null ? null : boundsOf(this.#prompts),
      last: this.#seen?.region ?? null,
    });
  }

  /** Whether what is wanted now was looked at. */
  #isSeen(): boolean {
    const image = this.#image;
    const seen = this.#seen;
    return image !== null && seen !== null && this.#wantedRegion(image) === seen.region;
  }

  /** Does what is to be done now; what was under way for something else is cancelled. */
  #go(): void {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    const image = this.#image;
    if (image === null || !this.#isInHand || this.network?.network === null) {
      this.state = { kind: 'off' };
      return;
    }
    this.#run(image, running.signal).catch((error: unknown) => {
      if (running.signal.aborted) return;
      // Trying again looks again: what was seen may be what is no longer there.
      this.#seen = null;
      this.#refined.forget();
      if (error instanceof AppError && error.code === 'cancelled') return;
      this.state = { kind: 'failed', message: messageOf(error) };
    });
  }

  async #run(image: OpenImage, signal: AbortSignal): Promise<void> {
    if (this.network === null) await this.load();
    if (this.network?.network === null) {
      this.state = { kind: 'off' };
      return;
    }
    const seen = await this.#look(image, signal);
    signal.throwIfAborted();
    const prompts = this.#prompts;
    if (prompts === null) {
      this.state = { kind: 'ready' };
      await this.#lookAhead(signal);
      return;
    }
    this.state = { kind: 'asking' };
    // A short answer is waited for: to cancel it would end its process, which takes longer to start again.
    await this.#answering;
    signal.throwIfAborted();
    const { points, box } = prompts;
    const answer = this.#api.call('prompts.masks', {
      ...{ project: this.#project, picture: seen.picture, region: seen.region },
      points: [...points],
      ...(box === null ? {} : { box }),
      ...this.#from(prompts, seen),
    });
    this.#answering = answer.catch(() => undefined);
    const masks = await answer;
    signal.throwIfAborted();
    this.#answered = prompts;
    this.#propose(masks);
    this.state = { kind: masks.length === 0 ? 'nothing' : 'shown' };
  }

  /** What the network is to begin with, if anything: a mask that it answered, or what is painted. */
  #from(prompts: Prompts, { picture, region }: Seen): Pick<CallInput<'prompts.masks'>, 'from'> {
    const mask = this.#refined.maskOf(prompts, picture);
    if (mask !== null) return { from: { mask } };
    const { shape } = prompts;
    return shape === null ? {} : { from: { runs: [...runsIn(region, shape).runs] } };
  }

  async #look(image: OpenImage, signal: AbortSignal): Promise<Seen> {
    const region = this.#wantedRegion(image);
    const display = this.#host.display();
    const last = this.#seen;
    if (last !== null && last.region === region && last.display === display) return last;
    this.state = { kind: 'looking', share: 0 };
    const { picture } = await this.#api.call(
      'prompts.prepare',
      {
        ...{ project: this.#project, imageId: image.id, region },
        ...(display === null ? {} : { display: asSent(display) }),
      },
      {
        signal,
        onProgress: ({ done, total }) => {
          if (!signal.aborted) this.state = { kind: 'looking', share: done / total };
        },
      },
    );
    const seen = { picture, region, display };
    if (!signal.aborted) this.#seen = seen;
    return seen;
  }

  /** So that an image that is opened next need not be waited for. It gives way to anything else. */
  async #lookAhead(signal: AbortSignal): Promise<void> {
    for (const image of this.#ahead) {
      if (signal.aborted) return;
      const region = promptRegion({
        ...{ image, needed: null, last: null },
        view: { x0: 0, y0: 0, x1: image.width, y1: image.height },
      });
      const input = { project: this.#project, imageId: image.id, region, ahead: true };
      // Trouble with an image is told when it is opened.
      await this.#api.call('prompts.prepare', input, { signal }).catch(() => undefined);
    }
  }
}

/** Lists that can be written to, as a call wants them. */
const asSent = ({ channels, ...tone }: Display) => ({
  ...tone,
  channels: channels.map(({ color: [red, green, blue], ...channel }) => ({
    ...channel,
    color: [red, green, blue] as [number, number, number],
  })),
});
