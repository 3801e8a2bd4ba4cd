/**
 * What lies over the open image: a prediction of a run, what a network answers, or what the live training sees, which is
 * asked for anew as that learns. Shown, hidden and accepted here; what each of them is, annotate-prediction, -network and
 * -live know.
 */
import type { Dataset } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Helper } from '../../shared/helpers.ts';
import { acceptAll } from '../canvas/accept.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import { type ToolName, TOOLS } from '../canvas/tools/all-tools.ts';
import type { ToolDescriptor } from '../canvas/tools/tool.ts';
import type { Rect } from '../canvas/viewport.ts';
import type { AnnotateDocument } from './annotate-document.ts';
import type { AnnotateLive } from './annotate-live.svelte.ts';
import type { AnnotateLook } from './annotate-look.svelte.ts';
import type { AnnotateObjects } from './annotate-objects.svelte.ts';
import type { AnnotateNetwork } from './annotate-network.svelte.ts';
import type { AnnotatePrediction } from './annotate-prediction.svelte.ts';
import type { AnnotateTools } from './annotate-tools.svelte.ts';
import { firstSeen } from './first-seen.ts';
import { LiveFollower } from './live-follower.ts';

interface Parts {
  readonly tools: AnnotateTools;
  readonly look: AnnotateLook;
  readonly prediction: AnnotatePrediction;
  readonly network: AnnotateNetwork;
  readonly live: AnnotateLive;
  readonly objects: AnnotateObjects;
}

interface Surroundings {
  readonly document: () => AnnotateDocument | null;
  readonly dataset: () => Dataset | null;
  readonly blank: () => number;
  /** The editor works on what is displayed now. */
  readonly reopenEditor: () => void;
  /** Ends once what a helper proposes is whole; null: it is, or nothing is proposed. */
  readonly proposing: () => Promise<unknown> | null;
  /** Labels were changed as one step. */
  readonly changed: () => void;
  /** Says something that somebody may have missed. */
  readonly notify: (text: string) => void;
  /** For work that nobody waits for. */
  readonly run: (work: () => Promise<void>) => void;
}

/** A prediction that the labels hold. */
interface Taken {
  readonly layer: LabelLayer;
  /** The entry of the history that took it over; null: they held it before the first. */
  readonly entry: number | null;
  readonly forget: () => void;
}

/** Milliseconds between looks whether the hand still draws. */
const HAND_MS = 30;

export class AnnotateOverlay {
  readonly #parts: Parts;
  readonly #around: Surroundings;
  readonly #follower: LiveFollower;
  /** Something is to be taken over once all of the prediction is there. */
  isWaiting = $state(false);
  #toTake: (() => void)[] = [];
  #taken: Taken | null = null;

