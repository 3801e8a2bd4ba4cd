/** How large what comes from outside may be, and how it is written. What is beyond is refused with words. */
import { z } from 'zod';
import { AppError } from './errors.ts';

/** Of one call. The largest are splits and selections: some 35 bytes for each of up to 450,000 images. */
export const MAX_CALL_BYTES = 2 ** 24;

export const callTooLarge = (): AppError =>
  new AppError(
    'invalid-input',
    `The call is larger than ${MAX_CALL_BYTES / 2 ** 20} MiB. Make several of it: fewer images, files or folders each.`,
  );

/** Characters that no eye sees, and halves of one: what is stored would not be what was meant. */
const isShowable = (text: string) => text.isWellFormed() && !/\p{Cc}/u.test(text);

const EMPTY_NAME = 'The name is empty. Give one of 1 to 200 characters.';

/** A name as it is kept: an older Graft took those of nothing but spaces. */
export const KeptName = z
  .string()
  .min(1, EMPTY_NAME)
  .max(200, 'The name has more than 200 characters. Give a shorter one.');

/** What somebody calls a thing. */
export const Name = KeptName.refine((name) => name.trim() !== '', EMPTY_NAME).refine(
  isShowable,
  'The name holds characters that cannot be shown, such as line breaks. Give one without them.',
);

/** Of a file or folder; no system opens longer ones. */
export const FilePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes('\0'), 'no path holds the character 0');

/** Who calls, by the name given. */
export const Origin = z.string().min(1).max(100);
