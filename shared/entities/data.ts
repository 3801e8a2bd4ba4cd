/** What is labelled: classes, datasets, images, label maps, splits, and what a snapshot pins of them. */
import { z } from 'zod';
import { Helpers } from '../helpers.ts';
import { KeptName } from '../limits.ts';

/** Class 0: the background, unless the dataset says that it has none (Dataset.hasBackground). */
export const BACKGROUND = 0;
/** Pixels of this value count nowhere: not in a loss, not in a metric. */
export const IGNORE = 255;
/** Classes are numbered 0 … 254; 255 is IGNORE. */
export const MAX_CLASSES = 255;

export const Id = z.number().int().positive();
export type Id = z.infer<typeof Id>;

/** Lower-case hexadecimal SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const SegmentationClass = z.object({
  /** Pixel value in label maps, 0 … 254. */
  index: z.number().int().min(0).max(254),
  name: KeptName,
  /** #rrggbb */
  color: z.string().regex(/^#[0-9a-f]{6}$/),
});
export type SegmentationClass = z.infer<typeof SegmentationClass>;

export const Dataset = z.object({
  id: Id,
  name: KeptName,
  createdAt: z.string(),
  /** Where it came from in words and settings: an import folder, or a generator with its seed. */
  origin: z.record(z.string(), z.unknown()),
  /** Images that are not in the bin. */
  imageCount: z.number().int(),
  /** Of these, those that are excluded. Whatever is counted below leaves them out. */
  excludedCount: z.number().int(),
  /** In its bin: no part of it until they are restored. */
  binnedCount: z.number().int(),
  labelledCount: z.number().int(),
  /** Image classes that occur. */
  usedImageClasses: z.number().int(),
  /** Its images by their number of channels, fewest channels first. */
  channels: z.array(z.object({ channels: z.number().int(), images: z.number().int() })),
  classes: z.array(SegmentationClass),
  /** false: class 0 is a class like any other, scored as they are. */
  hasBackground: z.boolean(),
  /** Names of image-level classes (classification); images carry an index into this list. */
  imageClasses: z.array(z.string()),
});
export type Dataset = z.infer<typeof Dataset>;

export const ImageRecord = z.object({
  id: Id,
  datasetId: Id,
  /** File name without folder, unique in its dataset. */
  name: z.string(),
  /** Upright size: after the EXIF orientation has been applied. */
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  channels: z.number().int().positive(),
  bitDepth: z.union([z.literal(8), z.literal(16), z.literal(32)]),
  /** SHA-256 of the original bytes. */
  hash: Sha256,
  /** Page of a multi-page file, else 0. */
  page: z.number().int().min(0),
  /** Where its channels are pages of the file: all of them, `page` the first. */
  channelPages: z.array(z.number().int().min(0)).nullable(),
  storage: z.enum(['embedded', 'linked']),
  /** Absolute path of a linked original. */
  linkPath: z.string().nullable(),
  /** Where it lies if project and original moved together; null where that is `linkPath`. */
  linkBeside: z.string().nullable(),
  /** Patient, slide, source image …: images of one group never land in two parts of a split. */
  groupName: z.string().nullable(),
  /** Index into Dataset.imageClasses. */
  imageClass: z.number().int().nullable(),
  /** Why it is in no training and no score (task-sources.ts, takesPart); null: it takes part. */
  excluded: z.string().nullable(),
  /** When it was put into the bin; null: it is not in it, and of its dataset. */
  deletedAt: z.string().nullable(),
  /** Latest label map revision. */
  labelMapId: Id.nullable(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

const AUTHORS = ['human', 'model', 'corrected', 'imported', 'generated'] as const;
export const Author = z.enum(AUTHORS);
export type Author = z.infer<typeof Author>;

/**
 * How unsure a network was of an image: the mean over pixels of the entropy of the class probabilities, as a share of
 * the largest possible: 0 certain everywhere, 1 all classes alike everywhere.
 */
export const Uncertainty = z.number().min(0).max(1);

/** One immutable revision; the newest revision of an image is its current label map. */
export const LabelMapRevision = z.object({
  id: Id,
  imageId: Id,
  author: Author,
  createdAt: z.string(),
  /** Run whose prediction this is or was corrected from. */
  runId: Id.nullable(),
  /** Helpers that proposed what this is or was corrected from. */
  helpers: Helpers,
  note: z.string(),
  /** Of a prediction: see Uncertainty. */
  uncertainty: Uncertainty.nullable(),
  /** A person marked it: it stays when the history is thinned. */
  kept: z.boolean(),
});
export type LabelMapRevision = z.infer<typeof LabelMapRevision>;

export const PARTS = ['train', 'val', 'test'] as const;
export const Part = z.enum(PARTS);
export type Part = z.infer<typeof Part>;

export const Split = z.object({
  id: Id,
  datasetId: Id,
  name: z.string(),
  createdAt: z.string(),
  counts: z.object({
    train: z.number().int(),
    val: z.number().int(),
    test: z.number().int(),
  }),
});
export type Split = z.infer<typeof Split>;

/** One image of a snapshot: exactly these bytes with exactly this label map, in this part. */
export const SnapshotItem = z.object({
  imageId: Id,
  imageHash: Sha256,
  labelMapId: Id.nullable(),
  /** Index into Dataset.imageClasses at that time. */
  imageClass: z.number().int().nullable(),
  part: Part,
});
export type SnapshotItem = z.infer<typeof SnapshotItem>;

/** What a run was trained and tested on, frozen when the study was made. */
export const Snapshot = z.object({
  id: Id,
  datasetId: Id,
  createdAt: z.string(),
  /** SHA-256 over the sorted items and the two below: two snapshots of one hash hold the same data. */
  hash: Sha256,
  /** Dataset.hasBackground at that time. */
  hasBackground: z.boolean(),
  /** Classes that a segmentation head has, 0 included: the largest number of a class at that time, and one. */
  pixelClasses: z.number().int().min(0).max(MAX_CLASSES),
});
export type Snapshot = z.infer<typeof Snapshot>;
