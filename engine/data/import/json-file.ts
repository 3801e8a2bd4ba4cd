/** Reads a JSON file and checks it against a shape: in json-process.ts, for whoever asks foreign-json.ts. */
import { AppError } from '../../../shared/errors.ts';
import { bytesOf, type ImageFile } from '../image-file.ts';
import { JSON_SHAPES, type JsonShape } from './json-shapes.ts';
import { parseJsonText } from './json-text.ts';
import { textOf } from './text-file.ts';

/** JsonOf the shape. Errors: unreadable (not JSON, not as expected). */
export async function readJsonFile(
  file: ImageFile,
  { path, shape }: { readonly path: string; readonly shape: JsonShape },
): Promise<unknown> {
  const unreadable = (reason: string, cause?: unknown) =>
    new AppError('unreadable', `${path} ${reason}`, { subject: path, cause });
  const read = parseJsonText(textOf(await bytesOf(file)));
  if (!read.ok) {
    const { line, column, found } = read.fault;
    throw unreadable(
      found === null
        ? `is cut off: its JSON ends early, in line ${line}. Export it again from its source.`
        : `is not JSON at line ${line}, character ${column} (${found}). Export it again from its source.`,
    );
  }
  const parsed = JSON_SHAPES[shape].safeParse(read.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw unreadable(
    `is not as expected at "${where}" (${issue?.message ?? 'invalid'}).`,
    parsed.error,
  );
}
