/**
 * TexShapes (docs/method.md §6): textured shapes on a background of the same mean grey, so that a network
 * must learn texture. A source task with four textures to pretrain on, and a binary target task in
 * which one of them is to be found among decoys. Source and target are both RGB; only the source is tinted.
 */
import { createRandom, type Random } from '../../../shared/random.ts';
import { expose } from './exposure.ts';
import {
  classesOf,
  type DrawOptions,
  type GeneratedImage,
  type Generator,
  imageName,
} from './generator.ts';
import { drawShape, Scene, type Shape, SHAPES } from './shapes.ts';
import { drawTexture, type Texture } from './textures.ts';
import { valueNoise } from './value-noise.ts';

export type TexShapesKind = 'source' | 'target' | 'far-target';

/** What the image class of a source image says; only `texture` hands classification the relevant feature. */
export type ImageLabel = 'texture' | 'shape' | 'count';

/** Class ids 1 … 4 of the source. */
const SOURCE_TEXTURES = ['stripes', 'checker', 'dots', 'granular'] as const satisfies Texture[];
const DECOYS = ['smooth', 'stripes'] as const satisfies Texture[];
const MAX_SOURCE_SHAPES = 5;
/** Share of the shapes after the first that repeat its texture, so that one dominates an image. */
const DOMINANCE = 0.5;

interface PlacedShape {
  readonly shape: Shape;
  readonly classId: number;
  readonly area: number;
}

/** A grey scene that shapes are put into, and the label map that goes with it. */
class Picture {
  readonly sizePx: number;
  readonly grey: Float64Array;
  readonly labels: Uint8Array;
  readonly placed: PlacedShape[] = [];
  readonly #scene: Scene;
  readonly #backgroundMean: number;

  constructor(background: Float64Array, sizePx: number) {
    this.sizePx = sizePx;
    this.grey = background;
    this.labels = new Uint8Array(background.length);
    this.#scene = new Scene(sizePx);
    this.#backgroundMean = background.reduce((a, b) => a + b, 0) / background.length;
  }

  add(options: {
    shape: Shape;
    radiusPx: number;
    texture: Texture;
    classId: number;
    amplitude: number;
    offset: number;
    random: Random;
  }): void {
    const { shape, radiusPx, texture, classId, amplitude, offset, random } = options;
    const outline = drawShape(shape, radiusPx, random);
    const pixels = this.#scene.place(outline, radiusPx, random);
    if (pixels === null) return;
    const field = drawTexture(texture, this.sizePx, random);
    const level = this.#backgroundMean + offset;
    for (const p of pixels) {
      this.grey[p] = level + amplitude * (field[p] ?? 0);
      this.labels[p] = classId;
    }
    this.placed.push({ shape, classId, area: pixels.length });
  }
}

const pick = <T>(items: readonly [T, ...T[]], random: Random): T =>
  items[random.below(items.length)] ?? items[0];

function drawSource(sizePx: number, random: Random): Picture {
  const base = 0.5 + random.uniform(-0.12, 0.12);
  const coarse = valueNoise(sizePx, 3, random);
  const smooth = drawTexture('smooth', sizePx, random);
  const picture = new Picture(
    coarse.map((v, i) => base + 0.075 * v + 0.08 * (smooth[i] ?? 0)),
    sizePx,
  );
  const dominant = random.below(SOURCE_TEXTURES.length);
  const count = 2 + random.below(MAX_SOURCE_SHAPES - 1);
  for (let k = 0; k < count; k++) {
    const repeats = k === 0 || random.next() < DOMINANCE;
    const texture = repeats ? dominant : random.below(SOURCE_TEXTURES.length);
    picture.add({
      shape: pick(SHAPES, random),
      radiusPx: sizePx * random.uniform(0.1, 0.22),
      texture: SOURCE_TEXTURES[texture] ?? SOURCE_TEXTURES[0],
      classId: 1 + texture,
      amplitude: random.uniform(0.1, 0.2),
      offset: random.uniform(-0.06, 0.06),
      random,
    });
  }
  return picture;
}