  constructor(parts: Parts, around: Surroundings) {
    this.#parts = parts;
    this.#around = around;
    const { tools, look, prediction, live } = parts;
    this.#follower = new LiveFollower({
      isStale: () =>
        live.isFollowed &&
        live.canAnswer &&
        live.isBehind &&
        prediction.by === 'live' &&
        look.predictionShown,
      isInHand: () => tools.editor.isPainting || tools.kind.needsPrediction === true,
      ask: () => this.#seeAgain(),
    });
  }

  /** Of the open image: what its run or network predicted before; nothing is asked for. */
  async open(): Promise<void> {
    const document = this.#around.document();
    this.#parts.live.shown = null;
    this.#setTaken(null);
    await this.#parts.prediction.show(
      document === null ? null : { id: document.record.id, revisions: document.revisions },
    );
  }

  /** What is asked of every image that is opened, where somebody wants that. */
  askAlways(): void {
    const { live, network } = this.#parts;
    if (live.isAlways && live.canAnswer) this.#around.run(() => this.showLive());
    else if (network.isAlways) this.#around.run(() => this.predict());
  }

  close(): void {
    this.#follower.close();
    this.#parts.network.stop();
  }

  setVisible(visible: boolean): void {
    this.#parts.look.predictionVisible = visible;
    if (visible) this.#setTaken(null);
    this.#around.reopenEditor();
    this.#follower.news();
  }

  async choose(runId: number | null): Promise<void> {
    const { network, prediction, look, tools } = this.#parts;
    network.stop();
    prediction.runId = runId;
    look.predictionVisible = true;
    await this.open();
    this.#around.reopenEditor();
    if (runId === null && tools.kind.needsPrediction === true) tools.setTool('brush');
  }

  /** Shows what a network predicts in the open image, or in a part of it. Errors: not-found; those of predict.image. */
  async predict(area: Rect | null = null): Promise<void> {
    const document = this.#around.document();
    if (document === null) return;
    const { network, prediction, live } = this.#parts;
    const picked = network.pick(prediction.runId, this.#around.dataset());
    const blank = this.#around.blank();
    try {
      const answer = await network.ask({ runId: picked, image: document.record, area, blank });
      if (this.#around.document() !== document) return;
      live.shown = null;
      prediction.showAnswer(picked, answer);
      this.setVisible(true);
    } catch (error) {
      // Somebody stopped it, asked anew or went on: nothing is missing.
      if (!(error instanceof AppError) || error.code !== 'cancelled') throw error;
    }
  }

  /** A helper proposes labels for the open image; the layer goes on changing. */
  propose(by: Helper, layer: LabelLayer): void {
    const { prediction, network, live } = this.#parts;
    if (prediction.layer === layer) return;
    network.stop();
    live.shown = null;
    prediction.showOf(by, layer);
    this.setVisible(true);
  }

  /** All of a helper's proposal is there: where the labels hold it already, nothing is proposed. */
  proposed(layer: LabelLayer): void {
    const document = this.#around.document();
    const isShown = this.#parts.prediction.layer === layer;
    if (document !== null && isShown && document.layer.equals(layer)) this.#take(document, layer);
  }

  withdraw(by: Helper): void {
    if (this.#parts.prediction.by === by) this.#around.run(() => this.choose(null));
  }

  // ───────────────────────────── of the live training ─────────────────────────────

  /** Shows what the training that goes on sees in the open image now. Errors: those of AnnotateLive.see. */
  async showLive(): Promise<void> {
    const document = this.#around.document();
    const { live, network, prediction, tools } = this.#parts;
    if (document === null || live.isAskingOf(document.record.id)) return;
    const began = performance.now();
    let isFirst = true;
    await live.see(document.record, {
      first: firstSeen(tools.editor.view),
      blank: this.#around.blank(),
      still: () => this.#follower.still(),
      show: (seen, step) => {
        // While the rest of it was computed, something else was laid over the image.
        if (this.#around.document() !== document || !(isFirst || prediction.by === 'live')) return;
        isFirst = false;
        network.stop();
        prediction.showOf('live', seen.layer, seen.area);
        live.shown = { step, at: Date.now() };
        this.setVisible(true);
      },
    });
    this.#follower.shown(performance.now() - began);
  }

  async showLiveAlways(always: boolean): Promise<void> {
    const { live } = this.#parts;
    live.setAlways(always);
    if (always && live.canAnswer) await this.showLive();
  }

  setFollowed(followed: boolean): void {
    this.#parts.live.setFollowed(followed);
    this.#follower.news();
  }

  async toggleLive(): Promise<void> {
    const { live } = this.#parts;
    await (live.isUnderWay ? live.pause() : live.start());
  }

  /** The live training went on. */
  liveNews(): void {
    this.#follower.news();
  }

  /** Somebody paints: what is shown stays for now. */
  stroke(): void {
    this.#follower.stroke();
    this.#parts.live.hand();
  }

  /** Answers with how to show it: into the layer that lies there, so that the editor keeps what it has in hand. */
  async #seeAgain(): Promise<(() => void) | null> {
    const document = this.#around.document();
    const { live, prediction } = this.#parts;
    const before = prediction.layer;
    if (document === null || before === null || live.isAsking) return null;
    const answers: { readonly layer: LabelLayer; readonly step: number }[] = [];
    await live.see(document.record, {
      first: [],
      blank: this.#around.blank(),
      still: () => this.#follower.still(),
      show: ({ layer }, step) => answers.push({ layer, step }),
    });
    const [answer] = answers;
    if (answer === undefined) return null;
    return () => {
      if (this.#around.document() !== document || prediction.layer !== before) return;
      before.become(answer.layer);
      live.shown = { step: answer.step, at: Date.now() };
    };
  }

  // ───────────────────────────── accepting ─────────────────────────────

  /**
   * Takes something over once all of the prediction is there and as the sliders say: now, mostly. Until then undo takes
   * that back.
   */
  onceWhole(take: () => void): void {
    this.#toTake.push(take);
    if (this.#toTake.length > 1) return;
    const document = this.#around.document();
    this.#around.run(() => this.#takeOnceWhole(document));
  }

  async #takeOnceWhole(document: AnnotateDocument | null): Promise<void> {
    const { tools, network } = this.#parts;
    const toTake = this.#toTake;
    const whole = () => network.drawing ?? this.#around.proposing();
    if (whole() !== null) {
      this.isWaiting = true;
      for (let rest = whole(); rest !== null; rest = whole()) {
        await rest;
        // A stroke under way comes first.
        while (tools.editor.isPainting) await new Promise((done) => setTimeout(done, HAND_MS));
        if (this.#toTake !== toTake) return;
        if (this.#around.document() !== document) {
          this.takeBack();
          const name = document?.record.name ?? 'The image';
          this.#around.notify(
            `${name} was left before all of it was proposed: nothing was accepted there.`,
          );
          return;
        }
      }
    }
    this.takeBack();
    for (const take of toTake) take();
  }

  /** Takes back what waits to be taken over. Returns whether there was something. */
  takeBack(): boolean {
    const had = this.#toTake.length > 0;
    this.#toTake = [];
    this.isWaiting = false;
    return had;
  }

  /** The history went on, forth or back: what was taken over may no longer be, or be again. */
  followHistory(): void {
    const { look, prediction } = this.#parts;
    const taken = this.#taken;
    const history = this.#around.document()?.history;
    const isTaken =
      taken !== null &&
      taken.layer === prediction.layer &&
      (taken.entry === null || history?.isDone(taken.entry) === true);
    if (look.predictionTaken === isTaken) return;
    look.predictionTaken = isTaken;
    this.#around.reopenEditor();
    this.#follower.news();
  }

  /** The labels hold all of a prediction, as long as neither it nor the step that took it over is another. */
  #take({ history }: AnnotateDocument, layer: LabelLayer): void {
    const entry = history.lastDone?.id ?? null;
    this.#setTaken({ layer, entry, forget: layer.onDirty(() => this.#setTaken(null)) });
  }

  #setTaken(taken: Taken | null): void {
    this.#taken?.forget();
    this.#taken = taken;
    this.followHistory();
  }

  /** Takes over the prediction in view, or, where the labels are one, says that they have been looked at. */
  accept(): void {
    if (this.#around.document() !== null) this.onceWhole(() => this.#acceptAll());
  }

  #acceptAll(): void {
    const document = this.#around.document();
    const { prediction, tools, look, objects } = this.#parts;
    if (document === null) return;
    tools.editor.finish();
    const { shown, isOfSomebody, whose } = prediction;
    let changed = false;
    if (shown !== null && look.predictionShown) {
      const { keepOthers } = tools.settings;
      const { layer: labels, history } = document;
      const blank = this.#around.blank();
      const isWhole = prediction.frame === null;
      const asObjects = shown.objects != null && objects.takes(isWhole && !keepOthers);
      changed = acceptAll(shown, { layer: labels, history, keepOthers, blank, asObjects });
      if (asObjects) objects.follow();
      if (changed && isOfSomebody) document.noteAccepted(whose);
      this.#around.changed();
      if (!keepOthers) this.#take(document, shown.layer);
    }
    // Labels that are the prediction already are saved as they are: somebody has looked at them.
    if (!changed && document.isUnreviewed) document.autosave.touch();
  }

  /** A tool that takes over what somebody else drew has made a step: whose it was is noted. */
  committed({ needsPrediction, asksForMasks }: ToolDescriptor): void {
    const { prediction } = this.#parts;
    const document = this.#around.document();
    if (asksForMasks !== undefined) document?.noteAccepted({ runId: null, helper: asksForMasks });
    if (needsPrediction !== true) return;
    const { isOfSomebody, whose } = prediction;
    if (isOfSomebody) document?.noteAccepted(whose);
  }

  /** Takes a tool in hand; one that needs a prediction only where there is one. */
  takeTool(tool: ToolName): void {
    if (TOOLS[tool].needsPrediction === true) this.acceptByRegion();
    else this.#parts.tools.setTool(tool);
  }

  /** Takes the tool that accepts regions in hand; labels that are a prediction become the overlay it works on. */
  acceptByRegion(): void {
    const document = this.#around.document();
    const { prediction, tools } = this.#parts;
    const predicted = document?.isUnreviewed === true ? document.revisions[0] : undefined;
    const runId = predicted?.runId ?? null;
    const helper = predicted?.helpers[0];
    if (document !== null && helper !== undefined) {
      const { width, height } = document.layer;
      const layer = new LabelLayer(width, height, this.#around.blank());
      layer.become(document.layer);
      prediction.showOf(helper, layer);
      this.setVisible(true);
      this.#emptyForReview(document);
      return;
    }
    if (document === null || runId === null) {
      if (prediction.layer !== null) tools.setTool('accept');
      return;
    }
    this.#around.run(async () => {
      await this.choose(runId);
      if (this.#around.document() !== document || prediction.layer === null) return;
      this.#emptyForReview(document);
    });
  }

  #emptyForReview(document: AnnotateDocument): void {
    const { tools } = this.#parts;
    tools.editor.finish();
    document.emptyForReview(this.#around.blank());
    tools.setTool('accept');
    this.#around.changed();
  }
}
