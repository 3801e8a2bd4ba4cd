/**
 * A dataset as COCO: original files in images/ and instances.json with compressed run lengths. Each
 * 8-connected region of a class is an annotation with iscrowd 0. Ignored pixels of an image are one
 * annotation with iscrowd 1 of the first class, as COCO's own evaluation understands it; import/coco.ts makes
 * them ignored again. Where the dataset has no background, class 0 is a category like the others, and `info` says so.
 * What a run predicted goes into predictions.json, over the same images.
 * COCO has no place for groups, splits and image classes: export a folder for these.
 */
import { cocoArea, cocoBox, compressCocoCounts, encodeCocoRuns } from '../../../shared/coco-rle.ts';
import { BACKGROUND, type Dataset, IGNORE } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ExportReport } from '../../../shared/api.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import type { Project } from '../../db/project.ts';
import { connectedComponents } from '../components.ts';
import { readLabelMapAlone } from '../image-source.ts';
import type { CocoInfo } from '../import/coco.ts';
import { datasetOf, type ExportOptions, filesOfPages, writeOriginals } from './originals.ts';
import { EVERYTHING, selectImages, storedPredictions } from './selection.ts';
import { fillFolder } from './target-folder.ts';

interface CocoAnnotationOut {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly iscrowd: 0 | 1;
  readonly area: number;
  readonly bbox: readonly number[];
  readonly segmentation: { readonly size: readonly [number, number]; readonly counts: string };
}

/** Errors: not-found, invalid-input, conflict (folder not empty), unreadable, no-space, cancelled. */
export async function exportCoco(
  project: Project,
  datasetId: number,
  dir: string,
  options: ExportOptions = {},
): Promise<ExportReport> {
  const dataset = datasetOf(project, datasetId);
  const { hasBackground } = dataset;
  const drawn = dataset.classes.filter((c) => !(hasBackground && c.index === BACKGROUND));
  const images: Record<string, unknown>[] = [];
  const annotations: CocoAnnotationOut[] = [];
  const predictedOnes: CocoAnnotationOut[] = [];
  const { selection = EVERYTHING, predictions = null } = options;
  const { images: all, leftOut } = selectImages(project, datasetId, selection);
  const predicted = predictions === null ? null : storedPredictions(project, predictions);
  let unpredicted = 0;
  const isPaged = filesOfPages(all);
  let damaged: readonly string[] = [];
  const written = await fillFolder(dir, async (target) => {
    damaged = await writeOriginals(project, target, {
      ...options,
      images: all,
      async visit(image) {
        images.push({
          id: image.id,
          file_name: image.name,
          width: image.widthPx,
          height: image.heightPx,
          labelled: image.labelMapId !== null,
          ...(isPaged.has(image.name) ? { page: image.page } : {}),
          ...(image.channelPages === null ? {} : { channel_pages: image.channelPages }),
        });
        const add = (into: CocoAnnotationOut[], labelMap: LabelMap) => {
          for (const region of labelRegions(labelMap, { ...dataset, classes: drawn })) {
            into.push({ id: into.length + 1, image_id: image.id, ...region });
          }
        };
        const labelMap = await readLabelMapAlone(project, image);
        if (labelMap !== null) add(annotations, labelMap);
        if (predicted === null) return;
        const prediction = predicted(image);
        if (prediction === null) unpredicted++;
        else add(predictedOnes, prediction);
      },
    });
    const categories = drawn.map(({ index, name }) => ({ id: index, name }));
    const info: CocoInfo = {
      description: `${dataset.name}, exported by Graft`,
      ...(hasBackground ? {} : { has_background: false }),
    };
    const write = (name: string, own: readonly CocoAnnotationOut[]) =>
      target.write(
        name,
        JSON.stringify({ info, licenses: [], images, annotations: own, categories }),
      );
    await write('instances.json', annotations);
    if (predicted !== null) await write('predictions.json', predictedOnes);
  });
  return { ...written, damaged, images: all.length, leftOut, unpredicted };
}

/** Every region of one of `classes` as an annotation, in the order in which columns meet them. */
export function labelRegions(
  labelMap: LabelMap,
  { name, classes, hasBackground }: Pick<Dataset, 'name' | 'classes' | 'hasBackground'>,
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
