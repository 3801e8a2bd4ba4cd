/**
 * The entries of COCO's lists, one by one, as other tools write them: ids as numbers or text, numbers as text, sizes and
 * ids left out. One that cannot be used costs itself and is named; what of it can be used is kept.
 */
import { z } from 'zod';
import type { ImportIssue } from '../../../shared/api.ts';
import { type Fields, idOf, isFields, numberOf, protoNote } from './json-fields.ts';
import type { CocoSegmentation } from './shapes.ts';

/** Says what became of an entry that is not used as it stands. `where`: "image 9", "annotations[3]". */
export interface CocoIssues {
  skip(where: string, message: string): void;
  change(where: string, message: string): void;
  info(where: string, message: string): void;
}

/** 1 and "1" are one id, since tools write them as either. */
export type CocoId = string;

export interface CocoImage {
  /** null: no annotation can name it. */
  readonly id: CocoId | null;
  /** How messages call it. */
  readonly where: string;
  readonly fileName: string;
  /** Pixels; null where the file does not say. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly page: number;
  /** Ours: the pages that are its channels, or its one page; null where nothing is said of pages. */
  readonly pages: readonly number[] | null;
  /** Ours: whether an image without annotations is all background. */
  readonly labelled: boolean;
}

export interface CocoCategory {
  readonly id: CocoId;
  readonly name: string;
}

export interface CocoEntry {
  /** How messages call it: its id, or its place in the list. */
  readonly id: string;
  readonly imageId: CocoId;
  readonly categoryId: CocoId;
  readonly crowd: boolean;
  readonly segmentation: CocoSegmentation;
}

const Pages = z.array(z.coerce.number().int().min(0)).min(1);

const isSide = (value: number) => Number.isInteger(value) && value > 0;

/** Numeric ids by number, then the others by text. */
export function compareIds(a: CocoId, b: CocoId): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : a > b ? 1 : 0) : difference;
}

function readImageEntries(entries: readonly unknown[], issues: CocoIssues): CocoImage[] {
  return entries.flatMap((entry, i): CocoImage[] => {
    const place = `images[${i}]`;
    const fields = isFields(entry) ? entry : {};
    const fileName = fields['file_name'];
    if (typeof fileName !== 'string' || fileName.trim() === '') {
      issues.skip(place, 'not an image (file_name: a text is missing)');
      return [];
    }
    const id = idOf(fields['id']);
    if (id === null) {
      issues.skip(place, `${fileName} has no id, so no annotation can belong to it`);
    }
    const width = numberOf(fields['width']);
    const height = numberOf(fields['height']);
    const size = isSide(width) && isSide(height) ? { width, height } : null;
    if (size === null) {
      issues.info(place, `${fileName} has no width and height here: those of the file are taken`);
    }
    const given = Pages.safeParse(fields['channel_pages'] ?? [fields['page']]);
    const pages = given.success ? given.data : null;
    return [
      {
        id,
        where: id === null ? place : `image ${id}`,
        fileName,
        size,
        page: pages?.[0] ?? 0,
        pages,
        labelled: fields['labelled'] === true,
      },
    ];
  });
}

/** Each id once, in the order of the ids. */
function readCategoryEntries(entries: readonly unknown[], issues: CocoIssues): CocoCategory[] {
  const byId = new Map<CocoId, CocoCategory>();
  const byName = new Map<string, CocoId>();
  entries.forEach((entry, i) => {
    const fields = isFields(entry) ? entry : {};
    const id = idOf(fields['id']);
    if (id === null) {
      issues.skip(`categories[${i}]`, 'it has no id, so no annotation can belong to it');
      return;
    }
    const given = fields['name'];
    const name = typeof given === 'string' && given.trim() !== '' ? given : `category ${id}`;
    const first = byId.get(id);
    if (first === undefined) {
      byId.set(id, { id, name });
      const twin = byName.get(name);
      if (twin === undefined) byName.set(name, id);
      else {
        issues.change(
          `category ${id}`,
          `it is called "${name}" as category ${twin} is: they are two classes all the same. Give them one id to make them one.`,
        );
      }
    } else if (first.name !== name) {
      issues.skip(
        `category ${id}`,
        `two categories have this id, "${first.name}" and "${name}": all its annotations count as "${first.name}". Give each an id of its own.`,
      );
    }
  });
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id));
}

/** How many annotations of an image could not be used at all, beside those that can. */
export interface CocoEntries {
  readonly usable: readonly CocoEntry[];
  readonly unusable: ReadonlyMap<CocoId, number>;
}

function readAnnotationEntries(
  entries: readonly unknown[],
  categories: ReadonlySet<CocoId>,
  issues: CocoIssues,
): CocoEntries {
  const usable: CocoEntry[] = [];
  const unusable = new Map<CocoId, number>();
  const seen = new Set<CocoId>();
  entries.forEach((entry, i) => {
    const fields = isFields(entry) ? entry : null;
    const read = fields === null ? 'it is no annotation' : readAnnotation(fields, categories);
    const id = idOf(fields?.['id']);
    const where = id === null ? `annotations[${i}]` : `annotation ${id}`;
    const proto = fields === null ? null : protoNote(fields);
    if (proto !== null) issues.change(where, proto);
    if (id !== null && seen.has(id)) {
      issues.change(where, 'an annotation before it has this id: both are kept');
    }
    if (id !== null) seen.add(id);
    if (typeof read !== 'string') {
      usable.push({ id: id ?? `[${i}]`, ...read });
      return;
    }
    issues.skip(where, read);
    const imageId = idOf(fields?.['image_id']);
    if (imageId !== null) unusable.set(imageId, (unusable.get(imageId) ?? 0) + 1);
  });
  return { usable, unusable };
}

