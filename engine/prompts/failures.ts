/** What is said of a promptable network that could not be loaded, or failed while it ran. */
import { basename } from 'node:path';
import { AppError, messageOf } from '../../shared/errors.ts';

export const moreMemoryThanThere = (path: string): string =>
  `${basename(path)} needs more memory than there is. Close other programs and try again, or choose a smaller network.`;

/** What onnxruntime says where an allocation fails, while it loads or runs. */
const NO_MEMORY = /failed to allocate memory|bad[_ ]alloc/i;
/** Where in its own source it was said. */
const SOURCE_PLACE = /\/onnxruntime_src\/.*\) (?=[A-Z])/;

/** `what`: what went wrong, and what to do, given the reason. */
export function failureOf(
  path: string,
  { error, what }: { readonly error: unknown; readonly what: (reason: string) => string },
): AppError {
  const [said = ''] = messageOf(error).split('\n', 1);
  const message = NO_MEMORY.test(said)
    ? moreMemoryThanThere(path)
    : what(said.replace(SOURCE_PLACE, ''));
  return new AppError('unreadable', message, { subject: path, cause: error });
}
