/** How a plan refuses a study: always with a message that says what to change. */
import { AppError } from '../../../shared/errors.ts';

/** `subject`: what the message is about, e.g. a dataset's name or a setting. Errors: invalid-input, always. */
export function refuse(message: string, subject?: string): never {
  throw new AppError('invalid-input', message, subject === undefined ? {} : { subject });
}
