/**
 * How soon Graft is there: from the start of the engine until the first page can be used, in a browser that runs already.
 * The first start of each checkout fills caches and is left out. Several checkouts take turns, so that what else goes on
 * meets all alike: one of before a change (`git worktree add`, its node_modules and dist/renderer there, and one `npm run graft` in it, which builds its engine) says what it costs.
 *
 * usage: start-up.ts [--roots .,DIR] [--starts 7] [--chromium /usr/bin/chromium]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright';
import { engineFolder } from '../../build/engine.mjs';
import { report } from './measure.ts';
import { quantile } from './nuclei-objects.ts';

const { values: flags } = parseArgs({
  options: {
    roots: { type: 'string', default: '.' },
    starts: { type: 'string', default: '7' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

interface Start {
  readonly engineMs: number;
  readonly readyMs: number;
}

/** As it is built; from before there were builds, its sources. */
function cliOf(root: string): string {
  if (!existsSync(join(root, 'build', 'engine.mjs'))) return join(root, 'engine', 'cli.ts');
  return join(engineFolder(root), 'cli.mjs');
}

async function start(root: string, home: string, browser: Browser): Promise<Start> {
  const began = performance.now();
  const engine = spawn(process.execPath, [cliOf(root), 'serve', '--json'], {
    cwd: home,
    env: { ...process.env, HOME: home, USERPROFILE: home, GRAFT_CONFIG: join(home, 'config') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => engine.once('exit', done));
  try {
    const url = await new Promise<string>((found, failed) => {
      let output = '';
      engine.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const address = /"url":"([^"]+)"/.exec(output)?.[1];
        if (address !== undefined) found(address);
      });
      engine.once('exit', (code) => failed(new Error(`the engine ended with code ${code ?? ''}`)));
    });
    const engineMs = performance.now() - began;
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('.frame[data-ready=true]').waitFor();
    const readyMs = performance.now() - began;
    await page.close();
    return { engineMs, readyMs };
  } finally {
    engine.kill();
    await ended;
  }
}

const roots = flags.roots.split(',').map((root) => resolve(root));
const homes = roots.map(() => mkdtempSync(join(tmpdir(), 'graft-start-')));
const starts = roots.map((): Start[] => []);
const browser = await chromium.launch({
  executablePath: flags.chromium,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
for (let round = 0; round <= Number(flags.starts); round++) {
  for (const [i, root] of roots.entries()) {
    const found = await start(root, homes[i] ?? '', browser);
    if (round > 0) starts[i]?.push(found);
  }
}
await browser.close();
for (const home of homes) rmSync(home, { recursive: true, force: true });
report(
  'start-up: milliseconds, without the first one',
  roots.map((root, i) => {
    const own = starts[i] ?? [];
    const of = (what: keyof Start, share: number) =>
      quantile(
        own.map((one) => one[what]),
        share,
      );
    return {
      ...{ checkout: basename(root), starts: own.length, 'engine, median': of('engineMs', 0.5) },
      ...{ 'page, median': of('readyMs', 0.5), 'page, p95': of('readyMs', 0.95) },
    };
  }),
);
