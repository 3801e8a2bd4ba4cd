/**
 * Reads the images of a run: at the network's size (resize mode) or at full resolution (patches mode).
 * Reads nothing but the project; keeps nothing (tile-cache.ts), draws no views (augment.ts), builds no batches (batches.ts).
 */
import type { ImageRecord, SamplingConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Samples } from '../data/decoded-image.ts';
import { openStoredImage, readLabelMap } from '../data/image-source.ts';
import type { Project } from '../db/project.ts';
import { type Conversions, type StoredPixels, toValues } from './channels.ts';
import { conversionsOf, type ImageRows, networkRows, squeezed } from './image-rows.ts';
import { type LabelRaster, type Raster, resizeLabels } from './resample.ts';

export interface Tile extends Raster {
  readonly imageId: number;
  readonly name: string;
  /** [height, width]; null where the image has no label map. */
  readonly labels: Uint8Array | null;
  readonly imageClass: number | null;
}

/**
 * An image at full resolution with its samples as they are stored: of 8 bits, a quarter of the memory of their values.
 * What is looked at is converted when it is.
 */
export interface StoredTile extends Omit<Tile, 'data'> {
  readonly pixels: StoredPixels;
  readonly conversions: Conversions;
}

export type AnyTile = Tile | StoredTile;

/** Values of a rectangle that lies within the tile. [height, width, channels] */
export function cutValues(
  tile: AnyTile,
  { left, top, width, height }: Readonly<Record<'left' | 'top' | 'width' | 'height', number>>,
): Raster {
  const cut = <T extends Samples>(data: T, channels: number, out: T): T => {
    const length = width * channels;
    for (let y = 0; y < height; y++) {
      const start = ((top + y) * tile.width + left) * channels;
      out.set(data.subarray(start, start + length), y * length);
    }
    return out;
  };
  if ('data' in tile) {
    const { channels, data } = tile;
    const values = cut(data, channels, new Float32Array(width * height * channels));
    return { width, height, channels, data: values };
  }
  const { channels, data } = tile.pixels;
  const samples = cut(data, channels, data.slice(0, width * height * channels));
  return toValues({ width, height, channels, data: samples }, tile.conversions);
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
export async function openInput(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  channels: number,
): Promise<ImageRows> {
  return networkRows(await openStoredImage(project, image), channels, image.name);
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

/** Reads one image. Errors: those of openInput and readLabelMap. */
export async function readTile(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  request: TileRequest,
  { sampling, channels }: TileOptions,
): Promise<AnyTile> {
  const { image, imageClass } = request;
  const { sizePx, mode } = sampling;
  const labels = readLabels(project, request);
  const facts = { imageId: image.id, name: image.name, imageClass };
  if (mode === 'resize') {
    const small = await squeezed(await openInput(project, image, channels), sizePx);
    const smallLabels = labels === null ? null : resizeLabels(labels, sizePx, sizePx);
    return { ...facts, ...small, labels: smallLabels?.data ?? null };
  }
  // Windows lie anywhere, and a file is read from its top: all of it once is less than a part of it for each.
  const opened = await openStoredImage(project, image, { bandBytes: Infinity });
  const conversions = await conversionsOf(opened, channels, image.name);
  const { width, height } = opened;
  const data = await opened.rows(0, height);
  return {
    ...{ ...facts, width, height, channels, conversions },
    pixels: { width, height, channels: opened.channels, data },
    labels: labels?.data ?? null,
  };
}
