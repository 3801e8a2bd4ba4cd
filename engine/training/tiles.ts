/**
 * Reads the images of a run: at the network's size (resize mode) or at full resolution (patches mode).
 * Reads nothing but the project; keeps nothing (tile-cache.ts), draws no views (augment.ts), builds no batches (batches.ts).
 */
import type { ImageRecord, SamplingConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { readImage, readLabelMap } from '../data/image-source.ts';
import type { Project } from '../db/project.ts';
import { toNetworkInput } from './channels.ts';
import { type LabelRaster, type Raster, resizeLabels, resizeValues } from './resample.ts';

export interface Tile extends Raster {
  readonly imageId: number;
  readonly name: string;
  /** [height, width]; null where the image has no label map. */
  readonly labels: Uint8Array | null;
  readonly imageClass: number | null;
}

/** What a run needs of an image: the record, and the label map revision and class that its snapshot pins. */
export interface TileRequest {
  readonly image: ImageRecord;
  readonly labelMapId: number | null;
  readonly imageClass: number | null;
}

export interface TileOptions {
  readonly sampling: SamplingConfig;
  readonly channels: number;
}

/** An image as the network's input values, at its own size. Errors: those of readImage, unsupported (channels). */
export async function readInput(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  channels: number,
): Promise<Raster> {
  return toNetworkInput(await readImage(project, image), channels, image.name);
}

function readLabels(project: Pick<Project, 'labelMaps'>, request: TileRequest): LabelRaster | null {
  if (request.labelMapId === null) return null;
  const labels = readLabelMap(project, request.labelMapId);
  const { widthPx, heightPx, name } = request.image;
  if (labels.width !== widthPx || labels.height !== heightPx) {
    throw new AppError(
      'corrupt',
      `The label map of ${name} is ${labels.width}×${labels.height} px, the image ${widthPx}×${heightPx} px. Label the image again, or take it out of the study.`,
      { subject: name },
    );
  }
  return labels;
}

/** Reads one image. Errors: those of readInput and readLabelMap. */
export async function readTile(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  request: TileRequest,
  options: TileOptions,
): Promise<Tile> {
  const { sampling, channels } = options;
  const full = await readInput(project, request.image, channels);
  const fullLabels = readLabels(project, request);
  const { sizePx, mode } = sampling;
  const raster = mode === 'resize' ? resizeValues(full, sizePx, sizePx) : full;
  const labels =
    mode === 'resize' && fullLabels !== null
      ? resizeLabels(fullLabels, sizePx, sizePx)
      : fullLabels;
  return {
    ...raster,
    imageId: request.image.id,
    name: request.image.name,
    labels: labels?.data ?? null,
    imageClass: request.imageClass,
  };
}
