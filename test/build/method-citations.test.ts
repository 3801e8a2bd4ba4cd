import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

it('sections of the method that the code cites are there', () => {
  const method = readFileSync(join(ROOT, 'docs', 'method.md'), 'utf8');
  const sections = new Set(Array.from(method.matchAll(/^## (\d+)\. /gm), ([, number]) => number));
  const cited = ['shared', 'engine', 'renderer', 'electron'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|svelte|sql)$/.test(name))
      .flatMap((name) =>
        readFileSync(join(ROOT, folder, name), 'utf8')
          .split('\n')
          .filter((line) => line.includes('method.md'))
          .map((line) => ({ name: join(folder, name), line })),
      ),
  );
  expect(cited.length).toBeGreaterThan(30);
  for (const { name, line } of cited) {
    expect(line, name).toMatch(/docs\/method\.md(,? §\d| §\d)/);
    for (const [, number] of line.matchAll(/§(\d+)/g)) expect(sections, name).toContain(number);
  }
});
