/** Datasets: brought in, generated, written out, and what is said of them as wholes. */
import { z } from 'zod';
import { type Dataset, Id, type Part, PARTS, SegmentationClass } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { EXPORT_FORMATS } from '../export-formats.ts';
import { FilePath, Name } from '../limits.ts';
import { MASK_READINGS, type MaskReading } from '../mask-readings.ts';
import { project } from './project.ts';

export const IMPORT_FORMATS = [
  'auto',
  'folder',
  'coco',
  'labelme',
  'cvat',
  'datumaro',
  'qupath',
  'yolo',
  'imagej-roi',
  'label-tiff',
  'ome-tiff',
  'nifti',
  'npy',
  'class-folder',
  'nnunet',
  'voc',
  'cityscapes',
  'ade20k',
  'dsb2018',
  'oxford-pet',
  'isic2018',
  'drive',
  'camvid',
  'isbi-em',
] as const;
export const ImportFormat = z.enum(IMPORT_FORMATS);
export type ImportFormat = z.infer<typeof ImportFormat>;

/** What pages of one file are: images of their own, channels of one image, or what the file itself says. */
export const PAGES_AS = ['auto', 'images', 'channels'] as const;
export const PagesAs = z.enum(PAGES_AS);
export type PagesAs = z.infer<typeof PagesAs>;

/** Where the one mask of a file of several images goes: on the first of them, or on every one. */
export const ONE_MASK = ['first', 'every'] as const;
export const OneMask = z.enum(ONE_MASK);
export type OneMask = z.infer<typeof OneMask>;

/** Whether class 0 is the background; auto: where its name does not say that it is something else. */
export const BACKGROUND_CHOICES = ['auto', 'yes', 'no'] as const;
export type BackgroundChoice = (typeof BACKGROUND_CHOICES)[number];

/** What is imported, and how it is read: of every call that imports. */
export const ImportSource = {
  format: ImportFormat.default('auto'),
  /** Folder, or a file of labels by itself. */
  path: FilePath,
  /** Where the images of label files lie. */
  imagesDir: FilePath.nullable().default(null),
  /** Which files of a folder are masks, where names do not say it: a folder ("gt/"), or how their names end ("*_gt", "*.png"). */
  masks: Name.nullable().default(null),
  /** How mask values are read where the layout does not say what they mean. */
  reading: z.enum(MASK_READINGS).default('auto'),
  pages: PagesAs.default('auto'),
  oneMask: OneMask.default('first'),
  background: z.enum(BACKGROUND_CHOICES).default('auto'),
  /**
   * Mask value or range of values ("7", "1-40", "#ff0000") → class index or 255 (ignore), in the place of what the
   * preview proposes for these values.
   */
  mapping: z.record(Name, z.number().int().min(0).max(255)).nullable().default(null),
};

/** Parts that can be exported; none: images in no part of the split. */
export const EXPORT_PARTS = [...PARTS, 'none'] as const;
export type ExportPart = (typeof EXPORT_PARTS)[number];

export const datasetsCalls = {
  'datasets.list': z.object({ project }),
  'datasets.generate': z.object({
    project,
    name: Name,
    generator: Name,
    count: z.number().int().min(1).max(100_000),
    sizePx: z.number().int().min(16).max(4096).default(64),
    seed: z.number().int().min(0).default(0),
  }),
  'datasets.preview': z.object(ImportSource),
  'datasets.import': z.object({
    project,
    name: Name,
    ...ImportSource,
    /** Keep originals where they are instead of copying them into the project. */
    link: z.boolean().default(false),
  }),
  'datasets.export': z.object({
    project,
    datasetId: Id,
    format: z.enum(EXPORT_FORMATS),
    dir: FilePath,
    /** Those alone; left out: all of the dataset. */
    imageIds: z.array(Id).min(1).optional(),
    /** Of a split; none: in no part of it. */
    parts: z
      .object({ splitId: Id, parts: z.array(z.enum(EXPORT_PARTS)).min(1) })
      .nullable()
      .default(null),
    /** Only what a person or an import labelled. */
    labelledOnly: z.boolean().default(false),
    /** Excluded images too; those named by id are written all the same. */
    excluded: z.boolean().default(false),
    /** Run whose stored predictions are written beside the labels. */
    predictions: Id.nullable().default(null),
  }),
  /** Looks for the originals of linked images by their content, and notes where they lie now. */
  'datasets.relink': z.object({ project, datasetId: Id, dir: FilePath }),
  'datasets.rename': z.object({ project, datasetId: Id, name: Name }),
  'datasets.delete': z.object({ project, datasetId: Id }),
  /** Whether class 0 is the background. What was planned or trained before keeps what it was (Snapshot.hasBackground). */
  'datasets.setBackground': z.object({ project, datasetId: Id, hasBackground: z.boolean() }),
  'datasets.setClasses': z.object({
    project,
    datasetId: Id,
    classes: z.array(SegmentationClass).min(1).max(255),
  }),
} satisfies Record<string, z.ZodType>;

