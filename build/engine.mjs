/**
 * The engine, built: a few modules that start in half the time that its sources take. Every state of the sources has a
 * build of its own, in a folder with the name of that state, made aside and moved there when it is whole: so what starts
 * is never older than the sources, and an engine that runs goes on with the build that it began with.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { commandEnvironment } from './bootstrap.mjs';
import { capture, endingChildren } from './command.mjs';
import { removeOldCompiled } from './compile-cache.mjs';
import { installFolder, withLock } from './install-lock.mjs';
import { readJson } from './json-file.mjs';
import { cacheRoot, projectRoot } from './locations.mjs';
import { createProgress } from './progress.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { toolScript } from './tools.mjs';

const FOLDERS = ['engine', 'shared'];
const FILES = ['build/vite.engine.mjs', 'package-lock.json'];
const BUILD_TIMEOUT_MS = 10 * 60_000;
/** Builds of earlier sources that stay, for engines that still run: they start their processes from them. */
const KEPT = 5;
/** Written into a build when it is made: each of its files, with the bytes it has. */
const CONTENTS = 'contents.json';
/** Beside it: what the sources said when it was made. */
const SOURCES = 'sources.sha256';
/** Compiled code beside a build, by the paths of its files. */
const COMPILED = 'compile-cache';

/** @param {string} file or folder @returns {string[]} the TypeScript files in it, in the order of their names */
function sourcesIn(file) {
  if (!statSync(file).isDirectory()) return file.endsWith('.ts') ? [file] : [];
  const names = readdirSync(file).sort();
  return names.flatMap((name) => sourcesIn(path.join(file, name)));
}

/** @param {string} root the project's folder @returns {string[]} all that a build is made of */
function allSources(root) {
  const folders = FOLDERS.flatMap((folder) => sourcesIn(path.join(root, folder)));
  return [...folders, ...FILES.map((name) => path.join(root, name))];
}

/**
 * What the sources say, whatever dates they have: a copy that kept none, or a branch and back, is what it was.
 *
 * @param {string} root the project's folder
 */
function contentOfSources(root) {
  const hash = createHash('sha256');
  for (const file of allSources(root)) {
    const text = readFileSync(file);
    hash.update(`${path.relative(root, file)} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

/**
 * Where the build of the sources as they are now lies, or would lie. Told by the names, sizes and dates of the sources
 * alone, in a few milliseconds.
 *
 * @param {string} root the project's folder
 */
export function engineFolder(root) {
  const hash = createHash('sha256');
  for (const file of allSources(root)) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${path.relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return path.join(root, 'dist', 'built-engine', hash.digest('hex').slice(0, 16));
}

/** @param {string} folder a build that was just made */
function writeContents(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => /** @type {const} */ ([name, statSync(path.join(folder, name))]))
    .filter(([, found]) => found.isFile())
    .map(([name, { size }]) => [name, size]);
  writeFileSync(path.join(folder, CONTENTS), JSON.stringify(Object.fromEntries(files)));
}

/**
 * Whether a build is there with all that was made. What was cut off by a full disk or a loss of power, or taken away by a
 * program that cleans up, would start with a stack, or do nothing at all.
 *
 * @param {string} folder
 */
function isWhole(folder) {
  const files = /** @type {Record<string, number> | undefined} */ (
    readJson(path.join(folder, CONTENTS))
  );
  if (files === undefined) return false;
  return Object.entries(files).every(
    ([name, size]) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.size === size,
  );
}

/**
 * A whole build of sources that say the same, made when they had other dates.
 *
 * @param {string} parent the folder of all builds
 * @param {string} content of the sources
 */
function sameBuild(parent, content) {
  const builds =
    statSync(parent, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(parent);
  return builds
    .map((name) => path.join(parent, name))
    .find((folder) => {
      const file = path.join(folder, SOURCES);
      const there = statSync(file, { throwIfNoEntry: false }) !== undefined;
      return there && readFileSync(file, 'utf8') === content && isWhole(folder);
    });
}

/** @param {string} parent the folder of all builds */
function removeOldBuilds(parent) {
  const builds = readdirSync(parent)
    .map((name) => path.join(parent, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const folder of builds.slice(KEPT)) rmSync(folder, { recursive: true, force: true });
}

/** @param {string} node the executable to build with @param {string} folder the one to fill */
async function runBuild(node, folder) {
  const config = path.join(projectRoot, 'build', 'vite.engine.mjs');
  const args = ['build', '--config', config, '--outDir', folder, '--logLevel', 'warn'];
  const { ok, output } = await capture(node, [toolScript('vite'), ...args], {
    cwd: projectRoot,
    env: commandEnvironment(),
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!ok) throw new SetupFailure(`The engine could not be built:\n${output}`);
  removeOldCompiled(path.join(cacheRoot(), 'compile-cache'));
}

/**
 * The build of the sources as they are now; one that is missing or damaged is made, by one process where several want it.
 *
 * @param {string} node the executable to build with
 * @param {{ root?: string, build?: typeof runBuild }} [options] root: the project's folder
 * @returns {Promise<string>} the folder of the build
 */
export async function ensureEngine(node, { root = projectRoot, build = runBuild } = {}) {
  const folder = engineFolder(root);
  if (isWhole(folder)) return folder;
  const progress = createProgress(process.stderr);
  const waiting = () => progress.note('Another Graft builds the engine; waiting for it …');
  await endingChildren(() =>
    withLock(`${path.dirname(folder)}.lock`, waiting, async () => {
      if (isWhole(folder)) return;
      const content = contentOfSources(root);
      const same = sameBuild(path.dirname(folder), content);
      if (same === undefined) {
        await progress.step('Building the engine', () =>
          installFolder(folder, async (part) => {
            await build(node, part);
            writeFileSync(path.join(part, SOURCES), content);
            writeContents(part);
          }),
        );
      } else {
        const filter = (/** @type {string} */ file) => path.basename(file) !== COMPILED;
        await installFolder(folder, (part) => {
          cpSync(same, part, { recursive: true, filter });
          return Promise.resolve();
        });
      }
      removeOldBuilds(path.dirname(folder));
    }),
  );
  return folder;
}

/**
 * What a process is told that runs a build: compiled code is kept with it, and goes when it goes. Of another user's build
 * it is kept where that of all else is.
 *
 * @param {string} folder of the build
 */
export function engineEnvironment(folder) {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return commandEnvironment();
  }
  return { NODE_COMPILE_CACHE: path.join(folder, COMPILED), ...process.env };
}
