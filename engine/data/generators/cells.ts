/** Pictures like fluorescence microscopy: bright nuclei of all intensities on a dark ground with haze. Grey. */
import { createRandom } from '../../../shared/random.ts';
import { expose, gaussianBlur } from './exposure.ts';
import {
  classesOf,
  type DrawOptions,
  type GeneratedImage,
  type Generator,
  imageName,
} from './generator.ts';
import { drawShape, Scene } from './shapes.ts';
import { drawTexture } from './textures.ts';
import { valueNoise } from './value-noise.ts';

function drawCells(index: number, { sizePx, seed }: DrawOptions): GeneratedImage {
  const random = createRandom(seed, 'cells', index);
  const nuclei = new Float64Array(sizePx * sizePx);
  const labels = new Uint8Array(nuclei.length);
  const chromatin = drawTexture('granular', sizePx, random);
  const scene = new Scene(sizePx);
  const count = 6 + random.below(10);
  for (let k = 0; k < count; k++) {
    const radius = sizePx * random.uniform(0.05, 0.11);
    const outline = drawShape(random.next() < 0.8 ? 'ellipse' : 'blob', radius, random);
    const level = random.uniform(0.2, 0.8);
    // Nuclei may lie across the border, as they do in a real field of view.
    for (const p of scene.place(outline, 0, random) ?? []) {
      nuclei[p] = level * (1 + 0.12 * (chromatin[p] ?? 0));
      labels[p] = 1;
    }
  }
  const haze = gaussianBlur(nuclei, sizePx, sizePx / 16); // light from out of focus
  const ground = valueNoise(sizePx, 2, random);
  const light = nuclei.map(
    (v, i) => 0.06 + 0.015 * (ground[i] ?? 0) + 0.8 * v + 0.3 * (haze[i] ?? 0),
  );
  const exposure = { blurPx: sizePx / 80, noise: 0.025, tint: [1] };
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

export const cellsGenerator: Generator = {
  name: 'cells',
  description: 'bright nuclei on a dark, hazy ground, like fluorescence microscopy',
  defaults: { count: 200, sizePx: 128 },
  classes: classesOf('nucleus'),
  imageClasses: [],
  draw: drawCells,
};