export const datasetsChanges = {
  'datasets.generate': ['datasets'],
  'datasets.import': ['datasets'],
  'datasets.relink': ['datasets', 'images'],
  'datasets.rename': ['datasets'],
  'datasets.delete': ['datasets', 'runs'],
  'datasets.setBackground': ['datasets'],
  'datasets.setClasses': ['datasets'],
} as const satisfies Partial<Record<keyof typeof datasetsCalls, readonly ChangedKind[]>>;

export interface ExportReport {
  readonly files: number;
  readonly dir: string;
  /** Whose original is there: none that `damaged` or `troubles` says was left out. */
  readonly images: number;
  readonly leftOut: ExportLeftOut;
  /** Images of which the run has no stored prediction; 0 where none was asked for. */
  readonly unpredicted: number;
  /** What was left out because it is damaged in the project, in words. */
  readonly damaged: readonly string[];
  /** What else is not as it was wished, of single images: names, originals, labels without a class; in words, with what to do. */
  readonly troubles: readonly string[];
  /** What the labels have and the format has no place for, and what became of it, in words. */
  readonly lost: readonly string[];
}

/** Images of the dataset, or of those that were named, that were not asked for. */
export interface ExportLeftOut {
  readonly excluded: number;
  readonly otherParts: number;
  readonly unlabelled: number;
}

export interface ImportIssue {
  /** File or annotation that it is about. */
  readonly path: string;
  readonly severity: 'skip' | 'change' | 'info';
  readonly message: string;
}

/** Another way to read what is there, one click or flag away: what to ask for instead. */
export interface ImportAlternative {
  readonly words: string;
  /** The same on the command line. */
  readonly flag: string;
  readonly reading: MaskReading;
  readonly mapping: Readonly<Record<string, number>> | null;
  /** Which files are masks, where that is what it is about. */
  readonly masks?: string;
  /** What the path holds, where that is what it is about. */
  readonly holds?: 'masks';
}

/** Something that an import takes for granted and that may well be otherwise. */
export interface ImportDoubt {
  readonly message: string;
  /** Empty where there is nothing to choose, only something to look at. */
  readonly instead: readonly ImportAlternative[];
}

export interface ImportPreview {
  readonly format: Exclude<ImportFormat, 'auto'>;
  readonly why: string;
  readonly images: number;
  readonly labelled: number;
  readonly classes: readonly SegmentationClass[];
  /** As the dataset will have it; class 0 is scored where it is false. */
  readonly hasBackground: boolean;
  readonly imageClasses: readonly string[];
  /** Mask values found, and the class each becomes (255: ignore). */
  readonly values: readonly {
    readonly value: string;
    /** What `mapping` calls it; null: several that have no common name. */
    readonly key: string | null;
    readonly pixels: number;
    readonly becomes: number;
  }[];
  /** What to look at before importing. */
  readonly doubts: readonly ImportDoubt[];
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  /** Files with several pages, and those of several images that have one mask: what `pages` and `oneMask` are about. */
  readonly severalPages: number;
  readonly oneMasks: number;
  readonly issues: readonly ImportIssue[];
}

export interface ImportReport {
  readonly datasetId: number;
  readonly images: number;
  readonly labelled: number;
  /** Images that could not be read. */
  readonly skipped: number;
  /** Images that have a mask or annotations of which nothing could be used: they are unlabelled. */
  readonly droppedMasks: number;
  readonly issues: readonly ImportIssue[];
  readonly doubts: readonly ImportDoubt[];
  readonly splitId: number | null;
}

/** What became of the linked images of a dataset. */
export interface RelinkReport {
  readonly linked: number;
  /** Of these, those whose content lies in the folder … */
  readonly found: number;
  /** … and at another place than it did. */
  readonly moved: number;
  /** Not in the folder, but still where they were. */
  readonly unchanged: number;
  /** Neither in the folder nor where they were. */
  readonly missing: readonly {
    readonly imageId: number;
    readonly name: string;
    readonly message: string;
  }[];
  /** Files and folders that could not be looked into. */
  readonly unread: number;
}

export interface DatasetsOutputs {
  'datasets.list': Dataset[];
  'datasets.generate': Dataset;
  'datasets.preview': ImportPreview;
  'datasets.import': ImportReport;
  'datasets.export': ExportReport;
  'datasets.relink': RelinkReport;
  'datasets.rename': Dataset;
  'datasets.delete': null;
  'datasets.setBackground': Dataset;
  'datasets.setClasses': Dataset;
}
