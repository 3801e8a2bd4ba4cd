/** JSON files that an import reads, checked against a schema. */
import type { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { bytesOf } from '../image-file.ts';

/** JavaScript's strings end at about this many characters. */
const MAX_BYTES = 500_000_000;

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
  const unreadable = (reason: string, cause: unknown) =>
    new AppError('unreadable', `${path} ${reason}`, { subject: path, cause });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw unreadable('is not JSON, or is cut off. Export it again from its source.', error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw unreadable(
    `is not as expected at "${where}" (${issue?.message ?? 'invalid'}).`,
    parsed.error,
  );
}
