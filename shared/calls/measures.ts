/** Measurements of objects: of labels, or of what a network predicted. */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import type { MeasureColumn } from '../objects/measure/columns.ts';
import { PixelSize } from '../pixel-size.ts';
import { project } from './project.ts';

const measured = {
  project,
  datasetId: Id,
  /** Run whose stored predictions are measured; null: the labels are. */
  runId: Id.nullable().default(null),
};

export const measuresCalls = {
  /** The columns are fetched as `measures` (shared/exchange.ts). */
  'measures.table': z.object(measured),
  /** objects.csv and images.csv, in an empty or new folder. */
  'measures.write': z.object({ ...measured, dir: FilePath }),
  /** null: as the file says, if it does. */
  'measures.setPixelSize': z.object({
    project,
    datasetId: Id,
    /** Those alone; left out: all of the dataset. */
    imageIds: z.array(Id).min(1).optional(),
    pixelSize: PixelSize.nullable(),
  }),
} satisfies Record<string, z.ZodType>;

export const measuresChanges = {
  'measures.setPixelSize': ['images'],
} as const satisfies Partial<Record<keyof typeof measuresCalls, readonly ChangedKind[]>>;

/** What is counted of a class in one image. */
export interface ClassCount {
  readonly classIndex: number;
  readonly objects: number;
  /** All pixels of the class, of an object or not. */
  readonly areaPx: number;
  /** Of the pixels that are not ignored; null where all are. */
  readonly share: number | null;
}

export interface MeasuredImage {
  readonly imageId: number;
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** The label map that was measured; null: what a run kept of a test image. */
  readonly labelMapId: number | null;
  /** stored: somebody told its objects apart; components: they are connected regions of one class. */
  readonly from: 'stored' | 'components';
  readonly objects: number;
  readonly classes: readonly ClassCount[];
  readonly pixelSize: PixelSize | null;
  /** Where the pixel size is from: "typed", or what of the file says it, or why it is not used; null: nowhere. */
  readonly pixelSizeFrom: string | null;
}

export interface MeasureSummary {
  readonly images: readonly MeasuredImage[];
  /** Of all images together. */
  readonly objects: number;
  /** Images that have no labels, or no stored prediction of the run. */
  readonly unmeasured: number;
  /** What was left out or not found, in words. */
  readonly notes: readonly string[];
}

export interface MeasureTable extends MeasureSummary {
  /** Under which its columns are fetched. */
  readonly tableId: number;
  /** Number of the image in `images`, object number, class; then those of columns.ts. */
  readonly columns: readonly MeasureColumn[];
}

export interface MeasureReport extends MeasureSummary {
  readonly dir: string;
  readonly files: number;
}

export interface MeasuresOutputs {
  'measures.table': MeasureTable;
  'measures.write': MeasureReport;
  'measures.setPixelSize': null;
}
