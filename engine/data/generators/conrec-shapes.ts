/**
 * The two toy classification sets that ConRec was tried on (Dippel, Vogler and Höhne, 2021), here
 * drawn anew and kept with their masks: pairs of circles and squares, and rectangles with triangles.
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
import { type Outline, regularPolygon, Scene, turned } from './shapes.ts';
import { valueNoise } from './value-noise.ts';

interface ShapeOfClass {
  readonly classId: number;
  readonly outline: Outline;
}

/** An upright rectangle; with a corner radius of half its side a square is a circle. */
function roundedBox(widthPx: number, heightPx: number, cornerPx: number): Outline {
  const x = widthPx / 2 - cornerPx;
  const y = heightPx / 2 - cornerPx;
  return {
    reachPx: Math.hypot(widthPx, heightPx) / 2,
    contains(dx, dy) {
      const outX = Math.abs(dx) - x;
      const outY = Math.abs(dy) - y;
      return outX <= 0 || outY <= 0
        ? Math.max(outX, outY) <= cornerPx
        : Math.hypot(outX, outY) <= cornerPx;
    },
  };
}

/** The right angle at the lower left, the centroid at the centre. */
function rightTriangle(widthPx: number, heightPx: number): Outline {
  return {
    reachPx: (2 / 3) * Math.hypot(widthPx, heightPx),
    contains(dx, dy) {
      const x = dx / widthPx + 1 / 3;
      const y = dy / heightPx + 1 / 3;
      return x >= 0 && y >= 0 && x + y <= 1;
    },
  };
}

/** Both shapes at ±90° and free places; drawn again from an empty scene where the second finds no room. */
function placeBoth(shapes: readonly ShapeOfClass[], sizePx: number, random: Random): Int32Array[] {
  for (;;) {
    const scene = new Scene(sizePx);
    const placed = shapes.map(({ outline }) => {
      const angle = random.uniform(-Math.PI / 2, Math.PI / 2);
      return scene.place(turned(angle, outline), outline.reachPx, random);
    });
    const found = placed.filter((pixels) => pixels !== null);
    if (found.length === shapes.length) return found;
  }
}

function drawPair(
  shapes: readonly ShapeOfClass[],
  sizePx: number,
  random: Random,
): Omit<GeneratedImage, 'name' | 'imageClass'> {
  const base = random.uniform(0.2, 0.5);
  const grey = valueNoise(sizePx, 3, random).map((v) => base + 0.04 * v);
  const labels = new Uint8Array(grey.length);
  placeBoth(shapes, sizePx, random).forEach((pixels, k) => {
    const level = base + random.uniform(0.15, 0.4);
    for (const p of pixels) {
      grey[p] = level;
      labels[p] = shapes[k]?.classId ?? 0;
    }
  });
  const data = expose(grey, sizePx, { blurPx: 0.5, noise: 0.03, tint: [1] }, random);
  return {
    image: { width: sizePx, height: sizePx, channels: 1, data },
    labelMap: { width: sizePx, height: sizePx, data: labels },
  };
}

/** Sides of W/8 to W/3; the image class is the kind of pair. */
function circlesAndSquares(index: number, { sizePx, seed }: DrawOptions): GeneratedImage {
  const random = createRandom(seed, 'conrec', 'circle-square', index);
  const squares = random.below(3);
  const shapes = [0, 1].map((k): ShapeOfClass => {
    const side = sizePx * random.uniform(1 / 8, 1 / 3);
    return k < squares
      ? { classId: 2, outline: roundedBox(side, side, 0) }
      : { classId: 1, outline: roundedBox(side, side, side / 2) };
  });
  return { name: imageName(index), imageClass: squares, ...drawPair(shapes, sizePx, random) };
}

/** One rectangle, rounded or not, and one triangle, equilateral or right-angled: four image classes. */
function rectangleAndTriangle(index: number, { sizePx, seed }: DrawOptions): GeneratedImage {
  const random = createRandom(seed, 'conrec', 'rectangle-triangle', index);
  const square = random.below(2);
  const right = random.below(2);
  const side = () => sizePx * random.uniform(1 / 6, 1 / 3);
  const [width, height] = [side(), side()];
  const corner = square === 1 ? 0 : 0.35 * Math.min(width, height);
  const legs = [side(), side()] as const;
  const shapes = [
    { classId: 1 + square, outline: roundedBox(width, height, corner) },
    {
      classId: 3 + right,
      outline:
        right === 1
          ? rightTriangle(1.2 * legs[0], 1.2 * legs[1])
          : regularPolygon(3, 0.6 * legs[0], 0),
    },
  ];
  return {
    name: imageName(index),
    imageClass: 2 * square + right,
    ...drawPair(shapes, sizePx, random),
  };
}

export const conrecGenerators: readonly Generator[] = [
  {
    name: 'circle-square',
    description: 'two objects, circles or squares; image label = kind of pair (after ConRec)',
    defaults: { count: 800, sizePx: 64 },
    classes: classesOf('circle', 'square'),
    imageClasses: ['two circles', 'circle and square', 'two squares'],
    draw: circlesAndSquares,
  },
  {
    name: 'rectangle-triangle',
    description: 'a rectangle and a triangle of two kinds each; image label = kinds (after ConRec)',
    defaults: { count: 800, sizePx: 64 },
    classes: classesOf(
      'rounded rectangle',
      'square-cornered rectangle',
      'equilateral triangle',
      'right triangle',
    ),
    imageClasses: [
      'rounded, equilateral',
      'rounded, right',
      'square-cornered, equilateral',
      'square-cornered, right',
    ],
    draw: rectangleAndTriangle,
  },
];
