/** The query of an address, checked by a schema of shared/exchange.ts. */
import type { z } from 'zod';
import { AppError, problemsOf } from '../../shared/errors.ts';

/** Errors: invalid-input, with what is wrong. */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, url: URL): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return parsed.data;
  throw new AppError(
    'invalid-input',
    problemsOf(parsed.error, { whole: 'query', asked: url.pathname }),
  );
}
