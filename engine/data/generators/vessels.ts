/** Pictures like the back of an eye: dark, branching, tapering vessels on an uneven bright ground. Grey. */
import { createRandom, type Random } from '../../../shared/random.ts';
import { expose } from './exposure.ts';
import {
  classesOf,
  type DrawOptions,
  type GeneratedImage,
  type Generator,
  imageName,
} from './generator.ts';
import { valueNoise } from './value-noise.ts';

/** A growing tip; lengths as shares of the image side. */
interface Tip {
  readonly x: number;
  readonly y: number;
  /** Direction of growth, radians. */
  readonly angle: number;
  readonly width: number;
}

const STEP = 1 / 128;
/** Thinner tips end. */
const MIN_WIDTH = 1 / 90;
const BRANCHING = 0.035; // a step
const TAPER = 0.996; // a step

function drawTree(labels: Uint8Array, sizePx: number, random: Random): void {
  const tips: Tip[] = [rootTip(random)];
  for (let tip = tips.pop(); tip !== undefined; tip = tips.pop()) {
    let { x, y, angle, width } = tip;
    while (width > MIN_WIDTH && x > -0.1 && x < 1.1 && y > -0.1 && y < 1.1) {
      paintDisc(labels, sizePx, { x, y, width });
      angle += 0.08 * random.normal();
      x += STEP * Math.cos(angle);
      y += STEP * Math.sin(angle);
      width *= TAPER;
      if (random.next() >= BRANCHING) continue;
      // Murray's law: the cubes of the children's widths add up to the parent's.
      const share = random.uniform(0.15, 0.5);
      const side = random.next() < 0.5 ? -1 : 1;
      const turn = random.uniform(0.4, 0.9);
      tips.push({ x, y, angle: angle + side * turn, width: width * Math.cbrt(share) });
      angle -= side * turn * share;
      width *= Math.cbrt(1 - share);
    }
  }
}

/** On the border, pointing inwards. */
function rootTip(random: Random): Tip {
  const around = random.uniform(0, 2 * Math.PI);
  return {
    x: 0.5 + 0.5 * Math.cos(around),
    y: 0.5 + 0.5 * Math.sin(around),
    angle: around + Math.PI + random.uniform(-0.6, 0.6),
    width: random.uniform(0.035, 0.055),
  };
}

function paintDisc(
  labels: Uint8Array,
  sizePx: number,
  { x, y, width }: Pick<Tip, 'x' | 'y' | 'width'>,
): void {
  const radius = (width * sizePx) / 2;
  const [cx, cy] = [x * sizePx, y * sizePx];
  const bounds = (c: number) => [
    Math.max(0, Math.floor(c - radius)),
    Math.min(sizePx - 1, Math.floor(c + radius)),
  ];
  const [left = 0, right = 0] = bounds(cx);
  const [top = 0, bottom = 0] = bounds(cy);
  for (let py = top; py <= bottom; py++) {
    for (let px = left; px <= right; px++) {
      // At least the pixel that holds the centre, so that thin vessels stay in one piece.
      const distance = Math.hypot(px + 0.5 - cx, py + 0.5 - cy);
      if (distance <= Math.max(radius, Math.SQRT1_2)) labels[py * sizePx + px] = 1;
    }
  }
}

function drawVessels(index: number, { sizePx, seed }: DrawOptions): GeneratedImage {
  const random = createRandom(seed, 'vessels', index);
  const labels = new Uint8Array(sizePx * sizePx);
  const trees = 2 + random.below(2);
  for (let k = 0; k < trees; k++) drawTree(labels, sizePx, random);
  const ground = valueNoise(sizePx, 3, random);
  const mottle = valueNoise(sizePx, sizePx / 6, random);
  const base = random.uniform(0.5, 0.7);
  const contrast = random.uniform(0.12, 0.3);
  const light = Float64Array.from(labels, (label, i) => {
    const here = base + 0.06 * (ground[i] ?? 0) + 0.02 * (mottle[i] ?? 0);
    return label === 1 ? here * (1 - contrast) : here;
  });
  const exposure = { blurPx: 0.7, noise: 0.03, tint: [1] };
  return {
    name: imageName(index),
    image: {
      width: sizePx,
      height: sizePx,
      channels: 1,
      data: expose(light, sizePx, exposure, random),
    },
    labelMap: { width: sizePx, height: sizePx, data: labels },
    imageClass: null,
  };
}

export const vesselsGenerator: Generator = {
  name: 'vessels',
  description: 'dark branching vessels on an uneven bright ground, like the back of an eye',
  defaults: { count: 200, sizePx: 128 },
  classes: classesOf('vessel'),
  imageClasses: [],
  draw: drawVessels,
};
