/**
 * `npm test`: every gate on its own, beside the tests, and one line at the end: `N passed, N failed`. Standard output is
 * a report for people and CI; what each gate checks is decided in its own configuration.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { capture, endingChildren, foregroundUnlessSilent } from './command.mjs';
import { ensureEngine } from './engine.mjs';
import { tryFreshClone } from './fresh-clone.mjs';
import { readJson } from './json-file.mjs';
import { projectRoot } from './locations.mjs';
import { ensureTestBrowser } from './test-browser.mjs';
import { toolScript } from './tools.mjs';
import { ensureWindow } from './window.mjs';

/** A gate says nothing before it ends; it takes half a minute of an idle machine, and of a busy one a thirtieth. */
const GATE_TIMEOUT_MS = 40 * 60_000;
/** A test that hangs fails by itself before that (test/fixtures/patience.ts). */
const SILENCE_MS = 12 * 60_000;
/** What TensorFlow says at every start, whatever its log level, where it computes with oneDNN's kernels. */
const GREETING = /^WARNING: All log messages before absl|oneDNN custom operations are on/;
/**
 * Checkers make syntax trees and types that stay, and copy them twice where the young generation has 16 MiB, as is usual:
 * a quarter of their time.
 */
const YOUNG_GENERATION = '--max-semi-space-size=128';
const SUMMARY = path.join(projectRoot, 'test-output', 'vitest-summary.json');

const SOURCE_FOLDERS = ['shared', 'engine', 'electron', 'renderer', 'build', 'test'].filter(
  (folder) => existsSync(path.join(projectRoot, folder)),
);

/** Gates that only read the sources. */
const GATES = [
  { name: 'layout', tool: 'oxfmt', args: ['--check', '.'] },
  // Its type checker collects next to no garbage: a fifth less time, and as much memory as if it did.
  { name: 'lint and types', tool: 'oxlint', args: ['.'], env: { GOGC: '1600' } },
  { name: 'lint of components', tool: 'eslint', args: ['--max-warnings', '0', '.'] },
  {
    name: 'types of components',
    tool: 'svelte-check',
    args: [
      '--tsconfig',
      'renderer/tsconfig.components.json',
      '--fail-on-warnings',
      '--output',
      'human',
    ],
  },
  {
    name: 'import directions',
    tool: 'depcruise',
    args: ['--config', 'dependency-cruiser.config.js', ...SOURCE_FOLDERS],
  },
  { name: 'unused code', tool: 'knip', args: ['--no-progress'] },
  { name: 'code for tests alone', tool: 'knip', args: ['--production', '--no-progress'] },
];

/** @type {import('./vitest-summary.mjs').Summary} */
const total = { passed: 0, failed: [], skipped: [] };

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {string} name
 * @param {{ problem: string | null, note: string }} outcome
 */
function report(name, { problem, note }) {
  if (problem === null) total.passed += 1;
  else {
    total.failed.push(name);
    say(problem.trimEnd());
  }
  say(`${problem === null ? '✓' : '✗'} ${name} (${note})`);
}

/**
 * One after another, beside the tests, which come first while there are any: they often wait, and the gates take what
 * is left over.
 *
 * @param {string} node
 * @param {{ beside: Promise<void> }} options beside: the tests
 */
async function runGates(node, { beside }) {
  let testing = true;
  const ended = () => {
    testing = false;
  };
  beside.then(ended, ended);
  for (const { name, tool, args, env } of GATES) {
    const started = performance.now();
    const { ok, output } = await capture(node, [YOUNG_GENERATION, toolScript(tool), ...args], {
      cwd: projectRoot,
      env: { ...commandEnvironment(), ...env },
      timeoutMs: GATE_TIMEOUT_MS,
      yielding: testing,
    });
    const note = `${tool}, ${((performance.now() - started) / 1000).toFixed(1)} s`;
    report(name, { problem: ok ? null : output, note });
  }
}

/** @param {string} node */
async function runTests(node) {
  rmSync(SUMMARY, { force: true });
  const reporters = ['--reporter=default', '--reporter=./build/vitest-summary.mjs'];
  /** @type {Set<string>} */
  const running = new Set();
  const code = await foregroundUnlessSilent(node, [toolScript('vitest'), 'run', ...reporters], {
    cwd: projectRoot,
    env: commandEnvironment(),
    silenceMs: SILENCE_MS,
    hushed: GREETING,
    onMessage(message) {
      const news = /** @type {import('./vitest-summary.mjs').TestNews} */ (message);
      if ('began' in news) running.add(news.began);
      else running.delete(news.ended);
    },
  });
  const summary = /** @type {typeof total | undefined} */ (readJson(SUMMARY));
  if (code === 'silent') {
    const names = [...running].join('; ');
    total.failed.push(
      `no test began or ended for ${SILENCE_MS / 60_000} minutes; hanging: ${names}`,
    );
    return;
  }
  if (summary === undefined) {
    total.failed.push(`vitest ended with code ${code} before it was done`);
    return;
  }
  total.passed += summary.passed;
  total.failed.push(...summary.failed);
  total.skipped.push(...summary.skipped);
  if (code !== 0 && summary.failed.length === 0)
    total.failed.push(`vitest ended with code ${code}`);
}

/** @param {Promise<string | null>} browser what was installed for the tests of the window */
async function runChecks(browser) {
  const node = await ensureReady({ native: 'later' });
  // The gates read sources alone: they begin beside what the tests still need.
  const tests = Promise.all([ensureReady(), ensureWindow(node), ensureEngine(node), browser]).then(
    ([, , , installed]) => {
      if (installed !== null) say(installed);
      return runTests(node);
    },
  );
  const gatesThenClone = runGates(node, { beside: tests }).then(() =>
    tryFreshClone({ idle: tests }),
  );
  const [clone] = await Promise.all([gatesThenClone, tests]);
  if (typeof clone === 'string') total.skipped.push({ name: 'fresh clone', reason: clone });
  else for (const check of clone) report(check.name, check);
}

await main(async () => {
  const started = performance.now();
  // Where setting up fails, nothing that goes on beside it is of use any more.
  await endingChildren(() => {
    const browser = ensureTestBrowser();
    return Promise.all([browser, runChecks(browser)]);
  });

  say(`\nDone in ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`);
  for (const { name, reason } of total.skipped) say(`skipped: ${name} (${reason})`);
  for (const name of total.failed) say(`FAILED: ${name}`);
  const skipped = total.skipped.length === 0 ? '' : `, ${total.skipped.length} skipped`;
  say(`${total.passed} passed, ${total.failed.length} failed${skipped}`);
  return total.failed.length === 0 ? 0 : 1;
});
