/**
 * What it costs a training that the images of its project are decoded in a process of their own: images a second as the
 * cache of a run is filled, beside the same work with the decoder in this process.
 * usage: node build/run.mjs test/bench/training-images.ts [images=300] [side=512] [--start]
 * With --start the start of the process counts, too, which in a run goes on while TensorFlow loads.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openImage } from '../../engine/data/decode.ts';
import { openOriginal } from '../../engine/data/image-source.ts';
import { createProject } from '../../engine/db/project.ts';
import { networkRows, squeezed } from '../../engine/training/images/image-rows.ts';
import { createImageStore } from '../../engine/training/images/image-store.ts';
import { createTileCache } from '../../engine/training/images/tile-cache.ts';
import { readTile } from '../../engine/training/images/tiles.ts';
import { createRandom } from '../../shared/random.ts';

const [images = 300, side = 512] = process.argv.slice(2).filter(Number).map(Number);
const countsStart = process.argv.includes('--start');
const SIZE_PX = 128;
const CHANNELS = 3;
const ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), 'graft-bench-images-'));
const project = createProject(join(folder, 'bench.graft'));
const sampling = { sizePx: SIZE_PX, mode: 'resize' } as const;

async function fill(format: 'png' | 'jpeg'): Promise<void> {
  const datasetId = project.datasets.create({
    ...{ name: format, origin: {}, imageClasses: [] },
    classes: [{ index: 0, name: 'background', color: '#000000' }],
  });
  for (let i = 0; i < images; i++) {
    const random = createRandom(i, format);
    // Smooth, with some noise: compresses as photographs do.
    const coarse = Buffer.from(Array.from({ length: 3 * 32 * 32 }, () => random.below(256)));
    const picture = sharp(coarse, { raw: { width: 32, height: 32, channels: 3 } });
    const bytes = await picture.resize(side, side).toFormat(format).toBuffer();
    project.datasets.addImage({
      ...{ datasetId, name: `${i}.${format}`, page: 0, groupName: null, imageClass: null },
      ...{ widthPx: side, heightPx: side, channels: CHANNELS, bitDepth: 8, source: { bytes } },
      hash: createHash('sha256').update(bytes).digest('hex'),
    });
  }
  const all = project.datasets.images(datasetId);
  const store = createImageStore({ folder });
  const imageOf = (index: number) => {
    const image = all[index];
    if (image === undefined) throw new Error(`there is no image ${index}`);
    return image;
  };
  const isolated = (index: number) => {
    const request = { image: imageOf(index), labelMapId: null, imageClass: null };
    return readTile(project, request, { sampling, channels: CHANNELS, store });
  };
  const indices = all.map((_, index) => index);
  const ways = {
    isolated: async () => {
      await createTileCache({ read: isolated, maxBytes: 2 ** 30 }).tiles(indices);
    },
    'in this process': async () => {
      for (const index of indices) {
        const image = imageOf(index);
        const opened = await openImage(await openOriginal(project, image), { subject: image.name });
        await squeezed(await networkRows(opened, CHANNELS, image.name), SIZE_PX);
      }
    },
  };
  const seconds: Record<string, number[]> = { isolated: [], 'in this process': [] };
  if (!countsStart) await isolated(0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [how, fillCache] of Object.entries(ways)) {
      const began = performance.now();
      await fillCache();
      seconds[how]?.push((performance.now() - began) / 1000);
    }
  }
  for (const [how, all] of Object.entries(seconds)) {
    const middle = all.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
    const each = ((1000 * middle) / images).toFixed(2);
    process.stdout.write(
      `${format} ${side}², ${images} images, ${how}: ${middle.toFixed(2)} s (${each} ms an image), of ${all.map((one) => one.toFixed(2)).join(', ')}\n`,
    );
  }
}

await fill('png');
await fill('jpeg');
project.close();
rmSync(folder, { recursive: true });
process.exit(0);
