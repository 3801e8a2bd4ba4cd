import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderReport } from '../../../engine/study/report/page.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { reportFixture } from '../study/report/fixture.ts';
import { serveProject } from './page.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What of a page a policy without exceptions refuses. */
const inline = (html: string): string[] =>
  html.match(/<[^>]*\sstyle=|<[^>]*\son[a-z]+=|<script(?![^>]*\ssrc=)[^>]*>|javascript:/gi) ?? [];

/** As a policy names the style sheets that stand in a page. */
const sheets = (html: string): string[] =>
  [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(
    ([, css = '']) => `'sha256-${createHash('sha256').update(css).digest('base64')}'`,
  );

it('makes no exception, and lets in the style sheets of the engine’s own pages by their hashes', async () => {
  const { request, origin } = await serveProject({ pageFolder: temporaryFolder() });
  const { data, runs } = await reportFixture({ seeds: 2 });
  const report = renderReport(data, runs);
  const overview = await request('/');
  const policy = overview.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  const pages = [
    await overview.text(),
    await (await fetch(`${origin}/`)).text(),
    await (await fetch(`${origin}/launch?token=used`)).text(),
    report,
  ];
  for (const page of pages) {
    expect(inline(page)).toEqual([]);
    const found = sheets(page);
    expect(found).toHaveLength(1);
    for (const sheet of found) expect(policy).toContain(sheet);
  }
  // A report that is saved keeps its policy.
  const own = /Content-Security-Policy" content="([^"]*)"/.exec(report)?.[1] ?? '';
  expect(own.replaceAll('&#39;', "'")).toContain(sheets(report)[0]);
  expect(own).not.toContain('unsafe');
});

it.each(['index.html', 'dist/renderer/index.html'])(
  'has nothing in line in the page of the window (%s)',
  (name) => {
    const path = join(ROOT, name === 'index.html' ? 'renderer' : '', name);
    // The built one is looked at where there is one.
    if (!existsSync(path)) return;
    const html = readFileSync(path, 'utf8');
    expect(inline(html)).toEqual([]);
    expect(sheets(html)).toEqual([]);
  },
);
