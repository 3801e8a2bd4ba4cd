/**
 * What teaches the classifier of scribbles in one sitting: strokes, and labels of images that were left. Numbers of other
 * channels say nothing about an image's own, and what it is labelled with itself is not asked.
 */
import type { ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  labelledPixels,
  labelledTiles,
  MOST_LABELLED,
  NO_SCRIBBLE,
  scribbledPixels,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import type { LabelLayer } from '../canvas/label-layer.ts';
import type { AnnotateDocument } from './annotate-document.ts';

/** What was learned from one tile, and from which strokes. */
interface Taken extends TileSamples {
  readonly strokes: Uint8Array;
}

/** Strokes of an image, by tile. */
interface ScribbledImage {
  readonly channels: number;
  readonly tiles: ReadonlyMap<number, Taken>;
}

/** Labels of an image that was left. They say all that its strokes say. */
interface LabelledImage {
  readonly channels: number;
  readonly parts: readonly TileSamples[];
}

/** What was taken up. */
export interface ScribbleSamples {
  /** Scribbled pixels of the open image. */
  readonly here: number;
  /** Other images that teach it. */
  readonly others: number;
  /** Images with strokes, or with labels that were learned from, whether they teach this one or not. */
  readonly images: number;
}

export class ScribbleTeachers {
  readonly #scribbled = new Map<number, ScribbledImage>();
  /** By image, the last left last. */
  readonly #labelled = new Map<number, LabelledImage>();

  /** Whether all that is scribbled on an image was taken up, and nothing besides. */
  hasTaken({ scribbles, record }: AnnotateDocument): boolean {
    const taken = this.#scribbled.get(record.id)?.tiles;
    const tiles = scribbledTiles(scribbles);
    const isSame = tiles.every(({ tile, strokes }) => taken?.get(tile)?.strokes === strokes);
    return isSame && tiles.length === (taken?.size ?? 0);
  }

  /** Learns what is new in the open image. Errors: those of the classifier. */
  async takeStrokes(document: AnnotateDocument, classifier: ImageClassifier): Promise<void> {
    const { scribbles, record, pixels } = document;
    const before = this.#scribbled.get(record.id)?.tiles;
    const tiles = new Map<number, Taken>();
    await Promise.all(
      scribbledTiles(scribbles).map(async ({ tile, strokes }) => {
        const known = before?.get(tile);
        if (known?.strokes === strokes) {
          tiles.set(tile, known);
          return;
        }
        tiles.set(tile, { strokes, ...(await samplesOf(scribbles, tile, { classifier })) });
      }),
    );
    if (tiles.size === 0) this.#scribbled.delete(record.id);
    else this.#scribbled.set(record.id, { channels: pixels.channels, tiles });
  }

  /** Learns what an image is labelled with. Errors: those of the classifier. */
  async takeLabels(document: AnnotateDocument, classifier: ImageClassifier): Promise<void> {
    const { layer, record, pixels } = document;
    const { tiles, most } = labelledTiles(
      classifier.tileCount,
      (tile) => layer.uniformValue(tile) !== null,
    );
    const parts: TileSamples[] = [];
    for (const tile of tiles) parts.push(await samplesOf(layer, tile, { classifier, most }));
    this.#labelled.delete(record.id);
    this.#labelled.set(record.id, { channels: pixels.channels, parts });
    for (const id of [...this.#labelled.keys()].slice(0, -MOST_LABELLED)) this.#labelled.delete(id);
  }

  /**
   * Samples that teach an image, in the order of images and tiles: the engine learns in it from the same strokes, and the
   * way that one took through the images changes nothing.
   */
  of(document: AnnotateDocument): {
    readonly strokes: readonly TileSamples[];
    readonly labelled: readonly TileSamples[];
  } {
    const inOrder = <T>(all: Iterable<readonly [number, T]>) =>
      [...all].sort(([a], [b]) => a - b).map(([, one]) => one);
    const strokes = inOrder(this.#scribbledFor(document)).flatMap(({ tiles }) => inOrder(tiles));
    const labelled = inOrder(this.#labelledFor(document)).flatMap(({ parts }) => parts);
    return { strokes, labelled };
  }

  samples(document: AnnotateDocument | null): ScribbleSamples {
    const images = new Set([...this.#scribbled.keys(), ...this.#labelled.keys()]).size;
    if (document === null) return { here: 0, others: 0, images };
    let [here, others] = [0, this.#labelledFor(document).length];
    for (const [id, { tiles }] of this.#scribbledFor(document)) {
      if (id !== document.record.id) others++;
      else for (const { values } of tiles.values()) here += values.length;
    }
    return { here, others, images };
  }

  forget(): void {
    this.#scribbled.clear();
    this.#labelled.clear();
  }

  #scribbledFor({ pixels, record }: AnnotateDocument): [number, ScribbledImage][] {
    return [...this.#scribbled].filter(
      ([id, { channels }]) =>
        channels === pixels.channels && (id === record.id || !this.#labelled.has(id)),
    );
  }

  #labelledFor({ pixels, record }: AnnotateDocument): [number, LabelledImage][] {
    return [...this.#labelled].filter(
      ([id, { channels }]) => channels === pixels.channels && id !== record.id,
    );
  }
}

/** `most`: of labels, pixels of a class. */
async function samplesOf(
  layer: LabelLayer,
  tile: number,
  { classifier, most }: { readonly classifier: ImageClassifier; readonly most?: number },
): Promise<TileSamples> {
  const { x0, y0, x1, y1 } = layer.tileRect(tile);
  const size = { width: x1 - x0, height: y1 - y0, stride: TILE_PX };
  const { pixels, values } =
    most === undefined
      ? scribbledPixels(layer.tile(tile), size)
      : labelledPixels(layer.tile(tile), size, most);
  return { features: await classifier.sample(tile, pixels), values };
}

export const isScribbled = ({ scribbles }: AnnotateDocument): boolean =>
  scribbledTiles(scribbles).length > 0;

/** A tile without strokes is the shared one of its value. */
function scribbledTiles(layer: LabelLayer): { tile: number; strokes: Uint8Array }[] {
  const found: { tile: number; strokes: Uint8Array }[] = [];
  for (let tile = 0; tile < layer.columns * layer.rows; tile++) {
    if (layer.uniformValue(tile) !== NO_SCRIBBLE) found.push({ tile, strokes: layer.tile(tile) });
  }
  return found;
}
