/** How numbers read in reports and charts: the same everywhere, whatever the language of the machine. */
import type { Interval } from './analysis.ts';

const MINUS = '−';
/** Stands where a number cannot be computed. */
export const NO_NUMBER = '–';

/** With a real minus sign, and without a "−0.000". */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return NO_NUMBER;
  const digits = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(digits) !== 0 ? MINUS + digits : digits;
}

/** A score in [0, 1]: three decimals. */
export function score(value: number): string {
  return fixed(value, 3);
}

/** A difference of scores, always with its sign: +0.018, −0.002, 0.000. */
export function signed(value: number): string {
  const text = fixed(value, 3);
  return Number.isFinite(value) && value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

export function scoreInterval([low, high]: Interval): string {
  return range(low, high, score);
}

export function signedInterval([low, high]: Interval): string {
  return range(low, high, signed);
}

function range(low: number, high: number, format: (value: number) => string): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return NO_NUMBER;
  return `[${format(low)}, ${format(high)}]`;
}

/** p values below 0.001 say only that. */
export function pValue(value: number): string {
  return Number.isFinite(value) && value < 0.001 ? '< 0.001' : fixed(value, 3);
}

/** Distances in pixels: one decimal. */
export function pixels(value: number): string {
  return fixed(value, 1);
}

/** 48 s; 6 min 05 s; 2 h 10 min. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NO_NUMBER;
  if (seconds < 10) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** "6 min 05 s", or "6 min 05 s to 9 min 10 s" where it may take longer. */
export function durationRange(seconds: number, longest: number): string {
  const [least, most] = [duration(seconds), duration(longest)];
  return longest > seconds && most !== least ? `${least} to ${most}` : least;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** "1.4 MB", "34 kB": decimal as file managers show it, and 0 only where there is nothing. */
export function megabytes(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Memory and files in binary gigabytes. */
export function gibibytes(bytes: number): string {
  return `${fixed(bytes / 2 ** 30, 1)} GiB`;
}

/** classes, categories, seeds. */
const plural = (noun: string): string =>
  /(?:s|x|ch|sh)$/.test(noun)
    ? `${noun}es`
    : /[^aeiou]y$/.test(noun)
      ? `${noun.slice(0, -1)}ies`
      : `${noun}s`;

/** 1 → the noun as it is, else as of many: where its count stands elsewhere, or is written another way. */
export const nounFor = (count: number, noun: string): string => (count === 1 ? noun : plural(noun));

/** 1 seed, 5 seeds. */
export const counted = (count: number, noun: string): string => `${count} ${nounFor(count, noun)}`;

const SINGULAR: Readonly<Record<string, string>> = {
  are: 'is',
  were: 'was',
  have: 'has',
  do: 'does',
};

/** 1 → the verb as of one: are → is, lie → lies. */
export const verbFor = (count: number, verb: string): string =>
  count === 1 ? (SINGULAR[verb] ?? `${verb}s`) : verb;

const OF_ONE = { them: 'it', their: 'its', they: 'it', these: 'this', those: 'that' } as const;

/** 1 → the pronoun as of one: them → it, their → its. */
export const pronounFor = (count: number, pronoun: keyof typeof OF_ONE): string =>
  count === 1 ? OF_ONE[pronoun] : pronoun;

/** 1 image is, 3 images are: a subject with its verb, which is given as of many. */
export const countedWith = (count: number, noun: string, verb: string): string =>
  `${counted(count, noun)} ${verbFor(count, verb)}`;

/** None of the 3 masks holds anything, the only mask holds nothing. `of`: what stands behind the noun, with a space before it. */
export const noneHolds = (count: number, noun: string, of = ''): string =>
  count === 1
    ? `The only ${noun}${of} holds nothing`
    : `None of the ${counted(count, noun)}${of} holds anything`;

/** 2026-11-23 07:07 UTC, of an ISO date; anything else stays as it is. */
export function minuteUtc(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * How far something is that is under way: "62 %". Never "100 %", since what is not done has something left, as a run its
 * test once all of its steps are made. `total` may be 0.
 */
export const percentUnderWay = (done: number, total: number): string =>
  `${total === 0 ? 0 : Math.min(99, Math.floor((100 * done) / total))} %`;
