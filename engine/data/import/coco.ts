/**
 * COCO instances: one JSON file and a folder of images. Polygons (a union, filled as pycocotools does), and
 * run lengths, compressed or not. Category ids of any kind become classes 1, 2, … in the order of the ids.
 */
import { resolve, sep } from 'node:path';
import { z } from 'zod';
import type { ImportIssue } from '../../../shared/api.ts';
import { IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { namedClasses } from '../class-colors.ts';
import type { FileReader } from '../files.ts';
import type { CocoAnnotation } from './coco-paint.ts';
import { readJson } from './json-file.ts';
import { uniqueNames } from './pairing.ts';
import type { ImportItem, LayoutContents } from './plan.ts';

const CocoId = z.union([z.number(), z.string()]);
const Rle = z.object({
  size: z.tuple([z.number(), z.number()]),
  counts: z.union([z.string(), z.array(z.number())]),
});
const Segmentation = z.union([z.array(z.array(z.number())).min(1), Rle]);
const Annotation = z.object({
  id: CocoId,
  image_id: CocoId,
  category_id: CocoId,
  iscrowd: z.union([z.literal(0), z.literal(1), z.boolean()]).nullish(),
  segmentation: Segmentation,
});
const Image = z.object({
  id: CocoId,
  file_name: z.string().min(1),
  width: z.number(),
  height: z.number(),
  /** Ours: page of a multi-page file, and whether an image without annotations is all background. */
  page: z.number().int().min(0).optional(),
  labelled: z.boolean().optional(),
});
/** Entries stay unknown here, so that one bad annotation costs itself and not the file. */
const CocoFile = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.object({ id: CocoId, name: z.string() })),
});

const compareIds = (a: number | string, b: number | string) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1;

function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
}

/** Errors: unreadable (not COCO JSON), unsupported (too many categories). */
export async function readCoco(
  jsonPath: string,
  options: { readonly imagesDir: string; readonly reader: FileReader },
): Promise<LayoutContents> {
  const file = await readJson(jsonPath, options.reader, CocoFile);
  const categories = file.categories.toSorted((a, b) => compareIds(a.id, b.id));
  if (categories.length >= MAX_CLASSES) {
    throw new AppError(
      'unsupported',
      `${jsonPath} has ${categories.length} categories; a dataset has at most ${MAX_CLASSES - 1} beside the background. Merge or remove some.`,
      { subject: jsonPath },
    );
  }
  const classOf = new Map(categories.map((category, i) => [category.id, i + 1]));
  const issues: ImportIssue[] = [];
  const skip = (where: string, message: string) =>
    issues.push({ path: `${jsonPath}: ${where}`, severity: 'skip', message });
  const annotations = readAnnotations(file.annotations, classOf, skip);
  const items = readImages(file.images, {
    jsonPath,
    root: resolve(options.imagesDir),
    annotations,
    issues,
    skip,
  });
  for (const [imageId, orphans] of annotations) {
    skip(`image ${imageId}`, `${orphans.length} annotations of an image that is not listed`);
  }
  issues.push({
    path: jsonPath,
    severity: 'info',
    message: 'objects of one class become one region each pixel: instances are not kept apart',
  });
  const classes = namedClasses([
    'background',
    ...categories.map((c) => c.name || `category ${c.id}`),
  ]);
  const entries = new Map(classes.map((c) => [String(c.index), c.index]));
  return {
    items,
    issues,
    rule: {
      entries: entries.set(String(IGNORE), IGNORE),
      classes,
      why: 'COCO categories in the order of their ids',
    },
    imageClasses: [],
  };
}

/** Annotations by image id, in the order of the file. */
function readAnnotations(
  entries: readonly unknown[],
  classOf: ReadonlyMap<number | string, number>,
  skip: (where: string, message: string) => void,
): Map<number | string, CocoAnnotation[]> {
  const byImage = new Map<number | string, CocoAnnotation[]>();
  entries.forEach((entry, i) => {
    const parsed = Annotation.safeParse(entry);
    if (!parsed.success) {
      skip(
        `annotations[${i}]`,
        `not an annotation with a segmentation (${reasonOf(parsed.error)})`,
      );
      return;
    }
    const { id, image_id, category_id, iscrowd, segmentation } = parsed.data;
    const classIndex = classOf.get(category_id);
    if (classIndex === undefined) {
      skip(`annotation ${id}`, `its category ${category_id} is not listed`);
      return;
    }
    const annotation = { id, classIndex, crowd: iscrowd === 1 || iscrowd === true, segmentation };
    const list = byImage.get(image_id);
    if (list === undefined) byImage.set(image_id, [annotation]);
    else list.push(annotation);
  });
  return byImage;
}

/** Takes the annotations of every image it lists out of `annotations`. */
function readImages(
  entries: readonly unknown[],
  options: {
    jsonPath: string;
    root: string;
    annotations: Map<number | string, CocoAnnotation[]>;
    issues: ImportIssue[];
    skip: (where: string, message: string) => void;
  },
): ImportItem[] {
  const { jsonPath, root, annotations, issues, skip } = options;
  const images = entries.flatMap((entry, i) => {
    const parsed = Image.safeParse(entry);
    if (!parsed.success) {
      skip(`images[${i}]`, `not an image (${reasonOf(parsed.error)})`);
      return [];
    }
    const path = resolve(root, parsed.data.file_name);
    const own = annotations.get(parsed.data.id);
    annotations.delete(parsed.data.id);
    if (!path.startsWith(root + sep)) {
      skip(`images[${i}]`, `its file ${parsed.data.file_name} lies outside ${root}`);
      return [];
    }
    return [{ ...parsed.data, path, own }];
  });
  // Pages of one file share its name; other files of one name are told apart.
  const files = [...new Set(images.map((image) => image.file_name))];
  const { names, issues: renamed } = uniqueNames(files);
  issues.push(...renamed);
  const nameOf = new Map(files.map((file, i) => [file, names[i] ?? file]));
  return images.map((image) => {
    if (image.own === undefined && image.labelled === undefined) {
      const message = 'no annotations: imported unlabelled';
      issues.push({ path: image.file_name, severity: 'info', message });
    }
    const labelled = image.labelled ?? image.own !== undefined;
    const { width, height, own: annotations = [] } = image;
    return {
      path: image.path,
      page: image.page ?? 0,
      name: nameOf.get(image.file_name) ?? image.file_name,
      labels: labelled ? { kind: 'coco', path: jsonPath, annotations, width, height } : null,
      part: null,
      group: null,
      imageClass: null,
    };
  });
}
