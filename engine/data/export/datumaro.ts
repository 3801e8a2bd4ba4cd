/**
 * Datumaro's JSON: each object a mask with COCO's run lengths, so that holes and parts survive; colours as its colour map of
 * masks; ignored pixels of an image as one mask with is_crowd, as COCO has them.
 */
import { besideNames } from './beside-names.ts';
import { cocoRegions } from './coco-regions.ts';
import type { ExportWriter } from './format.ts';

const SUBSET = 'default';

export const datumaroWriter: ExportWriter = {
  imagesFolder: `images/${SUBSET}`,
  hasPages: false,
  begin(context) {
    const { dataset, drawn, layer, target, fileName } = context;
    const idOf = besideNames(context);
    const numberOf = new Map(drawn.map(({ index }, i) => [index, i]));
    const items: unknown[] = [];
    return {
      image(image, labels) {
        const name = fileName(image);
        const regions = labels === null ? [] : cocoRegions(labels, { name: dataset.name, drawn });
        items.push({
          id: idOf(image),
          annotations: regions.map(({ category_id, iscrowd, segmentation }, i) => ({
            id: i,
            type: 'mask',
            attributes: { is_crowd: iscrowd === 1 },
            group: i + 1,
            label_id: numberOf.get(category_id) ?? 0,
            rle: { counts: segmentation.counts, size: segmentation.size },
            z_order: 1 - iscrowd,
          })),
          attr: { labelled: labels !== null },
          image: { path: name, size: [image.heightPx, image.widthPx] },
        });
      },
      async finish() {
        const labels = drawn.map(({ name }) => ({ name, parent: '', attributes: [] }));
        const colormap = drawn.map(({ color }, i) => {
          const value = Number.parseInt(color.slice(1), 16);
          return { label_id: i, r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
        });
        const categories = { label: { labels, attributes: [] }, mask: { colormap } };
        const folder = layer === 'labels' ? 'annotations' : 'predictions';
        const file = JSON.stringify({ info: {}, categories, items });
        await target.write(`${folder}/${SUBSET}.json`, file);
      },
    };
  },
};
