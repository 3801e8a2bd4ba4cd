/**
 * No sentence says "1 image are": a count is followed by a verb that goes with it (shared/number-format.ts). "a.png and
 * 1 other image were" is right.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PLURAL_VERB =
  /(?<!and \$\{)counted\([^()]*(?:\([^()]*\)[^()]*)*\)\} (?:are|were|have|do|lie|stay|hold|belong|need)\b/g;

it('a counted subject has no verb that is written as of many', () => {
  const files = globSync('{engine,shared,renderer}/**/*.{ts,svelte}', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(500);
  const found = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(PLURAL_VERB)].map(
      ([text]) => `${file}: ${text}`,
    ),
  );
  expect(found).toEqual([]);
  expect("{counted(rows.length, 'image')} were measured").toMatch(PLURAL_VERB);
});
