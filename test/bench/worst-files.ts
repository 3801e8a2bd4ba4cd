/**
 * How much memory the worst file of each format takes that is accepted: as many pixels as an image may have, in as few bytes
 * as the format can say them with; weights and lists of some hundred MB. Each in a process of its own, as it is imported.
 * usage: node build/run.mjs test/bench/worst-files.ts [SIDE=16384] [MB=200]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { openImage } from '../../engine/data/decode.ts';
import { decodeMask } from '../../engine/data/decode-mask.ts';
import { type ImageSize, needsOf } from '../../engine/data/decoder-messages.ts';
import { openFile } from '../../engine/data/image-file.ts';
import { readJsonFile } from '../../engine/data/import/json-file.ts';
import { limitsFor } from '../../engine/isolated/limits.ts';
import { readWeightFile } from '../../engine/training/weights/import-weights.ts';
import { writeHdf5 } from '../../engine/training/weights/keras-file.ts';
import { writeSafetensors } from '../../engine/training/weights/safetensors.ts';
import { messageOf } from '../../shared/errors.ts';

const MIB = 2 ** 20;
/** Samples that are held of an image while it is read through, as in decoder-process.ts. */
const BAND_BYTES = 2 ** 27;
const Result = z.object({ what: z.string(), baseMiB: z.number(), peakMiB: z.number() });

const drawn = (side: number, channels: 1 | 3) =>
  sharp({
    create: { width: side, height: side, channels: 3, background: '#102030' },
    limitInputPixels: false,
  }).toColourspace(channels === 1 ? 'b-w' : 'srgb');

type Make = (side: number, mb: number) => Promise<Uint8Array>;
const image =
  (
    of: (picture: ReturnType<typeof drawn>) => ReturnType<typeof drawn>,
    channels: 1 | 3 = 3,
  ): Make =>
  (side) =>
    of(drawn(side, channels)).toBuffer();

function listOf(mb: number): Uint8Array {
  const segmentation = [Array.from({ length: 60 }, (_, i) => i + 0.25)];
  const annotations = Array.from({ length: mb * 2200 }, (_, id) => ({
    ...{ id, image_id: 1, category_id: 1, iscrowd: 0, segmentation },
  }));
  const images = [{ id: 1, file_name: 'a.png', width: 64, height: 64 }];
  return Buffer.from(
    JSON.stringify({ images, categories: [{ id: 1, name: 'cell' }], annotations }),
  );
}

const valuesOf = (mb: number) => new Float32Array((mb * MIB) / 4);

const FILES: Readonly<Record<string, { as: 'image' | 'mask' | 'weights' | 'list'; make: Make }>> = {
  'PNG, 3 channels': { as: 'image', make: image((p) => p.png()) },
  'PNG, 3 channels of 16 bits': {
    as: 'image',
    make: image((p) => p.toColourspace('rgb16').png()),
  },
  'PNG, interlaced': { as: 'image', make: image((p) => p.png({ progressive: true })) },
  JPEG: { as: 'image', make: image((p) => p.jpeg()) },
  'JPEG, sent coarse first': { as: 'image', make: image((p) => p.jpeg({ progressive: true })) },
  'WebP, at most 16,383 px a side': {
    as: 'image',
    make: (side) => image((p) => p.webp({ effort: 0 }))(Math.min(side, 16_383), 0),
  },
  GIF: { as: 'image', make: image((p) => p.gif({ effort: 1 })) },
  'TIFF, LZW': { as: 'image', make: image((p) => p.tiff({ compression: 'lzw' })) },
  'TIFF, deflate, in tiles': {
    as: 'image',
    make: image((p) => p.tiff({ compression: 'deflate', tile: true })),
  },
  'mask, PNG': { as: 'mask', make: image((p) => p.png(), 1) },
  'mask, PNG in colours': { as: 'mask', make: image((p) => p.png()) },
  'mask, TIFF with LZW': { as: 'mask', make: image((p) => p.tiff({ compression: 'lzw' }), 1) },
  safetensors: {
    as: 'weights',
    make: (_, mb) =>
      Promise.resolve(
        writeSafetensors({
          tensors: new Map([
            ['conv1.weight', { shape: [valuesOf(mb).length], values: valuesOf(mb) }],
          ]),
          metadata: {},
        }),
      ),
  },
  HDF5: {
    as: 'weights',
    make: (_, mb) =>
      writeHdf5((file) => {
        const group = file.create_group('layers').create_group('conv');
        const values = valuesOf(mb);
        group.create_dataset({
          name: 'kernel:0',
          data: values,
          shape: [values.length],
          dtype: '<f4',
        });
      }),
  },
  'COCO JSON': { as: 'list', make: (_, mb) => Promise.resolve(listOf(mb)) },
};

async function read(path: string, as: 'image' | 'mask' | 'weights' | 'list'): Promise<string> {
  const subject = 'the file';
  if (as === 'weights') {
    const { obstacle } = await readWeightFile(path, { preprocessing: 'auto', base: 8 });
    return obstacle === null ? 'read' : 'read, and fits no network';
  }
  const file = await openFile(path, as === 'image' ? 0 : undefined);
  if (as === 'list') {
    await readJsonFile(file, { path: subject, shape: 'COCO' });
    return 'read';
  }
  let size: ImageSize;
  if (as === 'mask') {
    const { width, height } = await decodeMask(file, { subject });
    size = { width, height, channels: 1, bitDepth: 8 };
  } else {
    const opened = await openImage(file, { subject, bandBytes: BAND_BYTES });
    await opened.readThrough(() => undefined);
    size = opened;
  }
  const limit = limitsFor(needsOf(size, file.sizeBytes, as === 'mask')).memoryBytes;
  return `read; may take ${Math.round(limit / MIB)}`;
}

const [first = '16384', second = '200', path] = process.argv.slice(2);
if (path !== undefined) {
  const entry = FILES[first];
  if (entry === undefined) throw new Error(`there is no ${first}`);
  const baseMiB = process.memoryUsage.rss() / MIB;
  const what = await read(path, entry.as).catch(messageOf);
  // Linux counts in KiB.
  process.send?.({ what, baseMiB, peakMiB: process.resourceUsage().maxRSS / 1024 });
} else {
  const [side, mb] = [Number(first), Number(second)];
  const folder = mkdtempSync(join(tmpdir(), 'graft-bench-worst-'));
  process.stdout.write(`${side} × ${side} px, weights and lists of ${mb} MB\n`);
  process.stdout.write(`${'file'.padEnd(34)} its MB   takes MiB   seconds\n`);
  try {
    for (const [name, { make }] of Object.entries(FILES)) {
      const file = join(folder, 'file');
      writeFileSync(file, await make(side, mb));
      const started = performance.now();
      const child = fork(import.meta.filename, [name, '', file], {
        execArgv: ['--max-old-space-size=4096'],
      });
      const [message] = await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => [{ what: 'ended its process', baseMiB: 0, peakMiB: 0 }]),
      ]);
      const { what, baseMiB, peakMiB } = Result.parse(message);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const figures = [(statSync(file).size / 1e6).toFixed(1), Math.round(peakMiB - baseMiB)];
      process.stdout.write(
        `${name.padEnd(34)} ${figures.map((one) => String(one).padStart(9)).join(' ')} ${seconds.padStart(9)}  ${what}\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
