/**
 * No sentence says "1 image are": a count is followed by a verb that goes with it (shared/number-format.ts). "a.png and
 * 1 other image were" is right.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noneHolds, pronounFor, verbFor } from '../../shared/number-format.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLURAL_VERB =
  /(?<!and \$\{)counted\([^()]*(?:\([^()]*\)[^()]*)*\)\} (?:are|were|have|do|lie|stay|hold|belong|need)\b/g;

/** What verbFor, pronounFor and counted say: number-format.ts is the one place that knows how. */
const BY_HAND =
  /=== 1\s*\? ['`](?:(?:is|was|has|does|it|its|this|that)\b[^'`]*['`]\s*: ['`](?:are|were|have|do|them|their|they|these|those)\b|([a-z]+)s'\s*: '\1'|([a-z]+)'\s*: '\2e?s'|[a-z]+y'\s*: '[a-z]+ies')/gi;

const found = (pattern: RegExp): string[] => {
  const files = globSync('{engine,shared,renderer,electron}/**/*.{ts,svelte}', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(500);
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(pattern)].map(
      ([text]) => `${file}: ${text}`,
    ),
  );
};

it('a counted subject has no verb that is written as of many', () => {
  expect(found(PLURAL_VERB)).toEqual([]);
  expect("{counted(rows.length, 'image')} were measured").toMatch(PLURAL_VERB);
});

it('one and many are told apart by one piece of code', () => {
  expect(found(BY_HAND)).toEqual([]);
  for (const text of [
    "n === 1 ? 'is' : 'are'",
    "n === 1 ? 'lies' : 'lie'",
    "n === 1 ? 'it' : 'them'",
    "n === 1 ? 'it was' : 'they were'",
    "n === 1\n ? 'was'\n : 'were'",
    "n === 1 ? 'class' : 'classes'",
  ])
    expect(text).toMatch(BY_HAND);
});

it.each([
  [1, 'the only mask of "a" holds nothing', 'it', 'lies'],
  [2, 'none of the 2 masks of "a" holds anything', 'them', 'lie'],
] as const)('of %i', (count, none, them, lie) => {
  expect(noneHolds(count, 'mask', ' of "a"').toLowerCase()).toBe(none);
  expect([pronounFor(count, 'them'), verbFor(count, 'lie')]).toEqual([them, lie]);
});
