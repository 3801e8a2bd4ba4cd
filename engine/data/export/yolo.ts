/**
 * YOLO's labels of objects with outlines (Ultralytics): a text an image, a line an object, in shares of width and height along
 * the edges of pixels. Parts and holes of an object are joined by bridges into one outline, as Ultralytics joins them.
 */
import { joinedRing } from '../../../shared/bridges.ts';
import { besideNames } from './beside-names.ts';
import type { ExportWriter } from './format.ts';
import { objectsIn } from './objects.ts';

/** Of a share: a hundredth of a pixel in any image that there is. */
const DIGITS = 9;

const share = (at: number, of: number): string => String(Number((at / of).toFixed(DIGITS)));

export const yoloWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: false,
  begin(context) {
    const { drawn, layer, target } = context;
    const nameOf = besideNames(context);
    const numberOf = new Map(drawn.map(({ index }, i) => [index, i]));
    const folder = layer === 'labels' ? 'labels' : 'predictions';
    return {
      async image(image, labels) {
        if (labels === null) return;
        const { widthPx, heightPx } = image;
        const lines = objectsIn(labels).map((object) => {
          const ring = joinedRing(object.parts());
          const shares = ring.map((at, i) => share(at, i % 2 === 0 ? widthPx : heightPx));
          return `${numberOf.get(object.classIndex) ?? 0} ${shares.join(' ')}\n`;
        });
        await target.write(`${folder}/${nameOf(image)}.txt`, lines.join(''));
      },
      async finish() {
        if (layer === 'predictions') return;
        const names = drawn.map(({ name }, i) => `  ${i}: ${JSON.stringify(name)}\n`);
        const yaml = `path: .\ntrain: images\nval: images\nnames:\n${names.join('')}`;
        await target.write('data.yaml', yaml);
        await target.write('classes.txt', drawn.map(({ name }) => `${name}\n`).join(''));
      },
    };
  },
};
