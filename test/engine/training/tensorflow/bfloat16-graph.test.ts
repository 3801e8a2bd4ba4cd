import { describe, expect, it } from 'vitest';
import {
  type Attributes,
  Bfloat16Graph,
} from '../../../../engine/training/tensorflow/bfloat16-graph.ts';
import {
  attribute,
  DT_BFLOAT16,
  DT_FLOAT,
} from '../../../../engine/training/tensorflow/graph-def.ts';

interface Node {
  readonly op: string;
  readonly edges: readonly string[];
  readonly attributes: Attributes;
}

function graph(activations: boolean) {
  const nodes: Node[] = [];
  const bfloat16 = new Bfloat16Graph(
    (op, edges, attributes) => {
      nodes.push({ op, edges, attributes });
      return `${op}${nodes.filter((node) => node.op === op).length}`;
    },
    { activations },
  );
  const image = [1, 4, 4, 8];
  return {
    nodes,
    bfloat16,
    /** `channels`: of the kernel's results. */
    convolution: (edge: string, kernel: string, channels = 8) =>
      bfloat16.operation('Conv2D', [edge, kernel], [], [image, [3, 3, 8, channels]]),
    other: (op: string, ...edges: string[]) => bfloat16.operation(op, edges, [], []),
    casts: () => nodes.filter(({ op }) => op === 'Cast').map(({ edges }) => edges[0]),
  };
}

const typed = (type: number) => ['T', attribute('type', type)];

describe('a graph in bfloat16', () => {
  it('leaves bfloat16 nowhere between two convolutions', () => {
    const { convolution, other, casts, nodes } = graph(true);
    const first = convolution('image', 'kernel');
    const normal = other('GraftBatchNorm', first, 'gamma', 'beta');
    const sum = other('Add', other('GraftMaxPool', normal), other('Relu', first));
    convolution(sum, 'other kernel');
    expect(casts()).toEqual(['image', 'kernel', 'other kernel']);
    // Parameters of a normalisation stay in float32.
    const norm = nodes.find(({ op }) => op === 'GraftBatchNorm');
    expect(norm?.edges).toEqual(['Conv2D1', 'gamma', 'beta']);
    expect(norm?.attributes).toContainEqual(typed(DT_BFLOAT16));
  });

  it('widens once for what has no rule, and for what comes out', () => {
    const { convolution, other, casts, bfloat16 } = graph(true);
    const first = convolution('image', 'kernel');
    other('Mean', first, 'axes');
    other('Softmax', first);
    expect(bfloat16.wide(first)).toBe('Cast3');
    expect(casts()).toEqual(['image', 'kernel', first]);
    // What is in float32 already comes as it is.
    expect(bfloat16.wide('Mean1')).toBe('Mean1');
  });

  it('keeps in float32 what no convolution gave, sums of two types, and heads of few channels', () => {
    const { convolution, other, nodes } = graph(true);
    other('Relu', 'image');
    const wide = convolution('image', 'kernel', 7);
    const narrow = convolution('image', 'kernel');
    other('Add', wide, narrow);
    const types = nodes.map(({ attributes }) => attributes.find(([name]) => name === 'T')?.[1]);
    const narrowOnes = nodes.filter(
      (_, i) => JSON.stringify(types[i]) === JSON.stringify(attribute('type', DT_BFLOAT16)),
    );
    expect(narrowOnes.map(({ op }) => op)).toEqual(['Conv2D']);
    expect(nodes.at(-1)).toMatchObject({ op: 'Add', edges: ['Conv2D1', 'Cast3'] });
  });

  it('without activations gives every convolution’s result in float32, as older runs began', () => {
    const { convolution, other, nodes } = graph(false);
    const first = convolution('image', 'kernel');
    expect(first).toBe('Cast3');
    other('GraftBatchNorm', first, 'gamma', 'beta');
    expect(nodes.at(-1)?.attributes).toEqual([]);
    convolution(first, 'kernel');
    // The kernel's rounded values serve again.
    expect(nodes.filter(({ op }) => op === 'Cast').map(({ edges }) => edges[0])).toEqual([
      ...['image', 'kernel', 'Conv2D1', first, 'Conv2D2'],
    ]);
  });

  it('replaces the type that an operation came with', () => {
    const { bfloat16, nodes } = graph(true);
    const shapes = [
      [1, 4, 4, 8],
      [3, 3, 8, 8],
    ];
    const float = ['T', attribute('type', DT_FLOAT)] as const;
    bfloat16.operation('Conv2D', ['image', 'kernel'], [float], shapes);
    expect(nodes.at(-1)?.attributes).toEqual([typed(DT_BFLOAT16)]);
  });
});
