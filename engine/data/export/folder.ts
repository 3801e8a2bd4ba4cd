/**
 * A dataset as a folder: original files in images/, label maps as index PNG in masks/ (pixel values are
 * class ids, 255 is ignore), classes.json, and splits.json where there are splits. import/folder.ts reads it back. What a
 * run predicted goes into predictions/, named and coded as masks are.
 */
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { PARTS } from '../../../shared/entities.ts';
import type { Project } from '../../db/project.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import type { PixelSize } from '../../../shared/pixel-size.ts';
import { encodeIndexPng } from '../encode.ts';
import { stemOf } from '../import/folder-tree.ts';
import type { ClassesFile, SplitsFile } from '../import/json-shapes.ts';
import { pageName, pageSuffix } from '../page-names.ts';
import { scaleOf } from '../pixel-size-of.ts';
import type { ExportWriter } from './format.ts';
import { type ObjectNumbers, objectNumbers } from './object-numbers.ts';
import { filesOfPages } from './originals.ts';

/** The files that masks become. */
export interface MaskFiles {
  /** With its point. */
  readonly extension: string;
  classes(map: LabelMap, of: { dataset: Dataset; pixelSize: PixelSize | null }): Uint8Array;
  /** null: objects are not written. */
  readonly objects: ((numbers: ObjectNumbers, pixelSize: PixelSize | null) => Uint8Array) | null;
  /** Whether they say how large a pixel is. */
  readonly hasPixelSize?: boolean;
}

/** A folder as above with other files than PNG for masks, and where these number objects, objects/ beside masks/. */
export const folderOf = (files: MaskFiles): ExportWriter => ({
  imagesFolder: 'images',
  hasPages: true,
  begin({ project, dataset, images, layer, target }) {
    const maskName = maskNames(images, files.extension);
    const folder = layer === 'labels' ? 'masks' : 'predictions';
    const typed = project.pixelSizes.ofDataset(dataset.id);
    return {
      async image(image, labels) {
        if (labels === null) return;
        const name = maskName(image);
        const pixelSize =
          files.hasPixelSize === true ? (await scaleOf(project, image, typed)).pixelSize : null;
        const of = { dataset, pixelSize };
        await target.write(`${folder}/${name}`, files.classes(labels.labelMap, of));
        if (files.objects === null || layer === 'predictions') return;
        await target.write(`objects/${name}`, files.objects(objectNumbers(labels), pixelSize));
      },
      async finish() {
        if (layer === 'predictions') return;
        await target.write('classes.json', json(classesFile(dataset, images, typed)));
        const splits = splitsFile(project, dataset.id, images);
        if (Object.keys(splits).length > 0) await target.write('splits.json', json(splits));
      },
    };
  },
});

export const folderWriter: ExportWriter = folderOf({
  extension: '.png',
  classes: (map, { dataset }) => encodeIndexPng(map, dataset.classes),
  objects: null,
});

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** 'a.png' for a.jpg, 'a.jpg.png' where another image is called a, '.p3' for the third page of many. */
function maskNames(
  images: readonly ImageRecord[],
  extension: string,
): (image: ImageRecord) => string {
  const paged = pagedNames(images);
  const pageOf = (image: ImageRecord) => (paged.has(image.name) ? pageSuffix(image.page) : '');
  const short = (image: ImageRecord) => `${stemOf(image.name)}${pageOf(image)}`;
  const long = (image: ImageRecord) => `${image.name}${pageOf(image)}`;
  // Beside x.png and x.jpg, the mask of x.png.png would have the name of theirs; beside the third page of x.tif, that of x.p3.png.
  const taken = new Map<string, number>();
  for (const image of images) {
    for (const key of new Set([short(image), long(image)].map((one) => one.toLowerCase()))) {
      taken.set(key, (taken.get(key) ?? 0) + 1);
    }
  }
  return (image) => {
    const isShared = (taken.get(short(image).toLowerCase()) ?? 0) > 1;
    return `${isShared ? long(image) : short(image)}${extension}`;
  };
}

/** Files that several images stand in. */
function pagedNames(images: readonly ImageRecord[]): Set<string> {
  const byName = Map.groupBy(images, ({ name }) => name);
  const isPaged = (own: readonly ImageRecord[]) =>
    own.length > 1 || own.some(({ page }) => page > 0);
  return new Set([...byName].flatMap(([name, own]) => (isPaged(own) ? [name] : [])));
}

function classesFile(
  dataset: Dataset,
  images: readonly ImageRecord[],
  typed: ReadonlyMap<number, PixelSize>,
): ClassesFile {
  const facts = images.flatMap((image) => {
    const imageClass =
      image.imageClass === null ? undefined : dataset.imageClasses[image.imageClass];
    const fact = {
      ...(image.groupName === null ? {} : { group: image.groupName }),
      ...(imageClass === undefined ? {} : { imageClass }),
      ...(image.excluded === null ? {} : { excluded: image.excluded }),
      ...(typed.has(image.id) ? { pixelSize: typed.get(image.id) } : {}),
    };
    return Object.keys(fact).length === 0 ? [] : [[pageName(image), fact] as const];
  });
  const ofPages = filesOfPages(images);
  const files = [...Map.groupBy(images, ({ name }) => name)].filter(([name]) => ofPages.has(name));
  const pagesOf = (own: readonly ImageRecord[]) =>
    own.map(({ page, channelPages }) => channelPages ?? [page]);
  const pages = Object.fromEntries(files.map(([name, own]) => [name, pagesOf(own)]));
  return {
    ...(files.length === 0 ? {} : { pages }),
    classes: dataset.classes,
    hasBackground: dataset.hasBackground,
    imageClasses: dataset.imageClasses,
    images: Object.fromEntries(facts),
  };
}

function splitsFile(
  project: Project,
  datasetId: number,
  images: readonly ImageRecord[],
): SplitsFile {
  const nameOf = new Map(images.map((image) => [image.id, pageName(image)]));
  const entries = project.splits.list(datasetId).map((split) => {
    const items = project.splits.items(split.id);
    const parts = PARTS.map((part) => {
      const names = items
        .filter((item) => item.part === part)
        .map((item) => nameOf.get(item.imageId));
      return [part, names.filter((name) => name !== undefined)] as const;
    });
    return [split.name, Object.fromEntries(parts)] as const;
  });
  return Object.fromEntries(entries);
}
