/** Parsers of option values; commander shows their message beside the option. */
import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { Precision } from '../../shared/entities.ts';
import { AppError, problemsOf } from '../../shared/errors.ts';

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number');
  return value;
}

export function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('a number');
  return value;
}

/** Between 0 and 1, both excluded. */
export function share(text: string): number {
  const value = number(text);
  if (value <= 0 || value >= 1) throw new InvalidArgumentError('a number between 0 and 1');
  return value;
}

/** "1=2,255=ignore" → { '1': 2, '255': 255 } */
export function valueMapping(text: string): Record<string, number> {
  const mapping: Record<string, number> = {};
  for (const pair of text.split(',')) {
    const [value, becomes] = pair.split('=');
    const index = becomes === 'ignore' ? 255 : Number(becomes);
    if (value === undefined || value === '' || !Number.isInteger(index)) {
      throw new InvalidArgumentError('pairs of mask value and class, e.g. 1=1,2=0,3=ignore');
    }
    mapping[value] = index;
  }
  return mapping;
}

export const precisionOption = (): Option =>
  new Option(
    '--precision <type>',
    'convolutions of the training: bfloat16 is faster on processors that have it, with half the digits',
  )
    .choices(Precision.options)
    .default('float32');

/** What options come to, where their values are checked together. Errors: invalid-input, naming the setting. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, 'options');
  throw new AppError('invalid-input', `${problems}. Change that option.`);
}

/** Nothing where the option was not given, so that defaults hold. */
export const given = (key: string, value: unknown): Record<string, unknown> =>
  value === undefined ? {} : { [key]: value };
