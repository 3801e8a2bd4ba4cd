/** The error of every file that is an image and no mask. */
import { AppError } from '../../shared/errors.ts';

/** @param reason in words, as in "it has 5 channels" */
export function notAMask(subject: string, reason: string): AppError {
  return new AppError(
    'unsupported',
    `${subject} cannot be read as a mask: ${reason}. Save masks as PNG with one value per class.`,
    { subject },
  );
}
