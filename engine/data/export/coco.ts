/**
 * A dataset as COCO: original files in images/ and instances.json with compressed run lengths. Each object is an annotation
 * with iscrowd 0; where nobody told objects apart, each 8-connected region of a class is one. Ignored pixels of an image are
 * one annotation with iscrowd 1 of the first class, as COCO's own evaluation understands it; import/coco.ts makes them ignored
 * again. Where the dataset has no background, class 0 is a category like the others, and `info` says so. What a run predicted
 * goes into predictions.json, over the same images.
 */
import type { CocoInfo } from '../import/coco.ts';
import { type CocoRegion, cocoRegions } from './coco-regions.ts';
import type { ExportWriter } from './format.ts';
import { filesOfPages } from './originals.ts';

interface CocoAnnotationOut extends CocoRegion {
  readonly id: number;
  readonly image_id: number;
}

export const cocoWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: true,
  begin({ dataset, drawn, images: all, layer, target }) {
    const { hasBackground } = dataset;
    const isPaged = filesOfPages(all);
    const images: Record<string, unknown>[] = [];
    const annotations: CocoAnnotationOut[] = [];
    return {
      image(image, labels) {
        images.push({
          id: image.id,
          file_name: image.name,
          width: image.widthPx,
          height: image.heightPx,
          labelled: image.labelMapId !== null,
          ...(isPaged.has(image.name) ? { page: image.page } : {}),
          ...(image.channelPages === null ? {} : { channel_pages: image.channelPages }),
        });
        if (labels === null) return;
        for (const region of cocoRegions(labels, { name: dataset.name, drawn })) {
          annotations.push({ id: annotations.length + 1, image_id: image.id, ...region });
        }
      },
      async finish() {
        const categories = drawn.map(({ index, name }) => ({ id: index, name }));
        const info: CocoInfo = {
          description: `${dataset.name}, exported by Graft`,
          ...(hasBackground ? {} : { has_background: false }),
        };
        const name = layer === 'labels' ? 'instances.json' : 'predictions.json';
        const file = { info, licenses: [], images, annotations, categories };
        await target.write(name, JSON.stringify(file));
      },
    };
  },
};
