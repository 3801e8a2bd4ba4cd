/** Finds the scripts of the tools among our own dependencies, without the shell wrappers of node_modules/.bin. */
import path from 'node:path';
import { readJson } from './json-file.mjs';
import { nodeModules, projectRoot } from './locations.mjs';

/** @typedef {{ bin?: string | Record<string, string>, dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} Manifest */

/** @param {string} folder @returns {Manifest} */
const manifest = (folder) => /** @type {Manifest} */ (readJson(path.join(folder, 'package.json')));

/**
 * @param {string} tool as in node_modules/.bin: `tsc`
 * @returns {string} the JavaScript file to run with Node
 */
export function toolScript(tool) {
  const { dependencies, devDependencies } = manifest(projectRoot);
  for (const name of Object.keys({ ...devDependencies, ...dependencies })) {
    const folder = path.join(nodeModules, name);
    const { bin } = manifest(folder);
    const script = typeof bin === 'string' ? { [path.basename(name)]: bin }[tool] : bin?.[tool];
    if (script !== undefined) return path.join(folder, script);
  }
  throw new Error(`none of our dependencies has a tool called ${tool}`);
}
