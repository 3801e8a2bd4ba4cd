import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawIcons, icns, ico } from '../../build/icons.mjs';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'graft-icons-'));
  await drawIcons(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the icons', () => {
  it('are there under the names that electron-builder looks for', () => {
    expect(readdirSync(folder).sort()).toEqual([
      ...['graft.icns', 'graft.ico', 'graft.svg', 'icon.icns', 'icon.ico', 'icons'],
    ]);
    expect(readdirSync(join(folder, 'icons'))).toContain('512x512.png');
  });

  it('are as large as they say, with a clear corner and a drawn middle', async () => {
    const file = join(folder, 'icons', '256x256.png');
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([256, 256, 4]);
    expect(data[3]).toBe(0);
    expect(data[(128 * 256 + 128) * 4 + 3]).toBe(255);
  });

  it('hold a picture at every place that Windows is told of', async () => {
    const file = readFileSync(join(folder, 'icon.ico'));
    expect(file.readUInt16LE(4)).toBe(7);
    for (let entry = 0; entry < 7; entry += 1) {
      const at = 6 + 16 * entry;
      const [length, offset] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)];
      const { width } = await sharp(file.subarray(offset, offset + length)).metadata();
      expect(width % 256).toBe(file[at]);
    }
  });
});

describe('the containers', () => {
  it('count their bytes', () => {
    const data = Buffer.from('picture');
    expect(icns([{ name: 'ic07', data }])).toHaveLength(8 + 8 + 7);
    expect(icns([{ name: 'ic07', data }]).readUInt32BE(4)).toBe(23);
    expect(ico([{ px: 256, data }]).subarray(6, 8)).toEqual(Buffer.from([0, 0]));
  });
});
