/**
 * A simulated hand: how long it takes to point, to press and to follow a way, by laws of human movement. Their constants
 * are of the literature, not of Graft: they say how ways of labelling compare, not how quick somebody is.
 *
 * Pointing: Fitts' law in the form of ISO 9241-9, log2(distance / width + 1) bits at 4.3 bit/s (a mouse: Soukoreff and
 * MacKenzie, IJHCS 61, 2004). Following: the steering law (Accot and Zhai, CHI 1997), length / width at 20 /s. Press or
 * let go of a button: .1 s; a key: .28 s (Card, Moran and Newell, CACM 23, 1980). Thinking is not counted: what an object
 * is has to be seen with every tool. All lengths are pixels of the image.
 */

const BITS_PER_SECOND = 4.3;
const STEERING_PER_SECOND = 20;
const BUTTON_SECONDS = 0.1;
const KEY_SECONDS = 0.28;
/** How long a button is held at most: a longer way takes several strokes. */
const HELD_SECONDS = 5;
/** A brush so many times larger or smaller does as well. */
const SAME_SIZE = 1.3;

export interface Place {
  readonly x: number;
  readonly y: number;
}

export class Hand {
  seconds = 0;
  /** Clicks, drags and keys. */
  actions = 0;
  /** Of these, those that only go on with a way that is too long for one. */
  lifted = 0;
  #at: Place = { x: 0, y: 0 };
  #brushPx: number | null = null;

  #point(to: Place, widthPx: number): void {
    const far = Math.hypot(to.x - this.#at.x, to.y - this.#at.y);
    this.seconds += Math.log2(far / Math.max(1, widthPx) + 1) / BITS_PER_SECOND;
    this.#at = to;
  }

  /** Clicks somewhere in a target so wide. */
  click(to: Place, widthPx: number): void {
    this.#point(to, widthPx);
    this.seconds += 2 * BUTTON_SECONDS;
    this.actions++;
  }

  /** Drags a box from corner to corner; `widthPx`: how exactly these have to be hit. */
  box(from: Place, to: Place, widthPx: number): void {
    this.#point(from, widthPx);
    this.seconds += BUTTON_SECONDS;
    this.#point(to, widthPx);
    this.seconds += BUTTON_SECONDS;
    this.actions++;
  }

  /** Draws a stroke of a length within a tunnel so wide. */
  stroke(from: Place, options: { readonly to: Place; lengthPx: number; widthPx: number }): void {
    const { to, lengthPx, widthPx } = options;
    this.#point(from, widthPx);
    const seconds = lengthPx / Math.max(1, widthPx) / STEERING_PER_SECOND;
    // A hand that has to be lifted begins anew where it was.
    const strokes = Math.max(1, Math.ceil(seconds / HELD_SECONDS));
    this.seconds += strokes * 2 * BUTTON_SECONDS + seconds;
    this.#at = to;
    this.actions += strokes;
    this.lifted += strokes - 1;
  }

  /** A stroke with a brush of this size, which is changed by a drag with Alt where another one is in hand. */
  brush(from: Place, options: { readonly lengthPx: number; readonly widthPx: number }): void {
    const { widthPx } = options;
    const before = this.#brushPx ?? widthPx;
    if (Math.max(widthPx / before, before / widthPx) > SAME_SIZE) {
      this.seconds += KEY_SECONDS + 2 * BUTTON_SECONDS;
      this.actions++;
      this.#brushPx = widthPx;
    }
    this.#brushPx ??= widthPx;
    this.stroke(from, { ...options, to: from });
  }

  /** How long a stroke with the brush would take from here. */
  secondsOf(from: Place, way: { readonly lengthPx: number; readonly widthPx: number }): number {
    const other = new Hand();
    other.#at = this.#at;
    other.#brushPx = this.#brushPx;
    other.brush(from, way);
    return other.seconds;
  }

  key(): void {
    this.seconds += KEY_SECONDS;
    this.actions++;
  }
}
