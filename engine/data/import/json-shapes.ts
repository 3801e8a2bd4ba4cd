/**
 * What an import expects of JSON files from outside. They are checked where they are read, in a process of their own
 * (json-process.ts), so that nothing comes out of it but what was asked for.
 */
import { z } from 'zod';
import { Part, SegmentationClass } from '../../../shared/entities.ts';
import { Name } from '../../../shared/limits.ts';
import { PixelSize } from '../../../shared/pixel-size.ts';
import { lookOfCoco, readCocoEntries } from './coco-entries.ts';
import { DatumaroFile, readDatumaro } from './datumaro.ts';
import { jsonKind } from './json-kind.ts';
import { LabelmeFile, readLabelme } from './labelme.ts';
import { QuPathFile, readQuPath } from './qupath.ts';
import { unreadJson } from './unread-json.ts';

/** Entries stay unknown here, so that one bad entry costs itself and not the file. */
const CocoFile = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()),
  info: z.object({ has_background: z.unknown() }).partial().catch({}).optional(),
});

const LooksLikeCoco = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()).optional(),
});

/** classes.json: what the values of the masks mean, and what is known of single images. */
const ClassesFile = z.object({
  classes: z.array(SegmentationClass).min(1),
  /** Whether class 0 is the background; left out: by its name. */
  hasBackground: z.boolean().optional(),
  imageClasses: z.array(z.string()).default([]),
  /** The images of files with several pages, each as the pages that are its channels, from 0. */
  pages: z.record(z.string(), z.array(z.array(z.number().int().min(0)).min(1)).min(1)).default({}),
  images: z
    .record(
      z.string(),
      z.object({
        group: z.string().optional(),
        imageClass: z.string().optional(),
        /** Why it takes part in nothing. */
        excluded: Name.optional(),
        /** As somebody typed it. */
        pixelSize: PixelSize.optional(),
      }),
    )
    .default({}),
});
export type ClassesFile = z.input<typeof ClassesFile>;

/** splits.json: the images of each part of each split. */
const SplitsFile = z.record(z.string(), z.partialRecord(Part, z.array(z.string())));
export type SplitsFile = z.infer<typeof SplitsFile>;

export const JSON_SHAPES = {
  'classes.json': ClassesFile,
  'splits.json': SplitsFile,
  /** nnU-Net's dataset.json of version 1 (modality, labels by value) and 2 (channel_names, labels by name; of regions several values). */
  'dataset.json': z.object({
    channel_names: z.record(z.string(), z.unknown()).optional(),
    modality: z.record(z.string(), z.unknown()).optional(),
    labels: z.record(z.string(), z.unknown()),
  }),
  /** nnU-Net's. */
  'splits_final.json': z.array(z.object({ train: z.array(z.string()), val: z.array(z.string()) })),
  /** Whether it is COCO, and what it is about; null: some other JSON. */
  'perhaps COCO': z.unknown().transform((json) => {
    const file = LooksLikeCoco.safeParse(json);
    return file.success ? lookOfCoco(file.data) : null;
  }),
  COCO: CocoFile.transform(readCocoEntries),
  /** Whose labels it holds that are not read, in words; null: nobody's that are known. */
  'unread labels': z.unknown().transform(unreadJson),
  /** Whose labels it holds; null: nobody's that are read. */
  kind: z.unknown().transform(jsonKind),
  labelme: LabelmeFile.transform(readLabelme),
  datumaro: DatumaroFile.transform(readDatumaro),
  qupath: QuPathFile.transform(readQuPath),
} satisfies Record<string, z.ZodType>;

export type JsonShape = keyof typeof JSON_SHAPES;
export type JsonOf<Shape extends JsonShape> = z.output<(typeof JSON_SHAPES)[Shape]>;
