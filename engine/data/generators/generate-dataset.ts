/** Writes a generator's images into a project as an ordinary dataset. */
import { AppError } from '../../../shared/errors.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import type { Project } from '../../db/project.ts';
import { encodePng } from '../encode.ts';
import { sha256 } from '../../sha256.ts';
import type { GeneratedImage } from './generator.ts';
import { findGenerator } from './registry.ts';

/** Images drawn and encoded between two transactions: PNG encoding is asynchronous, transactions are not. */
const BATCH = 64;

export interface GenerateOptions {
  /** Name of a generator of the registry. */
  readonly generator: string;
  /** Name of the new dataset. */
  readonly name: string;
  readonly count: number;
  readonly sizePx: number;
  readonly seed: number;
  /** So many of the last images come without their label maps: to be painted by somebody. */
  readonly unlabelled?: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Images as embedded PNG, label maps with author `generated`, and settings enough to make the dataset
 * again as its origin. A stopped or failed generation leaves no dataset behind.
 * @returns id of the dataset
 * @throws AppError not-found (no such generator), conflict (the name is taken), cancelled
 */
export async function generateDataset(
  project: Pick<Project, 'datasets' | 'labelMaps' | 'transaction'>,
  options: GenerateOptions,
): Promise<number> {
  const { name, count, sizePx, seed, unlabelled = 0, onProgress, signal } = options;
  const generator = findGenerator(options.generator);
  if (project.datasets.isNameTaken(name)) {
    throw new AppError(
      'conflict',
      `There is already a dataset "${name}". Choose another name, or delete it first.`,
      { subject: name },
    );
  }
  const datasetId = project.datasets.begin({
    name,
    origin: { generator: generator.name, count, sizePx, seed, unlabelled },
    classes: generator.classes,
    imageClasses: generator.imageClasses,
  });
  try {
    for (let start = 0; start < count; start += BATCH) {
      if (signal?.aborted === true) {
        throw new AppError('cancelled', `Generating "${name}" was stopped; nothing was kept.`);
      }
      const drawn = Array.from({ length: Math.min(BATCH, count - start) }, (_, k) =>
        generator.draw(start + k, { sizePx, seed }),
      );
      const files = await Promise.all(
        drawn.map(async (image) => ({ image, bytes: await encodePng(image.image) })),
      );
      project.transaction(() => {
        files.forEach(({ image, bytes }, k) => {
          const imageId = storeImage(project, datasetId, image, bytes);
          if (start + k < count - unlabelled) {
            const labels = encodeLabelMap(image.labelMap);
            project.labelMaps.add({ imageId, author: 'generated', bytes: labels });
          }
        });
      });
      onProgress?.(start + drawn.length);
    }
    project.transaction(() => project.datasets.finish(datasetId));
  } catch (error) {
    project.datasets.delete(datasetId);
    throw error;
  }
  return datasetId;
}

function storeImage(
  project: Pick<Project, 'datasets'>,
  datasetId: number,
  { name, image, imageClass }: GeneratedImage,
  bytes: Uint8Array,
): number {
  return project.datasets.addImage({
    datasetId,
    name,
    widthPx: image.width,
    heightPx: image.height,
    channels: image.channels,
    bitDepth: 8,
    hash: sha256(bytes),
    page: 0,
    groupName: null,
    imageClass,
    source: { bytes },
  });
}
