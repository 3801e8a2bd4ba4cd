/** What an import is made of: the items that a layout found, and the plan that a preview drew up. */
import type {
  ImportDoubt,
  ImportFormat,
  ImportIssue,
  ImportPreview,
  PagesAs,
} from '../../../shared/api.ts';
import type { ImageRecord, Part, SegmentationClass } from '../../../shared/entities.ts';
import type { PixelSize } from '../../../shared/pixel-size.ts';
import type { ImagePages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import type { FolderTree } from './folder-tree.ts';
import type { PaintedShape, ShapeGround } from './paint-shapes.ts';
import type { LabelFormat } from './shapes.ts';
import type { ValueMapping, ValueRule } from './value-mapping.ts';

/** Where an image's label map comes from. */
export type LabelSource =
  /** `page`: of the mask file, from 0; `objects`: a second mask, whose values number the objects of the first. */
  | {
      readonly kind: 'mask';
      readonly path: string;
      readonly page?: number;
      readonly objects?: string;
    }
  /** One mask per object: every pixel that is not 0 in any of them is foreground. */
  | { readonly kind: 'union'; readonly paths: readonly string[] }
  /** Outlines of objects, from a file with annotations. */
  | (ShapeGround & {
      readonly kind: 'shapes';
      readonly path: string;
      readonly shapes: readonly PaintedShape[];
      /** Shapes of the image that could not even be read. */
      readonly unusable: number;
      /** Size of the image that they were made for, in pixels; null where they do not say. */
      readonly size: { readonly width: number; readonly height: number } | null;
    });

/** What is known of an image that is there already. */
export type StoredImage = Pick<
  ImageRecord,
  'id' | 'name' | 'page' | 'channelPages' | 'widthPx' | 'heightPx' | 'channels' | 'bitDepth'
>;

/** One page of a file, from 0, that is a channel of an image. */
export interface ChannelFile {
  readonly path: string;
  readonly page: number;
}

/** One image to be. Paths are absolute. */
export interface ImportItem {
  readonly path: string;
  /** Where the image is put together of pages of files with a channel each, all of them in order; `path` is the first. */
  readonly channelFiles?: readonly ChannelFile[];
  readonly page: number;
  /** Where its channels are pages of the file: all of them. */
  readonly channelPages?: readonly number[] | null;
  /** Where it is an image of a dataset already, and only its labels are new: nothing of `path` is read. */
  readonly stored?: StoredImage;
  /** Unique in the dataset together with the page. */
  readonly name: string;
  readonly labels: LabelSource | null;
  readonly part: Part | null;
  readonly group: string | null;
  readonly imageClass: string | null;
  /** Why it takes part in nothing, as a list beside the images says; left out: it does. */
  readonly excluded?: string;
  /** How large a pixel is, as the same list says; left out: it does not say. */
  readonly pixelSize?: PixelSize;
  /** Whether it was said already that it comes without labels, of all its file at once. */
  readonly isSaid?: boolean;
}

/** What is known of a single image beside its pixels. */
export interface ImageFacts {
  readonly group?: string | undefined;
  readonly imageClass?: string | undefined;
  readonly excluded?: string | undefined;
  readonly pixelSize?: PixelSize | undefined;
}

/** What a layout makes of one file, before pages.ts tells how many images it holds. */
export interface FoundItem extends Omit<
  ImportItem,
  'labels' | 'channelFiles' | 'channelPages' | 'isSaid' | 'stored' | 'excluded' | 'pixelSize'
> {
  /** Files with a channel each, of as many images as they have pages. */
  readonly channelFiles?: readonly string[];
  /** How many channels a list says each image has: the slowest axis of a file that is as long is that of the channels. */
  readonly channels?: number;
  readonly labels:
    | LabelSource
    /** A mask file for each labelled page, and where there are such, one that numbers its objects. */
    | {
        readonly kind: 'pages';
        readonly paths: ReadonlyMap<number, string>;
        readonly objects?: ReadonlyMap<number, string>;
      }
    | null;
  /** What a list beside the images says of the image that begins with a page. */
  readonly facts?: (page: number) => ImageFacts | undefined;
  /** The images of the file, where the layout knows them. */
  readonly images?: readonly ImagePages[];
  /** The images of a dataset that are this file, in the order of their pages. */
  readonly storedImages?: readonly StoredImage[];
}

/** What a layout makes of a folder or file, before any pixel is read. */
export interface LayoutContents {
  readonly items: readonly FoundItem[];
  readonly issues: readonly ImportIssue[];
  /** What the layout takes for granted of its files. */
  readonly doubts?: readonly ImportDoubt[];
  /** What mask values mean in this layout; null: told from the values that are found. */
  readonly rule: ValueRule | null;
  /** Names of image-level classes in their order. */
  readonly imageClasses: readonly string[];
  /** Splits beside `imported`, which is made of the items' parts. */
  readonly splits?: readonly NamedSplit[];
}

export interface NamedSplit {
  readonly name: string;
  /** Whether it names files, every image of which has their part. */
  readonly isOfFiles?: boolean;
  /** By pageName of the image, or the name of its file. */
  readonly partOf: ReadonlyMap<string, Part>;
}

export type FolderFormat = Exclude<ImportFormat, 'auto' | 'coco' | LabelFormat>;

/** One kind of folder: how it is recognised, and how it is read. */
export interface FolderLayout {
  readonly format: FolderFormat;
  /** Why the folder looks like this layout, or undefined where it does not. */
  detect(tree: FolderTree): string | undefined;
  read(tree: FolderTree, reader: FileReader): Promise<LayoutContents>;
}

/** What runImport carries out. Holds no pixels. */
export interface ImportPlan {
  /** The same in the form that people and programs see. */
  readonly preview: ImportPreview;
  /** Absolute path of the folder or file. */
  readonly path: string;
  /** Folder that paths in issues are relative to. */
  readonly root: string;
  /** What the pages of a file were taken for. */
  readonly pages: PagesAs;
  readonly items: readonly ImportItem[];
  /** Those of them that are images which are there, with a mask that can be used. */
  readonly revisions: number;
  readonly mapping: ValueMapping;
  /** What the masks' own list calls their values, where they become classes of a dataset that is there. */
  readonly valueNames: ReadonlyMap<string, string>;
  /** What of that is doubtful. */
  readonly doubts: readonly ImportDoubt[];
  readonly classes: readonly SegmentationClass[];
  readonly hasBackground: boolean;
  readonly imageClasses: readonly string[];
  readonly splits: readonly NamedSplit[];
  /** Issues of the layout itself; those of single files are found again when they are read. */
  readonly layoutIssues: readonly ImportIssue[];
}
