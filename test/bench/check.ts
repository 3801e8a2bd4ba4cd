/**
 * Checking a project of about a gigabyte, every byte of which is compared with its hash, while label maps are saved as
 * Annotate does while somebody paints; each save is timed. Damages one original at the end, and checks that it is named.
 * usage: check.ts [--mb 1000]
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { encodePng } from '../../engine/data/encode.ts';
import { createProject } from '../../engine/db/project.ts';
import { createEngine } from '../../engine/engine.ts';
import { sha256 } from '../../engine/sha256.ts';
import { painting } from './bench-painting.ts';
import { emptyDataset, inFolder, picture } from './bench-project.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({ options: { mb: { type: 'string', default: '1000' } } });
/** Of noise, which takes a byte a pixel. */
const SIZE_PX = 1024;
/** Bytes of the last original by which it is found in the file. */
const MARK_BYTES = 64;

/** The same picture with a text that no other has, before its last chunk. */
function withText(png: Uint8Array, text: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from('grFt'), text]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(text.length);
  check.writeUInt32BE(crc32(body));
  const end = png.length - 12;
  return Buffer.concat([png.subarray(0, end), length, body, check, png.subarray(end)]);
}

/** Returns the text of the last original. */
async function fill(path: string): Promise<Uint8Array> {
  const project = createProject(path);
  const datasetId = emptyDataset(project, 'bench');
  const { labelMap } = picture(1, SIZE_PX);
  const size = { width: SIZE_PX, height: SIZE_PX, channels: 1 } as const;
  const noise = await encodePng({ ...size, data: new Uint8Array(randomBytes(SIZE_PX ** 2)) });
  let text: Uint8Array = new Uint8Array();
  for (let i = 0; i < Number(flags.mb); i++) {
    text = randomBytes(MARK_BYTES);
    const png = withText(noise, text);
    const imageId = project.datasets.addImage({
      ...{ datasetId, name: `${i}.png`, widthPx: SIZE_PX, heightPx: SIZE_PX, channels: 1 },
      ...{ bitDepth: 8, hash: sha256(png), page: 0, groupName: null, imageClass: null },
      source: { bytes: png },
    });
    project.labelMaps.add({ imageId, author: 'generated', bytes: labelMap });
  }
  project.close();
  return text;
}

function flipByte(path: string, mark: Uint8Array): void {
  const at = readFileSync(path).indexOf(mark);
  if (at < 0) throw new Error('the last original is not in the file');
  const file = openSync(path, 'r+');
  writeSync(file, Uint8Array.of((mark[0] ?? 0) ^ 1), 0, 1, at);
  closeSync(file);
}

const rows = await inFolder(async (folder) => {
  const path = join(folder, 'bench.graft');
  const mark = await fill(path);
  const engine = createEngine({ engine: 'auto' });
  const found: Row[] = [];
  const check = async (what: string) => {
    await engine.call('project.open', { path });
    const size = { MB: statSync(path).size / 1e6 };
    if (found.length === 0)
      found.push({ what: 'saving alone', ...(await painting(engine, path, () => sleep(3000))) });
    let named = 0;
    const row = await painting(engine, path, async () => {
      const { damaged } = await engine.call('project.check', { project: path });
      named = damaged.length;
    });
    found.push({ what, ...row, ...size, named });
    await engine.call('project.close', { project: path });
  };
  await check('checking');
  flipByte(path, mark);
  await check('checking, a byte flipped');
  await engine.close();
  return found;
});
report('check', rows);
