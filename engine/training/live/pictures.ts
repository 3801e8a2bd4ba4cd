/**
 * The images of a live training as its network sees them: squeezed, with the labels that joined. Decoded when they first
 * come up and kept while there is room; labels are exchanged without decoding the image again.
 */
import { dirname } from 'node:path';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { labelMapCode } from '../../data/image-source.ts';
import type { Project } from '../../db/project.ts';
import { createImageStore, imageMemoryBytes } from '../images/image-store.ts';
import { resizeLabels } from '../images/resample.ts';
import { type AnyTile, readTile, type Tile } from '../images/tiles.ts';
import type { Member } from './label-set.ts';
import type { LiveSettings } from './settings.ts';

interface Kept {
  readonly tile: AnyTile;
  readonly labelMapId: number;
}

const isWhole = (tile: AnyTile): tile is Tile => 'data' in tile;
const bytesOf = (tile: AnyTile) =>
  isWhole(tile) ? tile.data.byteLength + (tile.labels?.byteLength ?? 0) : 0;

export class Pictures {
  readonly #project: Project;
  readonly #settings: LiveSettings;
  readonly #maxBytes = imageMemoryBytes();
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;

  constructor(project: Project, settings: LiveSettings) {
    this.#project = project;
    this.#settings = settings;
  }

  forget(imageId: number): void {
    const kept = this.#kept.get(imageId);
    if (kept === undefined) return;
    this.#kept.delete(imageId);
    this.#bytes -= bytesOf(kept.tile);
  }

  /** With exactly the labels that joined. Errors: those of readTile; not-found, where a sitting has replaced them. */
  async of({ image, imageId, labelMapId }: Member): Promise<AnyTile> {
    const known = this.#kept.get(imageId);
    if (known?.labelMapId === labelMapId) return known.tile;
    const { sampling, network } = this.#settings;
    const { sizePx } = sampling;
    let tile: AnyTile;
    if (known !== undefined && isWhole(known.tile)) {
      const labels = decodeLabelMap(labelMapCode(this.#project, labelMapId));
      tile = { ...known.tile, labels: resizeLabels(labels, sizePx, sizePx).data };
    } else {
      const store = createImageStore({ folder: dirname(this.#project.path) });
      const request = { image, labelMapId, imageClass: null };
      tile = await readTile(this.#project, request, {
        ...{ sampling, store },
        channels: network.inputChannels,
      });
      store.close();
    }
    this.forget(imageId);
    if (this.#bytes + bytesOf(tile) <= this.#maxBytes) {
      this.#kept.set(imageId, { tile, labelMapId });
      this.#bytes += bytesOf(tile);
    }
    return tile;
  }
}
