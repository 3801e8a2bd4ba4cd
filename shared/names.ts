/**
 * When two names of files mean one file, and which names are those of files in a folder at all. Systems store the same letters in different forms (é as one character, or as e
 * and an accent), and lists, masks and images come from different systems.
 */

import { AppError } from './errors.ts';

/** Equal for names that look alike. */
export const sameName = (name: string): string => name.normalize('NFC');

/** Equal for names that some file system holds for one: whatever their case and Unicode form. */
export const oneName = (name: string): string => sameName(name).toLowerCase();

const LONGEST_NAME = 1000;
/** A drive of Windows, or the root of anything. */
const ROOTED = /^(?:[a-z]:)?[/\\]|^[a-z]:$/i;

/**
 * Why a name, with or without folders before it, is not that of a file beneath a folder; null where it is. A name that
 * leads elsewhere is refused where it comes in and where it goes out, with either slash.
 */
export function fileNameProblem(name: string): string | null {
  if (name.length > LONGEST_NAME) return `has more than ${LONGEST_NAME} characters`;
  if (name.includes('\0')) return 'holds a character that no name may hold';
  if (ROOTED.test(name)) return 'begins at the root of a disk';
  const parts = name.split(/[/\\]/);
  if (parts.some((part) => part === '..')) return 'leads out of its folder';
  if (parts.some((part) => part === '' || part === '.')) return 'names no file';
  return null;
}

/** Errors: invalid-input. */
export function assertFileName(name: string): void {
  const problem = fileNameProblem(name);
  if (problem === null) return;
  throw new AppError(
    'invalid-input',
    `The image name ${JSON.stringify(name.slice(0, 100))} ${problem}. Give its file a plain name and import it again.`,
    { subject: name },
  );
}
