/**
 * What of a recorded graph computes in bfloat16. Mixed precision as published (Micikevicius et al. 2018, arXiv 1710.03740;
 * with bfloat16, which needs no scaling of the loss, Kalamkar et al. 2019, arXiv 1905.12322): convolutions take and give
 * bfloat16, and so does what lies between two of them. Sums inside of an operation, statistics of a normalisation, losses,
 * parameters and all of the optimiser are float32, as is every operation that has no rule here: values are widened for it.
 */
import { DT_BFLOAT16, DT_FLOAT, attribute, type Attribute } from './graph-def.ts';

export type Attributes = readonly (readonly [name: string, value: Attribute])[];

/** Adds a node to the graph; returns its name, which is the edge of its first result. */
type AddNode = (op: string, edges: readonly string[], attributes: Attributes) => string;

export interface NarrowOptions {
  /** Whether activations stay in bfloat16 between convolutions; else each convolution gives its result in float32. */
  readonly activations: boolean;
}

interface Rule {
  /** Those of its inputs that are of the type T; the first result is, too, and no other. */
  readonly inputs: readonly number[];
  /** Those that decide: where all of them are in bfloat16, so is the operation. null: it is in any case. */
  readonly follows: readonly number[] | null;
}

/** The second factor of the inputs has the channels of the result last, for each of the three alike. */
const CONVOLUTIONS: Readonly<Record<string, Rule>> = {
  Conv2D: { inputs: [0, 1], follows: null },
  Conv2DBackpropFilter: { inputs: [0, 2], follows: null },
  Conv2DBackpropInput: { inputs: [1, 2], follows: null },
};

/** What lies between convolutions. */
const ACTIVATIONS: Readonly<Record<string, Rule>> = {
  Add: { inputs: [0, 1], follows: [0, 1] },
  BiasAdd: { inputs: [0, 1], follows: [0] },
  GraftBatchNorm: { inputs: [0], follows: [0] },
  GraftBatchNormGrad: { inputs: [0, 1], follows: [1] },
  GraftMaxPool: { inputs: [0], follows: [0] },
  GraftMaxPoolGrad: { inputs: [0, 1], follows: [0] },
  MaxPool: { inputs: [0], follows: [0] },
  MaxPoolGrad: { inputs: [0, 1, 2], follows: [0] },
  PadV2: { inputs: [0, 2], follows: [0] },
  Relu: { inputs: [0], follows: [0] },
  ReluGrad: { inputs: [0, 1], follows: [1] },
  Relu6: { inputs: [0], follows: [0] },
  Relu6Grad: { inputs: [0, 1], follows: [1] },
  Reshape: { inputs: [0], follows: [0] },
  Slice: { inputs: [0], follows: [0] },
};

/** Narrower convolutions stay in float32: they cost little, and a head's logits want their digits. */
const MIN_CHANNELS = 8;

export class Bfloat16Graph {
  readonly #addNode: AddNode;
  readonly #rules: Readonly<Record<string, Rule>>;
  readonly #keepsActivations: boolean;
  /** Edges that carry bfloat16. */
  readonly #narrow = new Set<string>();
  /** Of an edge, the one with the same values in the other type. */
  readonly #casts = new Map<string, string>();

  constructor(addNode: AddNode, { activations }: NarrowOptions) {
    this.#addNode = addNode;
    this.#rules = activations ? { ...CONVOLUTIONS, ...ACTIVATIONS } : CONVOLUTIONS;
    this.#keepsActivations = activations;
  }

  #cast(edge: string, to: 'float32' | 'bfloat16'): string {
    if (this.#narrow.has(edge) === (to === 'bfloat16')) return edge;
    const known = this.#casts.get(edge);
    if (known !== undefined) return known;
    const [source, target] = to === 'bfloat16' ? [DT_FLOAT, DT_BFLOAT16] : [DT_BFLOAT16, DT_FLOAT];
    const cast = this.#addNode(
      'Cast',
      [edge],
      [
        ['SrcT', attribute('type', source)],
        ['DstT', attribute('type', target)],
      ],
    );
    this.#casts.set(edge, cast);
    if (to === 'bfloat16') this.#narrow.add(cast);
    return cast;
  }

  /** The edge with these values in float32; edges of other types come back as they are. */
  wide(edge: string): string {
    return this.#cast(edge, 'float32');
  }

  #ruleFor(op: string, edges: readonly string[], channels: number): Rule | undefined {
    const rule = this.#rules[op];
    if (rule === undefined) return undefined;
    const applies =
      rule.follows === null
        ? channels >= MIN_CHANNELS
        : rule.follows.every((index) => this.#narrow.has(edges[index] ?? ''));
    return applies ? rule : undefined;
  }

  /**
   * Adds an operation in the type that is its; returns the edge of its first result.
   * `shapes`: of the inputs; the last side of a convolution's second factor are its channels.
   */
  operation(
    op: string,
    edges: readonly string[],
    attributes: Attributes,
    shapes: readonly (readonly number[])[],
  ): string {
    const factor = CONVOLUTIONS[op]?.inputs[1];
    const channels = factor === undefined ? 0 : (shapes[factor]?.[3] ?? 0);
    const rule = this.#ruleFor(op, edges, channels);
    if (rule === undefined) {
      return this.#addNode(
        op,
        edges.map((edge) => this.wide(edge)),
        attributes,
      );
    }
    const typed = edges.map((edge, i) =>
      this.#cast(edge, rule.inputs.includes(i) ? 'bfloat16' : 'float32'),
    );
    const result = this.#addNode(op, typed, [
      ...attributes.filter(([name]) => name !== 'T'),
      ['T', attribute('type', DT_BFLOAT16)],
    ]);
    this.#narrow.add(result);
    return this.#keepsActivations ? result : this.wide(result);
  }
}
