/** Near-duplicates of drawn cells: what was done to a copy, and whether it is found; and that others are left alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../../engine/engine.ts';
import { decodeImage } from '../../../../engine/data/decode.ts';
import { fileInMemory } from '../../../../engine/data/image-file.ts';
import { encodePng } from '../../../../engine/data/encode.ts';
import { greySquare } from '../../../../engine/data/thumbnail.ts';
import { comparable, similarity } from '../../../../engine/labelling/alike/compare.ts';
import { SIDE, signatureOf } from '../../../../engine/labelling/alike/signature.ts';
import { ALIKE_FROM, alikeGroups } from '../../../../shared/alike.ts';
import { createRandom } from '../../../../shared/random.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

const PX = 256;
const SCENES = 24;

/** Bright round cells of several sizes on a dark ground. */
async function scene(seed: number): Promise<Buffer> {
  const random = createRandom(seed, 'scene');
  const data = new Uint8Array(PX * PX).fill(20);
  for (let cell = 0; cell < 30; cell++) {
    const [cx, cy] = [random.uniform(0, PX), random.uniform(0, PX)];
    const [radius, level] = [random.uniform(6, 16), random.uniform(90, 220)];
    for (let y = Math.max(0, Math.ceil(cy - radius)); y < Math.min(PX, cy + radius); y++) {
      for (let x = Math.max(0, Math.ceil(cx - radius)); x < Math.min(PX, cx + radius); x++) {
        if (Math.hypot(x - cx, y - cy) < radius) data[y * PX + x] = level;
      }
    }
  }
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + random.below(12);
  return Buffer.from(await encodePng({ width: PX, height: PX, channels: 1, data }));
}

const crop = (share: number) => (image: Sharp) =>
  image.extract({
    left: Math.round(((1 - share) * PX) / 3),
    top: Math.round(((1 - share) * PX) / 2),
    width: Math.round(share * PX),
    height: Math.round(share * PX),
  });

const CHANGES: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  shifted: (image) =>
    image
      .extract({ left: 30, top: 12, width: PX - 30, height: PX - 12 })
      .extend({ right: 30, bottom: 12, extendWith: 'background', background: '#181818' }),
  brightened: (image) => image.linear(1.25, 15),
  recompressed: (image) => image.jpeg({ quality: 40 }),
  'cropped to 0.9': crop(0.9),
  'cropped to 0.75': crop(0.75),
  'turned by 90°': (image) => image.rotate(90),
  mirrored: (image) => image.flop(),
  'made half as large': (image) => image.resize(PX / 2),
  blurred: (image) => image.blur(1.5),
};

async function detailOf(file: Buffer): Promise<Float32Array> {
  const image = await decodeImage(fileInMemory(file), { subject: 'scene' });
  const signature = signatureOf(1, await greySquare(image, SIDE));
  if (signature === null) throw new Error('nothing to be seen');
  return signature.detail;
}

let scenes: readonly Buffer[] = [];
let details: readonly Float32Array[] = [];
beforeAll(async () => {
  scenes = await Promise.all(Array.from({ length: SCENES }, (_, seed) => scene(seed)));
  details = await Promise.all(scenes.map(detailOf));
});

describe('two views', () => {
  it.each(Object.keys(CHANGES))('that were one before it was %s are alike', async (change) => {
    for (const [i, file] of scenes.slice(0, 4).entries()) {
      const changed = (await CHANGES[change]?.(sharp(file)).toBuffer()) ?? file;
      const [before, after] = [details[i] ?? new Float32Array(), await detailOf(changed)];
      expect(similarity(comparable(before), after)).toBeGreaterThan(ALIKE_FROM);
      expect(similarity(comparable(after), before)).toBeGreaterThan(ALIKE_FROM);
    }
  });

  it('of different cells of one kind are not', () => {
    for (const [i, one] of details.entries()) {
      const ready = comparable(one);
      for (const other of details.slice(i + 1)) {
        expect(similarity(ready, other)).toBeLessThan(ALIKE_FROM - 0.1);
      }
    }
  });

  it('of one cell each are not, wherever it lies: every blob is like every other', () => {
    const blob = (x: number, y: number) => {
      const detail = new Float32Array(SIDE * SIDE);
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        detail[(y + dy) * SIDE + x + dx] = 100;
      }
      return detail;
    };
    expect(similarity(comparable(blob(10, 12)), blob(12, 9))).toBeLessThan(ALIKE_FROM);
  });

  it('an image in which nothing is to be seen has no signature', () => {
    expect(signatureOf(1, new Uint8Array(SIDE * SIDE).fill(77))).toBeNull();
  });
});

it('finds them in a project, looks at new images alone, and names what it could not compare', async () => {
  const folder = temporaryFolder();
  const file = (dataset: string, name: string, bytes: Uint8Array) => {
    mkdirSync(join(folder, dataset), { recursive: true });
    writeFileSync(join(folder, dataset, name), bytes);
  };
  scenes.forEach((bytes, i) => file('one', `${i}.png`, bytes));
  for (const [i, change] of Object.values(CHANGES).entries()) {
    file(
      'one',
      `copy ${i}.png`,
      await change(sharp(scenes[i] ?? Buffer.of()))
        .toFormat('png')
        .toBuffer(),
    );
  }
  const blank = { width: PX, height: PX, channels: 1, data: new Uint8Array(PX * PX) } as const;
  file('one', 'blank.png', await encodePng(blank));
  file('other', 'turned.png', await sharp(scenes[20]).rotate(180).png().toBuffer());

  const project = join(folder, 'cells.graft');
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  await engine.call('project.create', { path: project });
  const [one = 0, other = 0] = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const path = join(folder, name);
      return (await engine.call('datasets.import', { project, name, path })).datasetId;
    }),
  );
  expect(await engine.call('images.alike', { project, datasetId: one })).toEqual({
    pairs: [],
    unseen: SCENES + 10,
  });
  const found = await engine.call('images.findAlike', { project, datasetId: one });
  expect(found).toMatchObject({ unseen: 0, unreadable: [], empty: ['blank.png'] });
  const { images } = await engine.call('images.list', { project, datasetId: one });
  const nameOf = new Map(images.map(({ id, name }) => [id, name]));
  const groups = alikeGroups(found.pairs, ALIKE_FROM).map((ids) =>
    ids.map((id) => nameOf.get(id)).toSorted(),
  );
  expect(groups.toSorted()).toEqual(
    Object.keys(CHANGES).map((_, i) => [`${i}.png`, `copy ${i}.png`]),
  );
  // Of another dataset, with the first already looked at.
  const { pairs } = await engine.call('images.findAlike', { project, datasetId: other });
  expect(pairs).toHaveLength(1);
  expect(pairs[0]?.similarity).toBeGreaterThan(0.95);
  expect(nameOf.get(pairs[0]?.imageId ?? 0) ?? nameOf.get(pairs[0]?.otherId ?? 0)).toBe('20.png');
  const again = await engine.call('images.findAlike', { project, datasetId: one });
  expect(again.pairs).toHaveLength(found.pairs.length + 1);
  const cancelled = new AbortController();
  cancelled.abort();
  await expect(
    engine.call('images.findAlike', { project, datasetId: one }, { signal: cancelled.signal }),
  ).rejects.toMatchObject({ code: 'cancelled' });
});
