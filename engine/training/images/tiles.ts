/**
 * Reads the images of a run: at the network's size (resize mode) or at full resolution (patches mode).
 * Reads nothing but the project; keeps nothing (tile-cache.ts), draws no views (augment.ts), builds no batches (batches.ts).
 */
import type { ImageRecord, SamplingConfig } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { decodeLabelMap, labelMapSize } from '../../../shared/label-map.ts';
import { relativeDepths } from '../../../shared/objects/depths.ts';
import type { ObjectMap } from '../../../shared/objects/object-map.ts';
import { trainingDecoders } from '../../data/decoders.ts';
import { labelMapCode, withOriginalRows } from '../../data/image-source.ts';
import type { LentImage } from '../../data/lent-image.ts';
import { objectsOf } from '../../data/objects-of.ts';
import type { Project } from '../../db/project.ts';
import { type Conversions, toValues } from './channels.ts';
import { conversionsOf, type ImageRows, networkRows, squeezed } from './image-rows.ts';
import {
  type ImageStore,
  type KeptImage,
  labelLayout,
  planeInMemory,
  type Rectangle,
  valueLayout,
} from './image-store.ts';
import { nearestPixels, type Raster, resizeLabels } from './resample.ts';

export interface Tile extends Raster {
  readonly imageId: number;
  readonly name: string;
  /** [height, width]; null where the image has no label map. */
  readonly labels: Uint8Array | null;
  /** relativeDepths of its objects, where they were asked for. [height, width] */
  readonly depths?: Uint8Array;
  readonly imageClass: number | null;
}

/** An image at full resolution, whose values are made where they are looked at. */
export interface StoredTile extends Omit<Tile, 'data' | 'labels' | 'depths'>, KeptImage {
  readonly conversions: Conversions;
  /** Channels of its samples. */
  readonly stored: number;
}

export type AnyTile = Tile | StoredTile;

/** Values and labels of a rectangle that lies within the tile: [height, width, channels], [height, width]. */
export function cutTile(
  tile: AnyTile,
  part: Rectangle,
): Pick<Tile, keyof Raster | 'labels' | 'depths'> {
  const { width, height } = part;
  if ('data' in tile) {
    const { channels } = tile;
    const values = planeInMemory(tile.data, valueLayout(tile.width, channels));
    const bytes = (all: Uint8Array) => planeInMemory(all, labelLayout(tile.width)).part(part);
    return {
      ...{ width, height, channels, data: values.part(part) },
      labels: tile.labels && bytes(tile.labels),
      ...(tile.depths === undefined ? {} : { depths: bytes(tile.depths) }),
    };
  }
  const stored = { width, height, channels: tile.stored, data: tile.samples.part(part) };
  return {
    ...toValues(stored, tile.conversions),
    labels: tile.labels?.part(part) ?? null,
    ...(tile.depths === undefined ? {} : { depths: tile.depths.part(part) }),
  };
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
  readonly store: ImageStore;
  /** Whether depths inside of objects are wanted; left out: they are not. */
  readonly depths?: boolean;
}

/**
 * Lends an image to `use`, with its samples as they are stored: decoded in a process of its own, so that an image that
 * hurts its decoder costs no run. Errors: those of readImage; those of `use`.
 */
const withSamples = <T>(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  use: (samples: LentImage) => Promise<T>,
): Promise<T> => withOriginalRows(project, image, { by: trainingDecoders, use });

/**
 * Lends an image as the network's input values, at its own size. Errors: those of withSamples; unsupported (channels).
 */
export const withInput = <T>(
  project: Pick<Project, 'datasets'>,
  { image, channels }: { readonly image: ImageRecord; readonly channels: number },
  use: (input: ImageRows, of: Pick<LentImage, 'isHeld'>) => Promise<T>,
): Promise<T> =>
  withSamples(project, image, async (samples) =>
    use(await networkRows(samples, channels, image.name), samples),
  );

/** The code of an image's label map. Errors: not-found; corrupt, where it is of another size. */
function labelsOf(
  project: Pick<Project, 'labelMaps'>,
  { image, labelMapId }: TileRequest,
): Uint8Array | null {
  if (labelMapId === null) return null;
  const code = labelMapCode(project, labelMapId);
  const { width, height } = labelMapSize(code);
  const { widthPx, heightPx, name } = image;
  if (width !== widthPx || height !== heightPx) {
    throw new AppError(
      'corrupt',
      `The label map of ${name} is ${width}×${height} px, the image ${widthPx}×${heightPx} px. Label the image again, or take it out of the study.`,
      { subject: name },
    );
  }
  return code;
}

/** Reads one image; at full resolution it is kept in the store. Errors: those of withInput and of `keep`, corrupt. */
export async function readTile(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  request: TileRequest,
  { sampling, channels, store, depths: wanted = false }: TileOptions,
): Promise<AnyTile> {
  const { image, imageClass } = request;
  const { sizePx, mode } = sampling;
  const labels = labelsOf(project, request);
  const facts = { imageId: image.id, name: image.name, imageClass };
  const { labelMapId } = request;
  // Unpacked when the image is open: its file has said by then how large it is.
  const objects = () =>
    wanted && labelMapId !== null ? objectsOf(project, labelMapId).objects : null;
  if (mode === 'resize') {
    const small = await withInput(project, { image, channels }, (input) => squeezed(input, sizePx));
    const told = objects();
    const smallLabels = labels && resizeLabels(decodeLabelMap(labels), sizePx, sizePx);
    return {
      ...{ ...facts, ...small, labels: smallLabels?.data ?? null },
      // Of what the network sees: where an image is squeezed, so are the distances in it.
      ...(told === null ? {} : { depths: relativeDepths(shrunk(told, sizePx)) }),
    };
  }
  const depths = () => {
    const told = objects();
    return told && relativeDepths(told);
  };
  return { ...facts, ...(await storedImage(project, image, { channels, store, labels, depths })) };
}

function shrunk({ width, height, data }: ObjectMap, sizePx: number): ObjectMap {
  const from = nearestPixels({ width, height }, { width: sizePx, height: sizePx });
  return { width: sizePx, height: sizePx, data: Uint32Array.from(from, (at) => data[at] ?? 0) };
}

/** An image at full resolution, kept in the store. `labels`: code of its label map. Errors: as readTile. */
export function storedImage(
  project: Pick<Project, 'datasets'>,
  image: ImageRecord,
  options: Pick<TileOptions, 'channels' | 'store'> & {
    readonly labels: Uint8Array | null;
    /** Asked when the image is open. [height, width]; null: none are wanted. */
    readonly depths?: () => Uint8Array | null;
  },
): Promise<Omit<StoredTile, 'imageId' | 'name' | 'imageClass'>> {
  const { channels, store, labels, depths = () => null } = options;
  return withSamples(project, image, async (opened) => {
    const kept = await store.keep(opened, { labels, depths: depths() }, image.name);
    const { width, height, channels: stored } = opened;
    const rows = (top: number, count: number) =>
      Promise.resolve(kept.samples.part({ left: 0, top, width, height: count }));
    const conversions = await conversionsOf({ ...opened, rows }, channels, image.name);
    return { ...kept, width, height, channels, stored, conversions };
  });
}
