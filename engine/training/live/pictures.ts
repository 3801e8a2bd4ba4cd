/**
 * The images of a live training as its network sees them, with the labels that joined: stretched to a small square, or at
 * full resolution where it sees patches of them. Decoded when they first come up; labels are exchanged without decoding
 * the image again. What cannot be read is remembered, and not tried again unasked.
 */
import type { LiveProgress } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { decodeLabelMap, type LabelMap } from '../../../shared/label-map.ts';
import { labelMapCode } from '../../data/image-source.ts';
import type { Project } from '../../db/project.ts';
import { squeezed } from '../images/image-rows.ts';
import {
  createImageStore,
  imageMemoryBytes,
  type ImageStore,
  labelLayout,
  planeInMemory,
} from '../images/image-store.ts';
import { resizeLabels } from '../images/resample.ts';
import {
  type AnyTile,
  type StoredTile,
  storedImage,
  type Tile,
  withInput,
} from '../images/tiles.ts';
import type { Member } from './label-set.ts';
import type { LiveSettings } from './settings.ts';

/** Without its labels. */
type Picture = Omit<Tile, 'labels'> | Omit<StoredTile, 'labels'>;

interface Kept {
  readonly picture: Picture;
  /** null: there was no room for its labels, and they are decoded when they are looked at. */
  readonly tile: AnyTile | null;
  readonly labelMapId: number;
  readonly bytes: number;
}

/** At the scale of the picture. */
function labelled(picture: Picture, full: LabelMap): AnyTile {
  if ('data' in picture) {
    const { width, height } = picture;
    return { ...picture, labels: resizeLabels(full, width, height).data };
  }
  return { ...picture, labels: planeInMemory(full.data, labelLayout(full.width)) };
}

export class Pictures {
  readonly #project: Project;
  readonly #maxBytes = imageMemoryBytes();
  /** Of whole images, which do not count here: in memory or beside the project, as there is room. */
  readonly #store: ImageStore;
  readonly #kept = new Map<number, Kept>();
  /** By revision. */
  readonly #unreadable = new Map<number, LiveProgress['unused'][number]>();
  #bytes = 0;

  constructor(project: Project) {
    this.#project = project;
    this.#store = createImageStore({ folder: project.scratchFolder });
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
    this.#bytes -= kept.bytes;
  }

  close(): void {
    this.#store.close();
  }

  /** With exactly the labels that joined; null: it cannot be read, or a sitting has put newer labels in their place. */
  async of(member: Member, settings: LiveSettings): Promise<AnyTile | null> {
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

  async #read(member: Member, settings: LiveSettings): Promise<AnyTile> {
    const { imageId, labelMapId } = member;
    const known = this.#kept.get(imageId);
    if (known?.labelMapId === labelMapId && known.tile !== null) return known.tile;
    const picture = known?.picture ?? (await this.#picture(member, settings));
    const full = this.#labels(member);
    const tile = labelled(picture, full);
    this.forget(imageId);
    const isSmall = 'data' in picture;
    const pictureBytes = isSmall ? picture.data.byteLength : 0;
    const labelBytes = isSmall ? picture.width * picture.height : full.data.byteLength;
    const hasRoom = this.#bytes + pictureBytes + labelBytes <= this.#maxBytes;
    // A whole image is in the store: decoded once, whatever becomes of its labels.
    if (hasRoom || !isSmall) {
      const bytes = hasRoom ? pictureBytes + labelBytes : 0;
      this.#kept.set(imageId, { picture, tile: hasRoom ? tile : null, labelMapId, bytes });
      this.#bytes += bytes;
    }
    return tile;
  }

  async #picture({ image, imageId }: Member, settings: LiveSettings): Promise<Picture> {
    const { mode, sizePx } = settings.sampling;
    const channels = settings.network.inputChannels;
    const facts = { imageId, name: image.name, imageClass: null };
    if (mode === 'resize') {
      const small = await withInput(this.#project, { image, channels }, (rows) =>
        squeezed(rows, sizePx),
      );
      return { ...facts, ...small };
    }
    const options = { channels, store: this.#store, labels: null };
    return { ...facts, ...(await storedImage(this.#project, image, options)) };
  }

  /** Errors: corrupt. */
  #labels({ image, labelMapId }: Member): LabelMap {
    const full = decodeLabelMap(labelMapCode(this.#project, labelMapId));
    if (full.width === image.widthPx && full.height === image.heightPx) return full;
    throw new AppError(
      'corrupt',
      `Its labels are ${full.width} × ${full.height} px, the image ${image.widthPx} × ${image.heightPx} px. Label it again.`,
      { subject: image.name },
    );
  }
}
