/** How image and labels are shown: stays from image to image, and touches no data. */
import { BACKGROUND, IGNORE } from '../../shared/entities.ts';
import {
  autoContrast,
  type ChannelDisplay,
  defaultDisplay,
  type Display,
  type DisplayedImage,
  displayImage,
  type ImagePixels,
} from '../../shared/display.ts';
import { type ClassLook, packColor, paletteOf } from '../canvas/label-raster.ts';
import { SHOWN_NUMBERS } from '../canvas/object-layer.ts';
import type { LabelLook } from '../canvas/stage.ts';
import type { AnnotateHabits } from './annotate-habits.ts';

/** Grey that no class has: ignored pixels are neither of a class nor of the background. */
export const IGNORE_COLOR = '#8a8f98';

/** Of strokes on a background: seen on dark, bright and stained images. */
export const SCRIBBLED_BACKGROUND_COLOR = '#00e5ff';

/**
 * Outlines of objects, one after the other: Okabe and Ito's colours, which people with any colour vision tell apart, but for
 * black, which is not seen on dark images.
 */
const OBJECT_COLORS = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#cc79a7',
  '#0072b2',
  '#d55e00',
  '#ffffff',
] as const;

const OBJECT_PALETTE = new Uint32Array(256);
for (let number = 1; number <= SHOWN_NUMBERS; number++) {
  OBJECT_PALETTE[number] = packColor(OBJECT_COLORS[number % OBJECT_COLORS.length] ?? '#ffffff');
}

/** Of objects. */
export const objectLook = (visible: boolean): LabelLook => ({
  palette: OBJECT_PALETTE,
  style: 'outline',
  opacity: 1,
  visible,
});

export class AnnotateLook {
  style = $state.raw<AnnotateHabits['style']>('fill');
  opacity = $state(0.5);
  visible = $state(true);
  predictionVisible = $state(true);
  /** The labels hold all of it as it is: nothing is proposed any more. */
  predictionTaken = $state(false);
  dataset = $state.raw<ClassLook>({ classes: [], hasBackground: true });
  #display = $state.raw<Display | null>(null);
  #pixels = $state.raw<ImagePixels | null>(null);

  readonly #palette = $derived(paletteOf(this.dataset, IGNORE_COLOR));
  /** What a network leaves out is not to be seen. */
  readonly #predicted = $derived(this.#palette.with(IGNORE, 0));
  readonly displayed: DisplayedImage | null = $derived(
    this.#pixels === null || this.#display === null
      ? null
      : displayImage(this.#pixels, this.#display),
  );
  readonly labels: LabelLook = $derived({
    palette: this.#palette,
    style: this.style,
    opacity: this.style === 'fill' ? this.opacity : 1,
    visible: this.visible,
  });
  readonly prediction: LabelLook = $derived({
    palette: this.#predicted,
    style: 'hatch',
    opacity: 0.9,
    visible: this.predictionShown,
  });

  /** Strokes of the background are seen as well. */
  readonly scribbles: LabelLook = $derived({
    palette: paletteOf({ ...this.dataset, hasBackground: false }, IGNORE_COLOR)
      .with(IGNORE, 0)
      .with(
        BACKGROUND,
        this.dataset.hasBackground
          ? packColor(SCRIBBLED_BACKGROUND_COLOR)
          : (this.#palette[BACKGROUND] ?? 0),
      ),
    style: 'fill',
    opacity: 1,
    visible: true,
  });

  constructor({ style, opacity }: Pick<AnnotateHabits, 'style' | 'opacity'>) {
    this.style = style;
    this.opacity = opacity;
  }

  get predictionShown(): boolean {
    return this.predictionVisible && !this.predictionTaken;
  }

  get display(): Display | null {
    return this.#display;
  }

  get pixels(): ImagePixels | null {
    return this.#pixels;
  }

  /** Shows another image. Tones and colours are kept, and channels where there are as many; ranges are its own. */
  show(pixels: ImagePixels | null): void {
    if (pixels !== null && pixels !== this.#pixels) {
      const fresh = defaultDisplay(pixels);
      const last = this.#display;
      const alike = last !== null && last.channels.length === fresh.channels.length;
      this.#display = {
        ...fresh,
        ...(last === null
          ? {}
          : { brightness: last.brightness, contrast: last.contrast, gamma: last.gamma }),
        channels: fresh.channels.map((channel, i) => {
          const kept = alike ? last.channels[i] : undefined;
          return kept === undefined
            ? channel
            : { ...channel, visible: kept.visible, color: kept.color };
        }),
      };
    }
    this.#pixels = pixels;
  }

  setTone(change: Partial<Pick<Display, 'brightness' | 'contrast' | 'gamma'>>): void {
    if (this.#display !== null) this.#display = { ...this.#display, ...change };
  }

  setChannel(index: number, change: Partial<ChannelDisplay>): void {
    if (this.#display === null) return;
    const channels = this.#display.channels.map((channel, i) =>
      i === index ? { ...channel, ...change } : channel,
    );
    this.#display = { ...this.#display, channels };
  }

  /** Black and white where nearly all samples of this image lie between. */
  autoContrast(): void {
    if (this.#pixels === null || this.#display === null) return;
    const ranges = autoContrast(this.#pixels);
    const channels = this.#display.channels.map((channel, i) => ({ ...channel, ...ranges[i] }));
    this.#display = { ...this.#display, channels };
  }

  reset(): void {
    if (this.#pixels !== null) this.#display = defaultDisplay(this.#pixels);
  }
}
