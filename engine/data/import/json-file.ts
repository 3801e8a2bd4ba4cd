/** JSON files that an import reads, checked against a schema. */
import type { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { bytesOf } from '../image-file.ts';
import { parseJsonText } from './json-text.ts';

/** JavaScript's strings end at about this many characters. */
const MAX_BYTES = 500_000_000;

/** UTF-8, or UTF-16 where the file begins by saying so, as PowerShell writes it. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** Errors: unreadable (no file, not JSON, not the expected shape), unsupported (too large). */
export async function readJson<T>(
  path: string,
  reader: FileReader,
  schema: z.ZodType<T>,
): Promise<T> {
  const bytes = await bytesOf(await reader.open(path));
  if (bytes.length > MAX_BYTES) {
    const size = Math.round(bytes.length / 1e6);
    const message = `${path} has ${size} MB of JSON; up to ${MAX_BYTES / 1e6} MB can be read. Split it first.`;
    throw new AppError('unsupported', message, { subject: path });
  }
  const unreadable = (reason: string, cause?: unknown) =>
    new AppError('unreadable', `${path} ${reason}`, { subject: path, cause });
  const read = parseJsonText(textOf(bytes));
  if (!read.ok) {
    const { line, column, found } = read.fault;
    throw unreadable(
      found === null
        ? `is cut off: its JSON ends early, in line ${line}. Export it again from its source.`
        : `is not JSON at line ${line}, character ${column} (${found}). Export it again from its source.`,
    );
  }
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw unreadable(
    `is not as expected at "${where}" (${issue?.message ?? 'invalid'}).`,
    parsed.error,
  );
}
