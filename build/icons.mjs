/**
 * Every icon of an installed Graft, from the one drawing in build/graft.svg: PNG in all sizes for Linux, .ico for
 * Windows, .icns for macOS, for the program and for its project files.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { projectRoot } from './locations.mjs';

const DRAWING = path.join(projectRoot, 'build', 'graft.svg');
const LINUX_PX = [16, 24, 32, 48, 64, 128, 256, 512];
const ICO_PX = [16, 24, 32, 48, 64, 128, 256];
/** Apple's names of PNG entries, by side in pixels; those of Retina screens are sizes of their own. */
const ICNS = /** @type {const} */ ([
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
]);

/** A sheet of paper with a folded corner, and the drawing on it. @param {string} drawing @returns {string} */
const sheet = (drawing) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1024 1024">
  <path d="M232 40 H640 L848 248 V928 a56 56 0 0 1 -56 56 H232 a56 56 0 0 1 -56 -56 V96 a56 56 0 0 1 56 -56 z"
    fill="#ffffff" stroke="#8a98a6" stroke-width="20"/>
  <path d="M640 40 V192 a56 56 0 0 0 56 56 H848 z" fill="#d5dde5" stroke="#8a98a6" stroke-width="20"
    stroke-linejoin="round"/>
  <g transform="translate(232 340) scale(0.547)">${drawing.replace(/^[^<]*<svg[^>]*>|<\/svg>\s*$/g, '')}</g>
</svg>`;

/** @param {string} svg @param {number} px @returns {Promise<Buffer>} */
const png = (svg, px) =>
  sharp(Buffer.from(svg), { density: (72 * px) / 1024 })
    .resize(px, px)
    .png({ compressionLevel: 9 })
    .toBuffer();

/**
 * Windows' container, with PNG inside, which it reads since Vista.
 *
 * @param {readonly { px: number, data: Buffer }[]} images
 * @returns {Buffer}
 */
export function ico(images) {
  const [head, entry] = [6, 16];
  const directory = Buffer.alloc(head + entry * images.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(images.length, 4);
  let offset = directory.length;
  for (const [index, { px, data }] of images.entries()) {
    const at = head + entry * index;
    // 256 is written as 0.
    directory.writeUInt8(px % 256, at);
    directory.writeUInt8(px % 256, at + 1);
    directory.writeUInt16LE(1, at + 4);
    directory.writeUInt16LE(32, at + 6);
    directory.writeUInt32LE(data.length, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += data.length;
  }
  return Buffer.concat([directory, ...images.map(({ data }) => data)]);
}

/**
 * Apple's container: a name and a length before each PNG, and before all of them.
 *
 * @param {readonly { name: string, data: Buffer }[]} images
 * @returns {Buffer}
 */
export function icns(images) {
  const block = (/** @type {string} */ name, /** @type {Buffer} */ data) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32BE(head.length + data.length, 4);
    return Buffer.concat([head, data]);
  };
  return block('icns', Buffer.concat(images.map(({ name, data }) => block(name, data))));
}

/** @param {string} svg @param {string} target path without its extension */
async function containers(svg, target) {
  const sizes = [...new Set([...ICO_PX, ...ICNS.map(([, px]) => px)])];
  const images = new Map(
    await Promise.all(sizes.map(async (px) => /** @type {const} */ ([px, await png(svg, px)]))),
  );
  const of = (/** @type {number} */ px) => images.get(px) ?? Buffer.alloc(0);
  writeFileSync(`${target}.ico`, ico(ICO_PX.map((px) => ({ px, data: of(px) }))));
  writeFileSync(`${target}.icns`, icns(ICNS.map(([name, px]) => ({ name, data: of(px) }))));
}

/**
 * Draws all icons under the names that electron-builder looks for: `icon.*` and `icons/` for the program, `graft.*`
 * for files with that ending.
 *
 * @param {string} folder
 */
export async function drawIcons(folder) {
  const drawing = readFileSync(DRAWING, 'utf8');
  const linux = path.join(folder, 'icons');
  mkdirSync(linux, { recursive: true });
  await Promise.all([
    containers(drawing, path.join(folder, 'icon')),
    containers(sheet(drawing), path.join(folder, 'graft')),
    ...LINUX_PX.map(async (px) =>
      writeFileSync(path.join(linux, `${px}x${px}.png`), await png(drawing, px)),
    ),
  ]);
  writeFileSync(path.join(folder, 'graft.svg'), sheet(drawing));
}
