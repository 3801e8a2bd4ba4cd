/** Parsers of option values; commander shows their message beside the option. */
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { IGNORE, Precision } from '../../shared/entities.ts';
import { AppError, problemsOf } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { readMaskValues, type WrittenValues } from '../../shared/mask-values.ts';

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('It takes a whole number.');
  return value;
}

export function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It takes a number.');
  return value;
}

/** Of things there have to be some of. */
export function atLeastOne(text: string): number {
  const value = integer(text);
  if (value === 0) throw new InvalidArgumentError('It takes a whole number above 0.');
  return value;
}

/** Threads, or runs side by side: no more than this computer computes at once, since more of them only take longer. */
export function ofProcessor(text: string): number {
  const value = atLeastOne(text);
  const most = availableParallelism();
  if (value > most)
    throw new InvalidArgumentError(`This computer computes ${counted(most, 'thread')} at once.`);
  return value;
}

/** Of a computer's ports; 0: any that is free. */
export function port(text: string): number {
  const value = integer(text);
  if (value > 65_535) throw new InvalidArgumentError('It takes a whole number up to 65535.');
  return value;
}

export function positive(text: string): number {
  const value = number(text);
  if (value <= 0) throw new InvalidArgumentError('It takes a number above 0.');
  return value;
}

/** Between 0 and 1, both excluded. */
export function share(text: string): number {
  const value = number(text);
  if (value <= 0 || value >= 1)
    throw new InvalidArgumentError('It takes a number between 0 and 1.');
  return value;
}

const MAPPING_FORM =
  'pairs of mask value and class (0 to 254, or "ignore"), e.g. 1=1,2=0,3=ignore, 1-40=1 or #ff0000=2';
function mappingError(part: string, reason: string): InvalidArgumentError {
  return new InvalidArgumentError(`"${part}" ${reason}. It takes ${MAPPING_FORM}.`);
}

/**
 * "1-3=1, 5,7 = 2, #ff0000=ignore" → class of each mask value or range, 255 for ignored ones. Values before a "=" share
 * its class. Errors: InvalidArgumentError, naming the part that is wrong or says two things of one value.
 */
export function valueMapping(text: string): Record<string, number> {
  const classOf = new Map<string, number>();
  const mapping: Record<string, number> = {};
  let waiting: WrittenValues[] = [];
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const [written = '', becomes, ...more] = part.split('=').map((piece) => piece.trim());
    if (more.length > 0) throw mappingError(part, 'has more than one "="');
    const read = readMaskValues(written);
    if (typeof read === 'string') throw mappingError(written, read);
    waiting.push(read);
    if (becomes === undefined) continue;
    const index = /^ignored?$/i.test(becomes)
      ? IGNORE
      : /^\d+$/.test(becomes)
        ? Number(becomes)
        : NaN;
    if (!(index <= IGNORE)) throw mappingError(part, 'names no class');
    for (const { key, values } of waiting) {
      for (const value of values) {
        if ((classOf.get(value) ?? index) !== index) {
          throw mappingError(part, `gives the mask value ${value} a second class`);
        }
        classOf.set(value, index);
      }
      mapping[key] = index;
    }
    waiting = [];
  }
  if (waiting.length > 0) {
    throw mappingError(waiting.map(({ key }) => key).join(','), 'has no "=" and class behind it');
  }
  return mapping;
}

export const precisionOption = (): Option =>
  new Option(
    '--precision <type>',
    'number type of the training: bfloat16 is faster on processors that have it, with half the digits, and predicts in it as well; float16 halves what layers hand on, on graphics cards that have it',
  )
    .choices(Precision.options)
    .default('float32');

/** What options come to, where their values are checked together. Errors: invalid-input, naming the setting. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, { whole: 'options' });
  throw new AppError('invalid-input', `${problems.replace(/\.$/, '')}. Change that option.`);
}

/** Nothing where the option was not given, so that defaults hold. */
export const given = (key: string, value: unknown): Record<string, unknown> =>
  value === undefined ? {} : { [key]: value };
