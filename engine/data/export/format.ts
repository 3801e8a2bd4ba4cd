/** What every format of an export has in common: how a writer is asked for it, one image after the other. */
import type { Dataset, ImageRecord, SegmentationClass } from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import type { Project } from '../../db/project.ts';
import type { TargetFolder } from './target-folder.ts';

/** labels: what is current; predictions: what a run predicted of the same images, which goes beside it. */
export type ExportLayer = 'labels' | 'predictions';

export interface ExportContext {
  readonly project: Project;
  readonly dataset: Dataset;
  /** Classes that regions are drawn of: all but the background. */
  readonly drawn: readonly SegmentationClass[];
  /** All that are exported, in their order. */
  readonly images: readonly ImageRecord[];
  readonly layer: ExportLayer;
  readonly target: TargetFolder;
  /** The name of the file of an image in the folder of images. */
  readonly fileName: (image: ImageRecord) => string;
}

/** The labels of one image, or what a run predicted of it. */
export interface ExportLabels {
  readonly labelMap: LabelMap;
  /**
   * The number of the object of each pixel, 0: of none. Those that somebody told apart, else connected regions. Worked out
   * when it is asked for. [height, width]
   */
  readonly objects: () => Uint32Array;
  /**
   * The same for formats that write nothing but objects: what is labelled and of no object becomes objects, too, a connected
   * region each, so that no label is lost. Worked out when it is asked for. [height, width]
   */
  readonly regions: () => Uint32Array;
}

export interface LayerWriter {
  /** In the order of the context's images; null: it has no labels. Errors: those of writing, and of the format. */
  image(image: ImageRecord, labels: ExportLabels | null): Promise<void> | void;
  /** What is written when all images are known. */
  finish(): Promise<void>;
}

export interface ExportWriter {
  /** Where the originals go, with forward slashes. */
  readonly imagesFolder: string;
  /** Whether it can say which pages of a file its images are; else each is written as a file of its own. */
  readonly hasPages: boolean;
  begin(context: ExportContext): LayerWriter;
}
