/** What a decoded mask is. It is decoded by decode-mask.ts. */
import type { AlphaSamples } from './decoded-image.ts';
import type { MaskKind, MaskSamples, ValueEvidence } from './mask-evidence.ts';

export interface DecodedMask extends ValueEvidence {
  readonly width: number;
  readonly height: number;
  readonly kind: MaskKind;
  /** [height, width] */
  readonly values: MaskSamples;
  readonly alpha: MaskAlpha | null;
  /**
   * The number of the object of each pixel, where the source tells its objects apart; 0: of none. All pixels of an object
   * have one value. [height, width]
   */
  readonly objects?: Uint32Array | undefined;
  /** Whether its values were too large for classes and so number objects: `values` is 255 where there is one. */
  readonly isNumbered?: boolean | undefined;
  /** What was dropped or changed on the way, in words. */
  readonly notes: readonly string[];
}

/** The alpha channel of a mask, which is left out unless it is what holds the mask (import/mask-channel.ts). */
export interface MaskAlpha extends ValueEvidence {
  /** [height, width] */
  readonly values: AlphaSamples;
  /** Pixels that are not opaque. */
  readonly transparent: number;
  /** Pixels that are nearer to transparent, of a colour that others have which are not. */
  readonly hidden: number;
}