function drawTarget(sizePx: number, foreground: Texture, random: Random): Picture {
  const base = 0.5 + random.uniform(-0.12, 0.12);
  const smooth = drawTexture('smooth', sizePx, random);
  const picture = new Picture(
    smooth.map((v) => base + 0.12 * v),
    sizePx,
  );
  const count = 4 + random.below(4);
  for (let k = 0; k < count; k++) {
    // The first is to be found, the second is a decoy: no image without either.
    const found = k === 0 || (k > 1 && random.next() < 0.5);
    picture.add({
      shape: pick(['blob', 'ellipse'], random),
      radiusPx: sizePx * random.uniform(0.08, 0.18),
      texture: found ? foreground : pick(DECOYS, random),
      classId: found ? 1 : 0,
      amplitude: random.uniform(0.1, 0.18),
      offset: random.uniform(-0.08, 0.08),
      random,
    });
  }
  return picture;
}

/** Index of the group with the largest total area; the lower one of two equal. */
function largest<T>(
  groups: readonly T[],
  placed: readonly PlacedShape[],
  of: (p: PlacedShape) => T,
) {
  const areas = groups.map((group) =>
    placed.reduce((sum, p) => sum + (of(p) === group ? p.area : 0), 0),
  );
  return areas.indexOf(Math.max(...areas));
}

function imageClassOf(label: ImageLabel, placed: readonly PlacedShape[]): number {
  switch (label) {
    case 'texture':
      return largest([1, 2, 3, 4], placed, (p) => p.classId);
    case 'shape':
      return largest(SHAPES, placed, (p) => p.shape);
    case 'count':
      return placed.length - 1;
  }
}

/** Image `index` of the sequence (kind, seed). The image label changes no pixel. */
export function drawTexShapes(
  index: number,
  options: DrawOptions & { readonly kind: TexShapesKind; readonly labelBy?: ImageLabel },
): GeneratedImage {
  const { kind, sizePx, seed, labelBy = 'texture' } = options;
  const random = createRandom(seed, 'texshapes', kind, index);
  const picture =
    kind === 'source'
      ? drawSource(sizePx, random)
      : drawTarget(sizePx, kind === 'target' ? 'granular' : 'honeycomb', random);
  const exposure =
    kind === 'source'
      ? { blurPx: 0.4, noise: 0.04, tint: [0, 1, 2].map(() => random.uniform(0.85, 1.15)) }
      : { blurPx: 0.6, noise: 0.06, tint: [1, 1, 1] };
  return {
    name: imageName(index),
    image: {
      width: sizePx,
      height: sizePx,
      channels: 3,
      data: expose(picture.grey, sizePx, exposure, random),
    },
    labelMap: { width: sizePx, height: sizePx, data: picture.labels },
    imageClass: kind === 'source' ? imageClassOf(labelBy, picture.placed) : null,
  };
}

const source = (name: string, labelBy: ImageLabel, imageClasses: readonly string[]): Generator => ({
  name,
  description: `shapes with four textures on a background of the same mean grey; image label = ${
    labelBy === 'count' ? 'number of shapes' : `${labelBy} with the largest area`
  }`,
  defaults: { count: 800, sizePx: 64 },
  classes: classesOf(...SOURCE_TEXTURES),
  imageClasses,
  draw: (index, options) => drawTexShapes(index, { ...options, kind: 'source', labelBy }),
});

const target = (
  name: string,
  kind: 'target' | 'far-target',
  foreground: string,
  note: string,
): Generator => ({
  name,
  description: `${foreground} shapes to be found among smooth and striped decoys${note}`,
  defaults: { count: 500, sizePx: 64 },
  classes: classesOf(foreground),
  imageClasses: [],
  draw: (index, options) => drawTexShapes(index, { ...options, kind }),
});

export const texShapesGenerators: readonly Generator[] = [
  source('texshapes-source', 'texture', SOURCE_TEXTURES),
  source('texshapes-source-by-shape', 'shape', SHAPES),
  source('texshapes-source-by-count', 'count', [
    'one shape',
    'two shapes',
    'three shapes',
    'four shapes',
    'five shapes',
  ]),
  target('texshapes-target', 'target', 'granular', ''),
  target('texshapes-far-target', 'far-target', 'honeycomb', '; no source image holds this texture'),
];
