/** What of the labels that are exported a format has no place for: looked for in what is written, so that it can be said. */
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { BACKGROUND, IGNORE } from '../../../shared/entities.ts';
import {
  EXPORT_FORMAT_FACTS,
  type ExportFormat,
  type LabelTrait,
  TRAIT_WORDS,
} from '../../../shared/export-formats.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { counted } from '../../../shared/number-format.ts';
import type { Project } from '../../db/project.ts';
import { classColor } from '../class-colors.ts';

interface Exported {
  readonly project: Project;
  readonly dataset: Dataset;
  readonly images: readonly ImageRecord[];
}

export class Losses {
  readonly #losses: Readonly<Partial<Record<LabelTrait, string>>>;
  readonly #hasBackground: boolean;
  /** Images that have what the format has no place for; of what is the dataset's, 0. */
  readonly #found = new Map<LabelTrait, number>();

  constructor(format: ExportFormat, { project, dataset, images }: Exported) {
    this.#losses = EXPORT_FORMAT_FACTS[format].losses;
    this.#hasBackground = dataset.hasBackground;
    const { classes, hasBackground } = dataset;
    const isGrouped = images.some(
      ({ groupName, imageClass, excluded }) =>
        groupName !== null || imageClass !== null || excluded !== null,
    );
    if (isGrouped || project.splits.list(dataset.id).length > 0) this.#found.set('groups', 0);
    if (!hasBackground) this.#found.set('no background', 0);
    const isColoured = classes.some(
      ({ index, color }) => !(hasBackground && index === BACKGROUND) && color !== classColor(index),
    );
    if (isColoured) this.#found.set('colours', 0);
  }

  /** One more image that has it. */
  count(trait: LabelTrait): void {
    this.#found.set(trait, (this.#found.get(trait) ?? 0) + 1);
  }

  look({ data }: LabelMap): void {
    if ('ignored' in this.#losses && data.includes(IGNORE)) this.count('ignored');
    if (!('empty' in this.#losses) || !this.#hasBackground) return;
    if (data.every((value) => value === BACKGROUND)) this.count('empty');
  }

  /** "ignored pixels of 3 images: written as background". */
  inWords(): string[] {
    return [...this.#found].flatMap(([trait, images]) => {
      const becomes = this.#losses[trait];
      if (becomes === undefined) return [];
      const of = images === 0 ? '' : ` of ${counted(images, 'image')}`;
      return [`${TRAIT_WORDS[trait]}${of}: ${becomes}`];
    });
  }
}
