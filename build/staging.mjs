/**
 * Makes what a package consists of and the checkout has not as it should be: manifests, licences and parts list, the
 * commands, Node and native TensorFlow without their symbol tables, the network for clicks and boxes.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { copyWithoutTail } from './elf-tail.mjs';
import { readJson } from './json-file.mjs';
import { licenceText } from './licences.mjs';
import { projectRoot } from './locations.mjs';
import { shippedPackages, STAGED, STAGED_PROMPTS, STAGED_TENSORFLOW } from './package-contents.mjs';
import { copyPromptNetwork } from './prompt-network.mjs';
import { cycloneDx } from './sbom.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { shippedParts } from './shipped-parts.mjs';
import { OPERATIONS_LIBRARY } from './own-operations.mjs';
import { ADDON, nativeTensorflow, tfjsNode } from './tensorflow.mjs';

/**
 * @typedef {{ name: string, version: string, description: string, license: string, type: string, graft: object }} Manifest
 * @typedef {import('./package-contents.mjs').Target} Target
 */

const place = (/** @type {string[]} */ ...names) => path.join(projectRoot, ...names);
/** @param {string} file @param {unknown} value */
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/** Two package.json: the shell's, an application of two files and no packages, and the engine's. @param {Manifest} manifest */
function writeManifests({ name, version, description, license, type, graft }) {
  writeJson(place('dist', 'electron', 'package.json'), {
    ...{ name, version, description, license },
    author: 'The Graft authors',
    // Packages for Linux must name one.
    homepage: process.env['GRAFT_HOMEPAGE'] ?? 'https://graft.invalid',
    main: 'main.mjs',
    desktopName: 'graft-desktop.desktop',
  });
  writeJson(place(STAGED, 'package.json'), { name, version, description, license, type, graft });
}

/**
 * @param {Manifest} manifest
 * @param {{ target: Target, node: string, prompts: boolean, tensorflow: ReturnType<typeof nativeTensorflow> }} options
 */
function writePapers(manifest, { target, node, prompts, tensorflow }) {
  const parts = shippedParts(projectRoot, target, {
    prompts,
    tensorflow: tensorflow?.version ?? null,
  });
  const own = place('LICENSE');
  copyFileSync(own, place(STAGED, 'LICENSE'));
  writeJson(place(STAGED, 'parts.cdx.json'), cycloneDx(parts, manifest, target));
  const elsewhere = new Map([
    ['Electron', place('node_modules', 'electron')],
    ['Node.js', path.join(path.dirname(node), '..')],
    ['TensorFlow', path.join(tensorflow?.folder ?? '', 'deps')],
  ]);
  writeFileSync(
    place(STAGED, 'LICENCES.txt'),
    licenceText(parts, { root: projectRoot, elsewhere }),
  );
}

/** @param {Target} target */
function writeCommands({ platform }) {
  if (platform === 'win32') {
    copyFileSync(place('build', 'windows', 'graft.cmd'), place(STAGED, 'graft.cmd'));
    return;
  }
  copyFileSync(place('build', 'linux', 'graft.sh'), place(STAGED, 'graft'));
  chmodSync(place(STAGED, 'graft'), 0o755);
  if (platform !== 'linux') return;
  copyFileSync(place('build', 'linux', 'register.sh'), place(STAGED, 'register'));
  chmodSync(place(STAGED, 'register'), 0o755);
  mkdirSync(place(STAGED, 'share'));
  copyFileSync(
    place('build', 'linux', 'graft-project.xml'),
    place(STAGED, 'share', 'graft-project.xml'),
  );
  copyFileSync(
    place('dist', 'icons', 'icons', '512x512.png'),
    place(STAGED, 'share', 'graft-desktop.png'),
  );
  copyFileSync(place('dist', 'icons', 'graft.svg'), place(STAGED, 'share', 'graft-project.svg'));
}

/**
 * Its licence wants to be given along. One that an older Graft set up has no text of it.
 *
 * @param {string} folder where setting up put it
 */
function requireLicence(folder) {
  if (existsSync(path.join(folder, 'deps', 'LICENSE'))) return;
  throw new SetupFailure(
    `Native TensorFlow lies in ${folder} without its licence text, as an older Graft set it up. Remove that folder, and run: npm run setup`,
  );
}

/** @param {string} from @param {string} to @returns {number} bytes that were cut off */
function copyFolder(from, to) {
  mkdirSync(to, { recursive: true });
  return readdirSync(from, { withFileTypes: true }).reduce((cut, entry) => {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    return (
      cut + (entry.isDirectory() ? copyFolder(source, target) : copyWithoutTail(source, target))
    );
  }, 0);
}

/**
 * @param {{ target: Target, node: string }} options node: the pinned one's executable
 * @returns {{ engine: 'tensorflow' | 'wasm', cutBytes: number, prompts: boolean }} what the package trains with, how much
 *   smaller it became, and whether it has the network for clicks and boxes
 */
export function stagePackage({ target, node }) {
  const missing = shippedPackages(projectRoot, target).filter(
    (folder) => !existsSync(place(folder)),
  );
  if (missing.length > 0) {
    throw new SetupFailure(
      `Packages that an installed Graft needs on ${target.platform}-${target.arch} are not here: ${missing.join(', ')}. A package is made on the system it is for; there, run \`npm ci\`.`,
    );
  }
  const tensorflow = nativeTensorflow(projectRoot);
  if (tensorflow !== null) requireLicence(tensorflow.folder);
  const manifest = /** @type {Manifest} */ (readJson(place('package.json')));
  rmSync(place(STAGED), { recursive: true, force: true });
  mkdirSync(place(STAGED), { recursive: true });
  writeManifests(manifest);
  const prompts = copyPromptNetwork(projectRoot, place(STAGED_PROMPTS));
  writePapers(manifest, { target, node, prompts, tensorflow });
  writeCommands(target);
  const program = target.platform === 'win32' ? 'node.exe' : 'node';
  let cutBytes = copyWithoutTail(node, place(STAGED, program));
  rmSync(place(STAGED_TENSORFLOW), { recursive: true, force: true });
  mkdirSync(place(STAGED_TENSORFLOW));
  if (tensorflow === null) return { engine: 'wasm', cutBytes, prompts };
  for (const part of [path.join('deps', 'lib'), path.dirname(ADDON)]) {
    const from = path.join(tensorflow.folder, part);
    if (existsSync(from)) cutBytes += copyFolder(from, place(STAGED_TENSORFLOW, part));
  }
  const operations = path.join(tfjsNode(projectRoot), OPERATIONS_LIBRARY);
  if (existsSync(operations)) {
    cutBytes += copyWithoutTail(operations, place(STAGED_TENSORFLOW, OPERATIONS_LIBRARY));
  }
  return { engine: 'tensorflow', cutBytes, prompts };
}
