/** Small pictures for the grid: a few drawn at a time, the last ones kept in memory. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { readSmall, readLabelMap } from '../data/image-source.ts';
import { reduceLabels } from '../data/reduce.ts';
import { thumbnailPng } from '../data/thumbnail.ts';
import type { Project } from '../db/project.ts';

/** About 10,000 pictures of 160 px. */
const CACHE_BYTES = 96 * 2 ** 20;
/** Decoding happens in libuv's threads; more at once only takes memory. */
const AT_ONCE = 3;

export interface ThumbnailRequest {
  readonly image: ImageRecord;
  readonly maxSidePx: number;
  /** Lays the current label map over the image. */
  readonly withLabels: boolean;
}

export interface Thumbnails {
  /** PNG; null where `wanted` had become false before its turn came. */
  png(db: Project, request: ThumbnailRequest, wanted: () => boolean): Promise<Uint8Array | null>;
}

export function createThumbnails(): Thumbnails {
  /** In order of last use. */
  const cache = new Map<string, Uint8Array>();
  let cachedBytes = 0;
  let busy = 0;
  const queue: (() => void)[] = [];

  function keep(key: string, png: Uint8Array): void {
    cache.set(key, png);
    cachedBytes += png.length;
    for (const [oldest, bytes] of cache) {
      if (cachedBytes <= CACHE_BYTES) break;
      cache.delete(oldest);
      cachedBytes -= bytes.length;
    }
  }

  async function draw(db: Project, request: ThumbnailRequest): Promise<Uint8Array> {
    const { image, maxSidePx, withLabels } = request;
    const { pixels, reducedBy } = await readSmall(db, image, maxSidePx);
    if (!withLabels || image.labelMapId === null) return thumbnailPng(pixels, { maxSidePx });
    const dataset = db.datasets.get(image.datasetId);
    if (dataset === undefined) throw new AppError('not-found', 'The dataset was deleted.');
    const labelMap = reduceLabels(readLabelMap(db, image.labelMapId), reducedBy);
    const { classes, hasBackground } = dataset;
    return thumbnailPng(pixels, { maxSidePx, labels: { labelMap, classes, hasBackground } });
  }

  return {
    async png(db, request, wanted) {
      const { image, maxSidePx, withLabels } = request;
      const labels = withLabels ? (image.labelMapId ?? 0) : 0;
      // Colours of classes, and of class 0 whether it is one, are part of the picture and so of the key.
      const dataset = withLabels ? db.datasets.get(image.datasetId) : undefined;
      const colours = [
        dataset?.hasBackground,
        ...(dataset?.classes ?? []).map((c) => c.color),
      ].join();
      const key = [db.path, image.id, image.hash, maxSidePx, labels, colours].join(' ');
      const cached = cache.get(key);
      if (cached !== undefined) {
        cache.delete(key);
        cache.set(key, cached);
        return cached;
      }
      if (busy >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
      busy++;
      try {
        if (!wanted()) return null;
        const png = await draw(db, request);
        keep(key, png);
        return png;
      } finally {
        busy--;
        queue.shift()?.();
      }
    },
  };
}
