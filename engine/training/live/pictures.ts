/**
 * The images of a live training as its network sees them, with the labels that joined: squeezed, or whole where it sees
 * patches of them. Decoded when they first come up and kept while there is room; labels are exchanged without decoding
 * the image again. What cannot be read is remembered, and not tried again unasked.
 */
import type { LiveProgress } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { labelMapCode } from '../../data/image-source.ts';
import type { Project } from '../../db/project.ts';
import { squeezed } from '../images/image-rows.ts';
import { imageMemoryBytes } from '../images/image-store.ts';
import { type Raster, resizeLabels } from '../images/resample.ts';
import { openInput, type Tile } from '../images/tiles.ts';
import type { Member } from './label-set.ts';
import type { LiveSettings } from './settings.ts';

interface Kept {
  readonly tile: Tile;
  readonly labelMapId: number;
}

const bytesOf = ({ data, labels }: Tile) => data.byteLength + (labels?.byteLength ?? 0);

export class Pictures {
  readonly #project: Project;
  readonly #maxBytes = imageMemoryBytes();
  readonly #kept = new Map<number, Kept>();
  /** By revision. */
  readonly #unreadable = new Map<number, LiveProgress['unused'][number]>();
  #bytes = 0;

  constructor(project: Project) {
    this.#project = project;
  }

  /** Revisions that could not be read. */
  get unreadable(): ReadonlyMap<number, LiveProgress['unused'][number]> {
    return this.#unreadable;
  }

  /** What could not be read may be there now. */
  readAgain(): void {
    this.#unreadable.clear();
  }

  forget(imageId: number): void {
    const kept = this.#kept.get(imageId);
    if (kept === undefined) return;
    this.#kept.delete(imageId);
    this.#bytes -= bytesOf(kept.tile);
  }

  /** With exactly the labels that joined; null: it cannot be read, or a sitting has put newer labels in their place. */
  async of(member: Member, settings: LiveSettings): Promise<Tile | null> {
    try {
      return await this.#read(member, settings);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { labelMapId, image } = member;
      // Newer labels are found by the next look.
      if (this.#project.labelMaps.get(labelMapId) !== undefined) {
        this.#unreadable.set(labelMapId, { name: image.name, why: error.message });
      }
      return null;
    }
  }

  async #read({ image, imageId, labelMapId }: Member, settings: LiveSettings): Promise<Tile> {
    const known = this.#kept.get(imageId);
    if (known?.labelMapId === labelMapId) return known.tile;
    const { sampling, network } = settings;
    const { sizePx, mode } = sampling;
    let raster: Raster | undefined = known?.tile;
    if (raster === undefined) {
      const rows = await openInput(this.#project, image, network.inputChannels);
      raster = mode === 'resize' ? await squeezed(rows, sizePx) : await rows.rows(0, rows.height);
    }
    const { width, height, channels, data } = raster;
    const full = decodeLabelMap(labelMapCode(this.#project, labelMapId));
    if (full.width !== image.widthPx || full.height !== image.heightPx) {
      throw new AppError(
        'corrupt',
        `Its labels are ${full.width} × ${full.height} px, the image ${image.widthPx} × ${image.heightPx} px. Label it again.`,
        { subject: image.name },
      );
    }
    const labels = mode === 'resize' ? resizeLabels(full, sizePx, sizePx).data : full.data;
    const tile: Tile = {
      ...{ imageId, name: image.name, imageClass: null },
      ...{ width, height, channels, data, labels },
    };
    this.forget(imageId);
    if (this.#bytes + bytesOf(tile) <= this.#maxBytes) {
      this.#kept.set(imageId, { tile, labelMapId });
      this.#bytes += bytesOf(tile);
    }
    return tile;
  }
}
