/** Lists that are text, a line an entry: read in one go, where they are needed, and so of a bounded size. */
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { bytesOf } from '../image-file.ts';

/** Some hundred thousand lines. */
const MAX_BYTES = 16 * 2 ** 20;

/** UTF-8, or UTF-16 where the text begins by saying so, as PowerShell writes it. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** Errors: unreadable; unsupported (too large). */
export async function readText(path: string, reader: Pick<FileReader, 'open'>): Promise<string> {
  const file = await reader.open(path, MAX_BYTES);
  if (file.sizeBytes <= MAX_BYTES) return textOf(await bytesOf(file));
  throw new AppError(
    'unsupported',
    `${path} has ${Math.round(file.sizeBytes / 1e6)} MB; a list may have ${MAX_BYTES / 2 ** 20} MiB. Split it, or remove it if it is no list.`,
    { subject: path },
  );
}

/** Without their ends. Errors: those of readText. */
export const readLines = async (
  path: string,
  reader: Pick<FileReader, 'open'>,
): Promise<readonly string[]> => (await readText(path, reader)).split(/\r?\n/);
