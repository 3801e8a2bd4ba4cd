/**
 * A dataset as COCO: original files in images/ and instances.json with compressed run lengths. Each
 * 8-connected region of a class is an annotation with iscrowd 0. Ignored pixels of an image are one
 * annotation with iscrowd 1 of the first class, as COCO's own evaluation understands it; import/coco.ts makes
 * them ignored again. Where the dataset has no background, class 0 is a category like the others, and `info` says so.
 * What a run predicted goes into predictions.json, over the same images.
 * COCO has no place for groups, splits and image classes: export a folder for these.
 */
import { cocoArea, cocoBox, compressCocoCounts, encodeCocoRuns } from '../../../shared/coco-rle.ts';
import {
  BACKGROUND,
  type Dataset,
  IGNORE,
  type SegmentationClass,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { connectedComponents } from '../components.ts';
import type { CocoInfo } from '../import/coco.ts';
import type { ExportWriter } from './format.ts';
import { filesOfPages } from './originals.ts';

interface CocoAnnotationOut {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly iscrowd: 0 | 1;
  readonly area: number;
  readonly bbox: readonly number[];
  readonly segmentation: { readonly size: readonly [number, number]; readonly counts: string };
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
      image(image, labelMap) {
        images.push({
          id: image.id,
          file_name: image.name,
          width: image.widthPx,
          height: image.heightPx,
          labelled: image.labelMapId !== null,
          ...(isPaged.has(image.name) ? { page: image.page } : {}),
          ...(image.channelPages === null ? {} : { channel_pages: image.channelPages }),
        });
        if (labelMap === null) return;
        for (const region of labelRegions(labelMap, { ...dataset, classes: drawn })) {
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

/** Every region of one of `classes` as an annotation, in the order in which columns meet them. */
export function labelRegions(
  labelMap: LabelMap,
  {
    name,
    classes,
    hasBackground,
  }: Pick<Dataset, 'name' | 'hasBackground'> & { readonly classes: readonly SegmentationClass[] },
): Omit<CocoAnnotationOut, 'id' | 'image_id'>[] {
  const size = [labelMap.height, labelMap.width] as const;
  const { ids, values } = connectedComponents(labelMap, hasBackground ? BACKGROUND : null);
  // All ignored pixels of an image are one crowd.
  const crowd = values.length + 1;
  for (let i = 0; i < ids.length; i++) if (labelMap.data[i] === IGNORE) ids[i] = crowd;
  return [...encodeCocoRuns(ids, size)].map(([id, counts]) => {
    const value = values[id - 1];
    const category = value ?? classes[0]?.index;
    if (category === undefined) {
      throw new AppError(
        'invalid-input',
        `"${name}" has ignored pixels but no class beside the background, and COCO cannot say that. Add a class first.`,
      );
    }
    return {
      category_id: category,
      iscrowd: value === undefined ? 1 : 0,
      area: cocoArea(counts),
      bbox: cocoBox(counts, size),
      segmentation: { size, counts: compressCocoCounts(counts) },
    };
  });
}
