/**
 * How good a live training is on the images that it never trains on, and when it is time to measure that again: it may
 * take its share of the time, however many images are held out.
 */
import type { Dataset, LivePoint } from '../../../shared/entities.ts';
import { scoredClasses } from '../../../shared/foreground.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import type { AnyTile } from '../images/tiles.ts';
import { pooledDice, type ValidationView, validationViews } from '../scoring/evaluation.ts';
import { mostProbable } from '../scoring/predict.ts';
import { inputsAPass } from '../scoring/segmenter.ts';
import type { LabelSet, Member } from './label-set.ts';
import type { LiveNetwork } from './network.ts';

/** Steps between two measurements, at least; they take no more than a fifth of the time. */
const MEASURE_EVERY = 50;
const MEASURE_SHARE = 0.2;
/** Before that it is as good as its random start. */
const FIRST_AT = 20;

/** How far the training is. */
interface At {
  readonly step: number;
  /** Time spent in steps since its process began. */
  readonly trainedMs: number;
}

interface Measuring {
  readonly network: Pick<LiveNetwork, 'probabilities' | 'classes'>;
  readonly labels: Pick<LabelSet, 'trained' | 'heldOut'>;
  readonly dataset: Pick<Dataset, 'classes' | 'hasBackground'>;
  readonly sizePx: number;
  /** null: it cannot be read, which is dealt with. */
  readonly tileOf: (member: Member) => Promise<AnyTile | null>;
  /** Called between two passes through the network; false: no more of it. */
  readonly between: () => Promise<boolean>;
}

export class HeldOutScore {
  #latest: LivePoint | null = null;
  #began: At = { step: -Infinity, trainedMs: 0 };
  #tookMs = 0;

  get latest(): LivePoint | null {
    return this.#latest;
  }

  /** Other images or classes than those it was measured on: the next chance is taken. */
  outdate(): void {
    this.#began = { step: -Infinity, trainedMs: 0 };
  }

  isOf(step: number): boolean {
    return this.#began.step === step;
  }

  isDue({ step, trainedMs }: At): boolean {
    if (this.#began.step === -Infinity) return step >= FIRST_AT;
    if (step - this.#began.step < MEASURE_EVERY) return false;
    return (trainedMs - this.#began.trainedMs) * MEASURE_SHARE >= this.#tookMs;
  }

  async measure(at: At, measuring: Measuring): Promise<void> {
    const { network, labels, dataset, sizePx, tileOf, between } = measuring;
    this.#began = at;
    let ownMs = 0;
    const truths: LabelMap[] = [];
    const predictions: LabelMap[] = [];
    const atOnce = inputsAPass(sizePx);
    let views: ValidationView[] = [];
    const predictViews = async () => {
      const began = performance.now();
      const probabilities = await network.probabilities(views.map(({ pixels }) => pixels));
      for (const [i, { truth }] of views.entries()) {
        const data = mostProbable(probabilities[i] ?? new Float32Array(), network.classes);
        predictions.push({ width: sizePx, height: sizePx, data });
        truths.push(truth);
      }
      views = [];
      ownMs += performance.now() - began;
    };
    const { heldOut } = labels;
    for (const member of heldOut) {
      const tile = await tileOf(member);
      if (tile !== null) views.push(...validationViews(tile, sizePx));
      if (views.length < atOnce) continue;
      await predictViews();
      if (!(await between())) return;
    }
    if (views.length > 0) await predictViews();
    this.#tookMs = ownMs;
    const scored = scoredClasses(dataset);
    const dice = pooledDice(predictions, truths, { count: network.classes, scored });
    this.#latest =
      dice === null
        ? null
        : { step: at.step, dice, images: labels.trained.length, heldOut: heldOut.length };
  }
}
