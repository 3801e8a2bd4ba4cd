/** How a command ends whose training failed. */
import { AppError, fromWireError, type WireError } from '../../shared/errors.ts';
import { shellWord } from '../shell-word.ts';

/** What a training failed with, and the command that goes on. */
export function failureOf(
  error: WireError,
  { path, runId }: { readonly path: string; readonly runId: number },
): AppError {
  const { code, message, subject } = fromWireError(error);
  return new AppError(
    code,
    `${message} To try it again, from its last checkpoint where it has one: graft retry ${shellWord(path)} ${runId}`,
    subject === undefined ? {} : { subject },
  );
}
