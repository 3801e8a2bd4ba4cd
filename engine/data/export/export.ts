/**
 * A dataset, or a selection of it, written into a folder: originals, labels, and beside them what a run predicted. Which files
 * labels become is a format's affair (writers.ts); what it has no place for is said when it is done.
 */
import type { ExportReport, Progress } from '../../../shared/api.ts';
import { BACKGROUND } from '../../../shared/entities.ts';
import type { ExportFormat } from '../../../shared/export-formats.ts';
import { assertFileName } from '../../../shared/names.ts';
import type { Project } from '../../db/project.ts';
import { readLabelMapAlone } from '../image-source.ts';
import type { ExportContext } from './format.ts';
import { type FoundValues, valuesWithoutClass } from '../label-values.ts';
import { labelsOfRegions, storedLabels } from './labels.ts';
import { LeftBehind } from './left-behind.ts';
import { Losses } from './losses.ts';
import { datasetOf, exportedNames, writeOriginals } from './originals.ts';
import { EVERYTHING, type Selection, selectImages, storedPredictions } from './selection.ts';
import { fillFolder } from './target-folder.ts';
import { EXPORT_WRITERS } from './writers.ts';

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Empty, or new. */
  readonly dir: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** All of the dataset where nothing is said. */
  readonly selection?: Selection;
  /** Run whose stored predictions are written beside the labels. */
  readonly predictions?: number | null;
}

/** Errors: not-found, invalid-input (nothing is left), conflict (folder not empty), unreadable, no-space, cancelled. */
export async function exportDataset(
  project: Project,
  datasetId: number,
  options: ExportOptions,
): Promise<ExportReport> {
  const { format, dir, selection = EVERYTHING, predictions = null, signal, onProgress } = options;
  const dataset = datasetOf(project, datasetId);
  const selected = selectImages(project, datasetId, selection);
  const left = new LeftBehind();
  const images = left.named(selected.images);
  for (const { name } of images.length > 0 ? [] : selected.images) assertFileName(name);
  const predicted = predictions === null ? null : storedPredictions(project, predictions);
  const writer = EXPORT_WRITERS[format];
  const nameOf = exportedNames(images, writer.hasPages);
  const losses = new Losses(format, { project, dataset, images });
  const found: FoundValues[] = [];
  let unpredicted = 0;
  let there = 0;
  const written = await fillFolder(dir, async (target) => {
    const context: Omit<ExportContext, 'layer'> = {
      ...{ project, dataset, images, target },
      drawn: dataset.classes.filter(
        ({ index }) => !(dataset.hasBackground && index === BACKGROUND),
      ),
      fileName: (image) => nameOf(image).name,
    };
    const labels = writer.begin({ ...context, layer: 'labels' });
    const others = predicted === null ? null : writer.begin({ ...context, layer: 'predictions' });
    there = await writeOriginals(project, target, {
      ...{ images, folder: writer.imagesFolder, nameOf, left },
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      async visit(image) {
        if (nameOf(image).isPage) losses.count('pages');
        const labelMap = await readLabelMapAlone(project, image);
        const { labelMapId } = image;
        if (labelMap === null || labelMapId === null) await labels.image(image, null);
        else {
          losses.look(labelMap);
          found.push({ name: image.name, values: [...new Set(labelMap.data)] });
          if (project.labelMaps.hasObjects(labelMapId)) losses.count('objects');
          const onDamage = (found: string) => void left.damaged.push(found);
          const onLoose = () => losses.count('no object');
          const stored = { labelMap, labelMapId, ground: dataset, onDamage, onLoose };
          await labels.image(image, storedLabels(project, stored));
        }
        const prediction = (await predicted?.(image)) ?? null;
        if (predicted !== null && prediction === null) unpredicted++;
        await others?.image(image, prediction && labelsOfRegions(prediction, dataset));
      },
    });
    await labels.finish();
    await others?.finish();
  });
  const withoutClass = valuesWithoutClass(dataset, found);
  return {
    ...{ ...written, images: there, leftOut: selected.leftOut, unpredicted },
    damaged: left.damaged,
    troubles: [...left.troubles, ...(withoutClass === null ? [] : [withoutClass.words])],
    lost: losses.inWords(),
  };
}
