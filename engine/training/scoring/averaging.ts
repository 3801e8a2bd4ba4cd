/**
 * What several looks at an image agree on: the mean of the class probabilities of networks that were trained alike, and
 * of one image flipped and turned (test-time augmentation). As costly as it has looks.
 */
import { type Segmenter, valuesOf, type WeightTensors } from './segmenter.ts';

/** A place in the picture that is looked at → the place in the input: columns and rows exchanged first, then flipped. */
export interface Symmetry {
  readonly transposed: boolean;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

const NO: readonly Symmetry[] = [{ transposed: false, flipX: false, flipY: false }];
const FLIPS: readonly Symmetry[] = [false, true].flatMap((flipX) =>
  [false, true].map((flipY) => ({ transposed: false, flipX, flipY })),
);
const ALL: readonly Symmetry[] = [...FLIPS, ...FLIPS.map((one) => ({ ...one, transposed: true }))];

/**
 * Flips along both axes and the half turn; of what is as wide as it is high, the quarter turns and diagonal flips too.
 * The identity is among them, first.
 */
export const symmetriesOf = (options: {
  readonly flips: boolean;
  /** Whether the network sees a square: windows always, a whole image where it is one. */
  readonly square: boolean;
}): readonly Symmetry[] => (options.flips ? (options.square ? ALL : FLIPS) : NO);

/** Calls back with the index of each pixel of the picture, and that of the input's pixel that is seen there. */
function forEachPair(
  sizePx: number,
  { transposed, flipX, flipY }: Symmetry,
  visit: (picture: number, input: number) => void,
): void {
  for (let y = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++) {
      const [u, v] = transposed ? [y, x] : [x, y];
      const column = flipX ? sizePx - 1 - u : u;
      const row = flipY ? sizePx - 1 - v : v;
      visit(y * sizePx + x, row * sizePx + column);
    }
  }
}

function lookedAt(input: Float32Array, sizePx: number, symmetry: Symmetry): Float32Array {
  if (symmetry === NO[0] || symmetry === ALL[0]) return input;
  const channels = input.length / sizePx ** 2;
  const out = new Float32Array(input.length);
  forEachPair(sizePx, symmetry, (picture, from) => {
    for (let c = 0; c < channels; c++) {
      out[picture * channels + c] = input[from * channels + c] ?? 0;
    }
  });
  return out;
}

/** A segmenter that passes every input through each member under each symmetry; the weights it is called with are not used. */
export function averaging(
  segmenter: Segmenter,
  options: {
    /** Weights of each network, of the specs that the segmenter was made for. */
    readonly members: readonly (readonly WeightTensors[])[];
    readonly symmetries: readonly Symmetry[];
  },
): Segmenter {
  const { members, symmetries } = options;
  const { sizePx } = segmenter;
  const values = valuesOf(segmenter);
  const looks = members.length * symmetries.length;
  return {
    ...segmenter,
    async probabilities(_, inputs) {
      const [only] = members;
      if (looks === 1 && only !== undefined) return segmenter.probabilities(only, inputs);
      const means = inputs.map(() => new Float32Array(sizePx * sizePx * values));
      for (const symmetry of symmetries) {
        const pictures = inputs.map((input) => lookedAt(input, sizePx, symmetry));
        for (const weights of members) {
          const looked = await segmenter.probabilities(weights, pictures);
          looked.forEach((seen, i) => {
            const mean = means[i] ?? new Float32Array();
            forEachPair(sizePx, symmetry, (picture, to) => {
              for (let c = 0; c < values; c++) {
                const at = to * values + c;
                mean[at] = (mean[at] ?? 0) + (seen[picture * values + c] ?? 0) / looks;
              }
            });
          });
        }
      }
      return means;
    },
  };
}
