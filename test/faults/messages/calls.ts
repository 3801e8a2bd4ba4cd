/**
 * Calls from the list of calls, as a caller would write them, and as one who is broken or means ill. Numbers and paths
 * are steered to what there is, so that most calls get past their first check; nothing leads out of the folder.
 */
import fc from 'fast-check';
import { callInputs, type CallName } from '../../../shared/api.ts';
import type { Random } from '../../../shared/random.ts';
import { inputsOf } from '../../fixtures/arbitrary.ts';

export interface Surroundings {
  /** A project that is open. */
  readonly project: string;
  /** Folders and files, there and not, that a call may name. */
  readonly paths: readonly string[];
}

/** Not asked of an engine that shall answer thousands: it loads TensorFlow, or copies the sample project. */
const TOO_LONG: readonly CallName[] = ['system.doctor', 'project.openSample'];
const CALL_NAMES = (Object.keys(callInputs) as CallName[]).filter(
  (name) => !TOO_LONG.includes(name),
);
const ARBITRARIES = new Map(CALL_NAMES.map((name) => [name, inputsOf(callInputs[name])]));

/** Values that are at the edge of something, or of no kind that was asked for. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  0.5,
  255,
  256,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  -1e308,
  '',
  ' ',
  '..',
  '../../escaped',
  'a\0b',
  'a\nb',
  '<img src=x onerror=alert(1)>',
  'é'.repeat(300),
  '\ud800',
  '💥'.repeat(5000),
  'con',
  '__proto__',
  'constructor',
  [],
  {},
  [[[]]],
  { length: 3 },
];

/** Most of them are there, of every kind of thing. */
const IDS: readonly number[] = [1, 1, 1, 1, 2, 2, 3, 7];

export const pick = <T>(random: Random, of: readonly [T, ...T[]] | readonly T[]): T => {
  const chosen = of[random.below(of.length)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function steered(value: unknown, key: string, random: Random, around: Surroundings): unknown {
  if (key === 'project') return random.below(20) === 0 ? value : around.project;
  if (['path', 'paths', 'dir', 'imagesDir'].includes(key) && typeof value === 'string') {
    return pick(random, around.paths);
  }
  if (/Ids?$/.test(key) && typeof value === 'number') return pick(random, IDS);
  if (Array.isArray(value)) return value.map((item) => steered(item, key, random, around));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, steered(inner, name, random, around)]),
  );
}

/** Every place in a value, as the keys that lead there. */
function places(value: unknown, above: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [above];
  return [
    above,
    ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...above, key])),
  ];
}

/** `value` with something odd in one place, or with nothing there. */
export function mutated(value: unknown, random: Random): unknown {
  const [whole, ...inner] = places(value);
  const everywhere = inner.length === 0 || random.below(20) === 0;
  const [head, ...rest] = everywhere ? (whole ?? []) : pick(random, inner);
  const odd = pick(random, ODD);
  const change = (inner: unknown, key: string | undefined, below: readonly string[]): unknown => {
    if (key === undefined) return odd;
    if (Array.isArray(inner)) {
      return inner.map((item: unknown, i) =>
        String(i) === key ? change(item, below[0], below.slice(1)) : item,
      );
    }
    if (!isObject(inner)) return odd;
    if (below.length === 0 && random.below(4) === 0) {
      return Object.fromEntries(Object.entries(inner).filter(([name]) => name !== key));
    }
    return { ...inner, [key]: change(inner[key], below[0], below.slice(1)) };
  };
  return change(value, head, rest);
}

/** A legal call is not to take minutes, nor is one that has become legal by a change. */
function affordable(name: CallName, input: unknown): unknown {
  if (!isObject(input)) return input;
  const most = (key: string, largest: number) =>
    typeof input[key] === 'number' && input[key] > largest && Number.isFinite(input[key])
      ? { [key]: largest }
      : {};
  if (name === 'datasets.generate') return { ...input, ...most('count', 4), ...most('sizePx', 64) };
  return name === 'studies.plan' ? { ...input, calibrate: false } : input;
}

export interface GeneratedCall {
  readonly name: string;
  readonly input: unknown;
}

export function generateCall(random: Random, around: Surroundings): GeneratedCall {
  const name = pick(random, CALL_NAMES);
  const arbitrary = ARBITRARIES.get(name) ?? fc.constant({});
  const [drawn] = fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: 1 });
  let input = steered(drawn, '', random, around);
  const changes = pick(random, [0, 0, 0, 1, 2]);
  for (let i = 0; i < changes; i++) input = mutated(input, random);
  const said = random.below(50) === 0 ? String(pick(random, ODD)) : name;
  return { name: said, input: affordable(name, input) };
}

/** The text of a message with characters changed, added or cut: often no JSON any more. */
export function mutatedText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const odd = pick(random, [
    '"',
    '}',
    '{',
    ',',
    '\0',
    '\ud800',
    '1e999',
    '[['.repeat(2000),
    'null',
  ]);
  const skip = random.below(8);
  return random.below(4) === 0
    ? text.slice(0, at)
    : text.slice(0, at) + odd + text.slice(at + skip);
}
