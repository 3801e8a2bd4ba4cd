/**
 * The formats that a dataset can be exported in, and what each has no place for: the one table that the call, the command
 * line and the window read. How each is written is engine/data/export/.
 */
import { inWords } from './sentences.ts';

export const EXPORT_FORMATS = [
  'folder',
  'coco',
  'labelme',
  'voc',
  'yolo',
  'cvat',
  'datumaro',
  'qupath',
  'imagej-roi',
  'label-tiff',
  'ome-tiff',
  'nifti',
  'npy',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What labels may have and a format may have no place for. */
const LABEL_TRAITS = [
  'objects',
  'no object',
  'holes',
  'ignored',
  'empty',
  'no background',
  'colours',
  'groups',
  'pages',
] as const;
export type LabelTrait = (typeof LABEL_TRAITS)[number];

export const TRAIT_WORDS: Readonly<Record<LabelTrait, string>> = {
  objects: 'objects',
  'no object': 'labels of no object',
  holes: 'holes',
  ignored: 'ignored pixels',
  empty: 'labels that are all background',
  'no background': 'a class 0 that is no background',
  colours: 'colours of classes',
  groups: 'groups, splits, image classes and exclusions',
  pages: 'pages of a file',
};

export interface ExportFormatFacts {
  /** In a list. */
  readonly title: string;
  /** What lies in the folder afterwards. */
  readonly writes: string;
  /** What it has no place for, and what becomes of that. */
  readonly losses: Readonly<Partial<Record<LabelTrait, string>>>;
}

const AS_OBJECTS = 'each connected region of them becomes an object';
const UNGROUPED = 'not written';
const BESIDE =
  'masks/ of the same kind with the class numbers (255 for ignored), classes.json and splits.json';
const UNGROUNDED = 'it becomes class 1, above a background without pixels';
const AS_FILES = 'each is written as an image of its own';

export const EXPORT_FORMAT_FACTS: Readonly<Record<ExportFormat, ExportFormatFacts>> = {
  folder: {
    title: 'Folder of images and index masks',
    writes:
      'images/ and masks/: index PNGs whose pixel values are the class numbers, 255 for ignored; classes.json and splits.json',
    losses: { objects: 'objects of one class that touch become one region' },
  },
  coco: {
    title: 'COCO',
    writes: 'images/ and instances.json with run-length masks, in which holes survive',
    losses: { 'no object': AS_OBJECTS, colours: 'not written', groups: UNGROUPED },
  },
  labelme: {
    title: 'labelme JSON',
    writes:
      'images/ with a JSON file beside each: polygons along the edges of pixels, masks where there are holes; and labels.txt',
    losses: {
      'no object': AS_OBJECTS,
      'no background': UNGROUNDED,
      colours: 'not written',
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  voc: {
    title: 'Pascal VOC segmentation',
    writes:
      'JPEGImages/, SegmentationClass/ and SegmentationObject/ as index PNGs, labelmap.txt, and ImageSets/ where there is a split',
    losses: {
      'no background': UNGROUNDED,
      groups: 'only the parts of the first split are written',
      pages: AS_FILES,
    },
  },
  yolo: {
    title: 'YOLO segmentation',
    writes:
      'images/, labels/ with an outline a line, data.yaml and classes.txt; parts and holes of an object are joined by bridges',
    losses: {
      'no object': AS_OBJECTS,
      ignored: 'they become background',
      'no background': UNGROUNDED,
      colours: 'not written',
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  cvat: {
    title: 'CVAT XML for images 1.1',
    writes: 'images/ and annotations.xml, each object a mask',
    losses: {
      'no object': AS_OBJECTS,
      empty: 'the image comes back unlabelled',
      'no background': UNGROUNDED,
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  datumaro: {
    title: 'Datumaro JSON',
    writes: 'images/default/ and annotations/default.json, each object a mask',
    losses: {
      'no object': AS_OBJECTS,
      'no background': UNGROUNDED,
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  qupath: {
    title: 'QuPath GeoJSON',
    writes: 'images/ and annotations/ with a GeoJSON file an image; and classes.txt',
    losses: {
      'no object': AS_OBJECTS,
      'no background': UNGROUNDED,
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  'imagej-roi': {
    title: 'ImageJ ROIs (RoiSet.zip)',
    writes:
      'images/ and rois/ with an archive an image: traced outlines, composites where there are holes; classes.txt',
    losses: {
      'no object': AS_OBJECTS,
      'no background': UNGROUNDED,
      colours: 'not written',
      groups: UNGROUPED,
      pages: AS_FILES,
    },
  },
  'label-tiff': {
    title: 'Label TIFF (ImageJ, Cellpose)',
    writes: `images/, objects/ as TIFF with a number an object, and ${BESIDE}`,
    losses: {},
  },
  'ome-tiff': {
    title: 'OME-TIFF masks',
    writes: `images/, objects/ as OME-TIFF with a number an object, and ${BESIDE}`,
    losses: {},
  },
  nifti: {
    title: 'NIfTI masks',
    writes: `images/, objects/ as .nii.gz of one slice with a number an object, and ${BESIDE}`,
    losses: {},
  },
  npy: {
    title: 'NumPy masks',
    writes: `images/, objects/ as .npy with a number an object, and ${BESIDE}`,
    losses: {},
  },
};

/** "colours of classes (not written)", one for each thing that a format has no place for. */
export const lossesOf = (format: ExportFormat): string[] =>
  LABEL_TRAITS.flatMap((trait) => {
    const { losses } = EXPORT_FORMAT_FACTS[format];
    const becomes = losses[trait];
    return becomes === undefined ? [] : [`${TRAIT_WORDS[trait]} (${becomes})`];
  });

/** What a format has no place for, as a sentence. */
export function lossWords(format: ExportFormat): string {
  const losses = lossesOf(format);
  return losses.length === 0
    ? 'It has a place for all that Graft knows of labels.'
    : `It has no place for ${inWords(losses)}.`;
}