/** Text: why it cannot be used. */
function readAnnotation(
  fields: Fields,
  categories: ReadonlySet<CocoId>,
): Omit<CocoEntry, 'id'> | string {
  const imageId = idOf(fields['image_id']);
  if (imageId === null) return 'it has no image_id';
  const categoryId = idOf(fields['category_id']);
  if (categoryId === null) return 'it has no category_id';
  if (!categories.has(categoryId)) return `its category ${categoryId} is not listed`;
  const crowd = crowdOf(fields['iscrowd']);
  if (crowd === null) return 'its iscrowd is neither 0 nor 1';
  const segmentation = segmentationOf(fields['segmentation']);
  if (typeof segmentation !== 'string') return { imageId, categoryId, crowd, segmentation };
  return fields['bbox'] === undefined
    ? segmentation
    : `${segmentation}; its box alone is no outline`;
}

/** Nothing, and a number that is none, count as no crowd; null: something else. */
function crowdOf(value: unknown): boolean | null {
  if (value === undefined || value === null || typeof value === 'boolean') return value === true;
  const number = numberOf(value);
  if (number === 1) return true;
  return number === 0 || (typeof value === 'number' && !Number.isFinite(value)) ? false : null;
}

/** Polygons or run lengths; text: why there are none. */
function segmentationOf(value: unknown): CocoSegmentation | string {
  if (isFields(value)) {
    const { size, counts } = value;
    const sides = Array.isArray(size) ? size.map(numberOf) : [];
    const [height, width] = sides;
    if (sides.length !== 2 || height === undefined || width === undefined) {
      return 'its segmentation has no size [height, width]';
    }
    if (typeof counts === 'string') return { size: [height, width], counts };
    if (Array.isArray(counts)) return { size: [height, width], counts: counts.map(numberOf) };
    return 'its segmentation has no counts';
  }
  if (!Array.isArray(value) || value.length === 0) return 'it has no segmentation';
  // One polygon without the list around it.
  const rings: unknown[] = value.every((part) => !Array.isArray(part)) ? [value] : value;
  // Also with its points as pairs. What is no number stays in its place, so that it costs this polygon alone.
  return rings.map((ring) => (Array.isArray(ring) ? ring.flat().map(numberOf) : [Number.NaN]));
}

/** What of a file tells whether it is the one that is wanted. */
export interface CocoLook {
  /** Whether any annotation has an outline. */
  readonly outlines: boolean;
  /** The file names of its images. */
  readonly named: readonly string[];
  readonly hasCategories: boolean;
}

export function lookOfCoco(file: {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly categories?: readonly unknown[] | undefined;
}): CocoLook {
  const fieldOf = (value: unknown, name: string) => (isFields(value) ? value[name] : undefined);
  const hasOutline = (annotation: unknown) => {
    const outline = fieldOf(annotation, 'segmentation');
    return Array.isArray(outline) ? outline.length > 0 : fieldOf(outline, 'counts') !== undefined;
  };
  return {
    outlines: file.annotations.some(hasOutline),
    named: file.images.flatMap((image) => {
      const name = fieldOf(image, 'file_name');
      return typeof name === 'string' ? [name] : [];
    }),
    hasCategories: file.categories !== undefined,
  };
}

interface EntryIssue {
  readonly severity: ImportIssue['severity'];
  readonly where: string;
  readonly message: string;
}

/** All of a file that can be used, and what is said of the rest. */
export interface CocoContent {
  readonly hasBackground: boolean;
  readonly images: readonly CocoImage[];
  readonly categories: readonly CocoCategory[];
  readonly annotations: CocoEntries;
  readonly issues: readonly EntryIssue[];
}

/** Entries that are named one by one; nobody reads more of them. */
const MOST_ISSUES = 10_000;

export function readCocoEntries(file: {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly categories: readonly unknown[];
  readonly info?: { readonly has_background?: unknown } | undefined;
}): CocoContent {
  const issues: EntryIssue[] = [];
  let more = 0;
  const add = (severity: ImportIssue['severity']) => (where: string, message: string) => {
    if (issues.length < MOST_ISSUES) issues.push({ severity, where, message });
    else more++;
  };
  const say: CocoIssues = { skip: add('skip'), change: add('change'), info: add('info') };
  const categories = readCategoryEntries(file.categories, say);
  const known = new Set(categories.map(({ id }) => id));
  const annotations = readAnnotationEntries(file.annotations, known, say);
  const images = readImageEntries(file.images, say);
  if (more > 0) {
    const message = `${more} more entries are not used as they stand, beside those that are named`;
    issues.push({ severity: 'skip', where: 'all lists', message });
  }
  return {
    hasBackground: file.info?.has_background !== false,
    ...{ images, categories, annotations, issues },
  };
}
