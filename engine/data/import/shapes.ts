/**
 * What label files say, in one form for all of them: outlines of objects with the names of their classes, image by image.
 * Each format has a file that reads it into this; what becomes of it is label-layout.ts' and paint-shapes.ts' affair.
 */
import type { ImportIssue } from '../../../shared/api.ts';
import type { CocoRle } from '../../../shared/coco-rle.ts';
import type { Ring } from '../../../shared/geometry.ts';
import type { Part } from '../../../shared/entities.ts';

/** Formats that are read so, in the order in which they are tried. */
export const LABEL_FORMATS = [
  'datumaro',
  'cvat',
  'labelme',
  'qupath',
  'imagej-roi',
  'yolo',
] as const;
export type LabelFormat = (typeof LABEL_FORMATS)[number];

/** Polygons [x0, y0, x1, y1, …] in pixels, possibly with NaN; or run lengths. Filled, and united, as pycocotools does. */
export type CocoSegmentation = readonly (readonly number[])[] | CocoRle;

/** Rings of one outline, possibly with NaN: a pixel belongs to it where its centre lies in an odd number of them. */
export interface RingOutline {
  readonly rings: readonly Ring[];
  /** In shares of width and height instead of pixels. */
  readonly isRelative?: boolean;
}

/** A rectangle of pixels, and the lengths of runs in its rows, zeros first. */
export interface RunOutline {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly runs: readonly number[];
}

export type Outline = CocoSegmentation | RingOutline | RunOutline;

/** Which picture of a file with several an outline is of, from 0. */
export type Plane =
  /** `alone`: where the file has one picture, it is of that. */
  | { readonly kind: 'page'; readonly page: number; readonly alone: boolean }
  | {
      readonly kind: 'slice';
      readonly slice: number;
      readonly frame: number;
      readonly alone: boolean;
    };

/** One outline of an image, whose pixels are known once the size of the image is. */
export interface Shape {
  /** How messages call it: "annotation 7", "polygon in line 12". */
  readonly where: string;
  /** Ignored beneath every object, as a crowd of COCO. */
  readonly crowd: boolean;
  readonly outline: Outline;
  /** Left out: nothing says so, and it is of the first. */
  readonly plane?: Plane;
  /** Shapes of one class that share it are one object; null: it is one by itself. */
  readonly object: string | null;
}

/** A shape with the name of its class. */
export interface NamedShape extends Shape {
  readonly label: string;
}

/** What is said of one entry of a file. */
export interface EntryIssue {
  readonly severity: ImportIssue['severity'];
  readonly where: string;
  readonly message: string;
}

export interface LabelledImage {
  /** How messages call it: "image 3". */
  readonly where: string;
  /** As the file has it, perhaps with folders; null: the image is told by the name of the label file. */
  readonly fileName: string | null;
  /** Pixels; null where the file does not say. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly part: Part | null;
  readonly shapes: readonly NamedShape[];
  /** Shapes that could not even be read. */
  readonly unusable: number;
  /** Whether without shapes it is all background; else it is unlabelled then. */
  readonly labelled: boolean;
  /** Whether the label file holds the picture itself, which is not read. */
  readonly holdsPicture?: boolean;
}

export interface LabelName {
  readonly name: string;
  /** '#rrggbb' where the file has one. */
  readonly color: string | null;
}

/** All of a label file that can be used, and what is said of the rest. */
export interface LabelContent {
  /** Classes that the file lists, in its order; those of shapes alone are found at the shapes. */
  readonly labels: readonly LabelName[];
  readonly images: readonly LabelledImage[];
  readonly issues: readonly EntryIssue[];
}

/** Entries that are named one by one; nobody reads more of them. */
const MOST_ISSUES = 10_000;

/** Collects what is said of the entries of a file. */
export class EntryIssues {
  readonly #issues: EntryIssue[] = [];
  #more = 0;

  say(severity: EntryIssue['severity'], where: string, message: string): void {
    if (this.#issues.length < MOST_ISSUES) this.#issues.push({ severity, where, message });
    else this.#more++;
  }

  all(): EntryIssue[] {
    if (this.#more === 0) return this.#issues;
    const message = `${this.#more} more entries are not used as they stand`;
    return [...this.#issues, { severity: 'skip', where: 'file', message }];
  }
}
