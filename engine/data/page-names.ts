/** How pages of a file are called: in words, and in the names of images and of the files beside them. */
import type { ImportIssue } from '../../shared/api.ts';

/** What is worth saying of pages: 'skip' where something is lost. */
export type PageNote = Pick<ImportIssue, 'severity' | 'message'>;

/** 'page 2', 'pages 2–5', 'pages 1, 3, 4 and 5 more'; from page numbers that begin with 0. */
export function pageList(pages: readonly number[]): string {
  const numbers = pages.map((page) => page + 1);
  const [first = 0] = numbers;
  const last = numbers.at(-1) ?? 0;
  if (numbers.length === 1) return `page ${first}`;
  if (numbers.length > 2 && last - first === numbers.length - 1) return `pages ${first}–${last}`;
  const more = numbers.length > 6 ? ` and ${numbers.length - 6} more` : '';
  return `pages ${numbers.slice(0, 6).join(', ')}${more}`;
}

/** How an image is called in the files beside it: 'a.png', and 'stack.tif#2' for its third page. */
export const pageName = (image: { readonly name: string; readonly page: number }): string =>
  image.page === 0 ? image.name : `${image.name}#${image.page}`;

/** What stands behind the name of a file that is about the third page: '.p3'. */
export const pageSuffix = (page: number): string => `.p${page + 1}`;

/** 'stack.p3' → 'stack' and its third page; undefined where a name has no such end. */
export function withoutPageSuffix(name: string): { name: string; page: number } | undefined {
  const match = /^(.*)\.p(\d+)$/.exec(name);
  return match === null ? undefined : { name: match[1] ?? '', page: Number(match[2]) - 1 };
}
