/** The parts list of an installed Graft as a CycloneDX document: no clock and no chance in it, so that it can be compared. */
import { createHash } from 'node:crypto';

/** @typedef {import('./shipped-parts.mjs').Part} Part */

/** An expression of SPDX, or one of its names; everything else is a name that somebody gave. */
const EXPRESSION = /^\(?[\w.+-]+(?:\s+(?:AND|OR|WITH)\s+[\w.+-]+)+\)?$/;
const SPDX_ID = /^(?!SEE|unknown)[\w.+-]+$/;

/** @param {string} licence */
function licences(licence) {
  if (EXPRESSION.test(licence)) return [{ expression: licence }];
  return [{ license: SPDX_ID.test(licence) ? { id: licence } : { name: licence } }];
}

/** @param {Part} part @returns {string} a package URL */
function purl({ name, version, folder }) {
  if (folder !== null) return `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return `pkg:generic/${name.toLowerCase()}@${version}`;
}

/** One package may lie in two places. @param {Part} part */
const reference = (part) => (part.folder === null ? purl(part) : `${purl(part)}#${part.folder}`);

/**
 * @param {readonly Part[]} parts
 * @param {{ name: string, version: string, license: string }} manifest Graft's own
 * @param {import('./package-contents.mjs').Target} target
 * @returns {object} CycloneDX 1.6
 */
export function cycloneDx(parts, { name, version, license }, { platform, arch }) {
  const graft = `pkg:generic/${name}@${version}?os=${platform}&arch=${arch}`;
  const places = new Map(parts.map((part) => [part.folder, reference(part)]));
  const components = parts.map((part) => ({
    type: part.folder === null ? 'platform' : 'library',
    'bom-ref': reference(part),
    name: part.name,
    version: part.version,
    purl: purl(part),
    licenses: licences(part.licence),
    ...(part.hash === null
      ? {}
      : { hashes: [{ alg: part.hash.algorithm, content: part.hash.hex }] }),
  }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([graft, components]))}`,
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': graft,
        name,
        version,
        licenses: licences(license),
      },
    },
    components,
    dependencies: [
      { ref: graft, dependsOn: components.map((one) => one['bom-ref']) },
      ...parts.map((part) => ({
        ref: reference(part),
        dependsOn: part.needs.map((folder) => places.get(folder) ?? folder),
      })),
    ],
  };
}

/** A number of its own for each content: a UUID of version 8. @param {string} text */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
