/** Images of a dataset by the names that people type, with * and ? for what they leave open. */
import { MAX_IMAGES_A_PAGE } from '../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';
import { inWords } from '../../shared/sentences.ts';
import { pageName } from '../data/page-names.ts';
import type { Caller } from './host.ts';

export async function imagesOf(
  caller: Caller,
  { project, dataset }: { readonly project: string; readonly dataset: Pick<Dataset, 'id'> },
): Promise<ImageRecord[]> {
  const found: ImageRecord[] = [];
  for (;;) {
    const page = { project, datasetId: dataset.id, offset: found.length, limit: MAX_IMAGES_A_PAGE };
    const { images, total } = await caller.call('images.list', page);
    found.push(...images);
    if (images.length === 0 || found.length >= total) return found;
  }
}

function patternOf(text: string): RegExp {
  const parts = sameName(text).split(/([*?])/);
  const source = parts.map((part) =>
    part === '*'
      ? '.*'
      : part === '?'
        ? '.'
        : part.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`),
  );
  return new RegExp(`^${source.join('')}$`, 'u');
}

/**
 * In the order in which they stand in the dataset; a page of a file as "stack.tif#2".
 * Errors: not-found, where a name is that of no image, which names them all: nothing is done by halves.
 */
export function imagesNamed(
  images: readonly ImageRecord[],
  names: readonly string[],
  where: string,
): ImageRecord[] {
  const found = new Set<number>();
  const unknown = names.filter((name) => {
    const pattern = patternOf(name);
    const own = images.filter(
      (image) => pattern.test(sameName(image.name)) || pattern.test(sameName(pageName(image))),
    );
    for (const { id } of own) found.add(id);
    return own.length === 0;
  });
  if (unknown.length > 0) {
    const [first] = images;
    throw new AppError(
      'not-found',
      `No image of ${where} is called ${inWords(unknown.map((name) => `"${name}"`))} (${first === undefined ? 'it holds none' : `the first is ${pageName(first)}`}). Nothing was changed.`,
    );
  }
  return images.filter(({ id }) => found.has(id));
}
