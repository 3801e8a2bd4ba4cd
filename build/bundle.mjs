/**
 * `npm run bundle`: one archive with all that the two commands need on a computer of the same kind without a network,
 * where they would fetch it: packages, Node with npm, native TensorFlow with its addon built, Electron where it is here.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { ensureReady, main } from './bootstrap.mjs';
import { capture } from './command.mjs';
import { copyWithoutTail } from './elf-tail.mjs';
import { ensureElectronHere } from './electron-binary.mjs';
import { engineFolder, ensureEngine } from './engine.mjs';
import { ensureShell } from './electron-shell.mjs';
import { readJson } from './json-file.mjs';
import { linkFolder } from './linked-packages.mjs';
import { cacheRoot, carriedCache, pins, projectRoot } from './locations.mjs';
import { installedLock, packageFolders, stampPackages } from './packages.mjs';
import { installNode, nodeInCache } from './pinned-node.mjs';
import { createProgress, megabytes } from './progress.mjs';
import { explainFailure, SetupFailure } from './setup-failure.mjs';
import { usedOfCache } from './used-cache.mjs';
import { ensureWindow } from './window.mjs';

/** @param {string} from a file @param {string} to */
function carry(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  linkSync(from, to);
}

/** The files that git knows, as they are now. @param {string} stage */
async function carrySources(stage) {
  const { ok, stdout } = await capture('git', ['ls-files', '-z'], { cwd: projectRoot });
  if (!ok) throw new SetupFailure('A bundle is made from a git clone, and this is none.');
  for (const file of stdout.split('\0').filter(Boolean)) {
    const from = path.join(projectRoot, file);
    // One that was deleted and not yet committed.
    if (existsSync(from)) carry(from, path.join(stage, file));
  }
}

/** @param {string} stage */
function carryPackages(stage) {
  for (const folder of packageFolders(projectRoot)) {
    const from = path.join(projectRoot, folder);
    if (existsSync(from)) linkFolder(from, path.join(stage, folder));
  }
  // Where some tools look for others.
  const bin = path.join('node_modules', '.bin');
  cpSync(path.join(projectRoot, bin), path.join(stage, bin), {
    recursive: true,
    verbatimSymlinks: true,
  });
  copyFileSync(installedLock(projectRoot), installedLock(stage));
  stampPackages(stage);
}

/** @param {string} from @param {string} to */
function carryWithoutTails(from, to) {
  // Apple's frameworks are full of links, and its programs are signed.
  if (path.basename(from).startsWith('electron-')) {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) carryWithoutTails(source, target);
    else if (entry.isFile()) copyWithoutTail(source, target);
  }
}

/** npm, as it runs this; the Node in the cache comes without. And the two commands. @param {string} stage */
function carryCommands(stage) {
  const cli = process.env['npm_execpath'];
  if (cli === undefined || !/npm-cli\.[cm]?js$/.test(cli)) {
    throw new SetupFailure('Run it as `npm run bundle`: the npm that runs it goes along.');
  }
  const npm = path.join(path.dirname(cli), '..');
  cpSync(npm, path.join(carriedCache(stage), 'npm'), { recursive: true, dereference: true });
  const scripts = process.platform === 'win32' ? ['npm.cmd', 'graft.cmd'] : ['npm', 'graft'];
  for (const script of scripts) {
    copyFileSync(path.join(projectRoot, 'build', 'carried', script), path.join(stage, script));
    chmodSync(path.join(stage, script), 0o755);
  }
}

await main(async () => {
  const node = await ensureReady();
  const progress = createProgress(process.stderr);
  const { platform, arch } = process;
  const cache = cacheRoot();
  const wanted = { version: pins().node, cache, platform, arch };
  const carried =
    nodeInCache(wanted) ??
    (await progress.step(`Fetching Node ${wanted.version}`, (update) =>
      installNode(wanted, { update }),
    ));
  // For a computer with a display, whether this one has one or not.
  const { electron } = await ensureElectronHere(node, { again: true });
  await ensureWindow(node);
  await ensureShell(node);
  const engine = await ensureEngine(node);
  const { version } = /** @type {{ version: string }} */ (
    readJson(path.join(projectRoot, 'package.json'))
  );
  const name = `graft-${version}-${platform}-${arch}-offline`;
  const folder = path.join(projectRoot, 'dist', 'bundle');
  const stage = path.join(folder, name);
  const archive = path.join(folder, `${name}.tar.gz`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  await progress.step('Collecting', async () => {
    await carrySources(stage);
    carryPackages(stage);
    // Newer than the folders that were just made, or the first start would build both again.
    const now = new Date();
    for (const built of ['renderer', 'electron']) {
      const target = path.join(stage, 'dist', built);
      linkFolder(path.join(projectRoot, 'dist', built), target);
      for (const file of readdirSync(target)) utimesSync(path.join(target, file), now, now);
    }
    linkFolder(engine, engineFolder(stage));
    rmSync(path.join(engineFolder(stage), 'compile-cache'), { recursive: true, force: true });
    const programs = [carried, electron];
    for (const name of usedOfCache({ root: projectRoot, cache, arch, programs })) {
      carryWithoutTails(path.join(cache, name), path.join(carriedCache(stage), name));
    }
    carryCommands(stage);
  });
  await progress.step('Packing', async (update) => {
    const growth = setInterval(() => {
      const bytes = statSync(archive, { throwIfNoEntry: false })?.size ?? 0;
      update(`${megabytes(bytes)} MB`);
    }, 500);
    const { ok, output } = await capture('tar', ['--format=pax', '-czf', archive, name], {
      cwd: folder,
    }).finally(() => clearInterval(growth));
    if (!ok) throw explainFailure('Packing the bundle', output);
  });
  rmSync(stage, { recursive: true });
  const { size } = statSync(archive);
  process.stderr.write(
    `${path.relative(process.cwd(), archive)}: ${megabytes(size)} MB. Unpack it on a ${platform}-${arch} computer, and type npm start there (./npm start where there is no Node).\n`,
  );
  return 0;
});
