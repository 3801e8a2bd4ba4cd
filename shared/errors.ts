/**
 * The one error type that crosses module and process borders on purpose.
 * An AppError is an expected failure: its message names the thing and says what to do next.
 * Anything else that is thrown is a bug and travels as `internal`.
 */
import { z } from 'zod';

export const ERROR_CODES = [
  'invalid-input', // the caller asked for something that cannot be; the message says what can
  'not-found', // no such project, dataset, image, run …
  'conflict', // a name is taken, or the thing is in another state than the call needs
  'locked', // another process owns the project
  'unreadable', // a file is missing, truncated, not an image, not permitted
  'unsupported', // a readable file of a kind, version or size that Graft does not take
  'corrupt', // the project file fails its integrity check
  'newer-version', // the project was written by a newer Graft
  'no-space', // the disk is full
  'engine-unavailable', // no TensorFlow engine could be started
  'cancelled', // the user asked to stop
  'internal', // a bug
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What an error looks like on the wire, in --json output, between processes and in the runs table. */
export const WireError = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  /** The file, column or setting that the error is about, where there is one. */
  subject: z.string().optional(),
});
export type WireError = Readonly<z.infer<typeof WireError>>;

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly subject: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { subject?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.subject = options.subject;
  }
}

/** What went wrong, of anything thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Says what is wrong and what to do, where a schema was given its own words. */
const isSentence = (message: string): boolean => /^\p{Lu}.*\.$/su.test(message);

/**
 * What a schema found wrong: sentences as they are; the rest with the path of the value, and `asked`, who asked for it.
 * `whole` names a value without a path.
 */
export function problemsOf(
  { issues }: Pick<z.ZodError, 'issues'>,
  { whole, asked }: { readonly whole: string; readonly asked?: string },
): string {
  const sentences = issues.flatMap(({ message }) => (isSentence(message) ? [message] : []));
  if (sentences.length > 0) return [...new Set(sentences)].join(' ');
  const told = issues.map(({ path, message }) => `${path.join('.') || whole}: ${message}`);
  return [...(asked === undefined ? [] : [`${asked}: `]), told.join('; ')].join('');
}

/** Wire form of anything thrown: expected errors as they are, the rest as `internal` with its message. */
export function toWireError(error: unknown): WireError {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.subject === undefined ? {} : { subject: error.subject }),
    };
  }
  return { code: 'internal', message: messageOf(error) };
}

/** The error that a wire form stands for. */
export function fromWireError(wire: WireError): AppError {
  return new AppError(
    wire.code,
    wire.message,
    wire.subject === undefined ? {} : { subject: wire.subject },
  );
}
