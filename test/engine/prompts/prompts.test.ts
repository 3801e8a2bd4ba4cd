/** Clicks and boxes through the engine, with a network of two operations in real processes. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { Prompter } from '../../../engine/prompts/prompter.ts';
import type { Networks } from '../../../engine/prompts/networks.ts';
import { promptNetwork } from '../../fixtures/prompt-network.ts';

const WIDTH = 40;
const HEIGHT = 24;
const dir = mkdtempSync(join(tmpdir(), 'graft-test-'));
const project = join(dir, 'p.graft');
const engine = createEngine();
const region = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
let imageId = 0;
let files: ReturnType<typeof promptNetwork>;

beforeAll(async () => {
  files = promptNetwork(dir);
  // The left half is red, and the right half black.
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let i = 0; i < data.length; i += 3) data[i] = (i / 3) % WIDTH < WIDTH / 2 ? 255 : 0;
  mkdirSync(join(dir, 'images'));
  writeFileSync(
    join(dir, 'images', 'a.png'),
    encode({ width: WIDTH, height: HEIGHT, channels: 3, data }),
  );
  await engine.call('project.create', { path: project });
  await engine.call('datasets.import', { project, name: 'a', path: join(dir, 'images') });
  imageId = engine.project(project).db.datasets.images(1)[0]?.id ?? 0;
});
afterAll(async () => {
  await engine.close();
  rmSync(dir, { recursive: true });
});

const prepare = () => engine.call('prompts.prepare', { project, imageId, region });
const click = { x: 3, y: 3, inside: true };

describe('a promptable network', () => {
  it('is chosen by its two files, and looks at a picture once', async () => {
    const state = await engine.call('prompts.choose', { files });
    expect(state).toMatchObject({ network: { name: 'encoder.onnx', isBundled: false } });
    const first = await prepare();
    expect(first.seconds).toBeGreaterThan(0);
    expect(await prepare()).toEqual({ picture: first.picture, seconds: null });
  });

  it('answers masks in pixels of the region, the best first, and refines them', async () => {
    const { picture } = await prepare();
    const asked = { project, picture, region, points: [click] };
    const masks = await engine.call('prompts.masks', asked);
    expect(masks.map(({ score, area }) => ({ score, area }))).toEqual([
      { score: 0.75, area: (WIDTH * HEIGHT) / 2 },
      { score: 0.25, area: (WIDTH * HEIGHT) / 2 },
    ]);
    expect(masks[0]?.runs.slice(0, 3)).toEqual([WIDTH / 2, WIDTH / 2, WIDTH / 2]);
    expect(masks[1]?.runs.slice(0, 2)).toEqual([0, WIDTH / 2]);
    // All of the region is drawn already, which this network believes.
    const runs = [0, WIDTH * HEIGHT];
    const drawn = await engine.call('prompts.masks', { ...asked, from: { runs } });
    expect(drawn.map(({ area }) => area)).toEqual([WIDTH * HEIGHT]);
    const mask = masks[1]?.mask ?? 0;
    const refined = await engine.call('prompts.masks', { ...asked, from: { mask } });
    expect(refined.map(({ score }) => score)).toContain(0.75);
  });

  it('shows all masks of a decoder that answers one, in the order of its own rule, and none twice', async () => {
    const other = promptNetwork(mkdtempSync(join(dir, 'choosing-')), { chooses: true });
    await engine.call('prompts.choose', { files: other });
    const { picture } = await prepare();
    const masks = async (points: (typeof click)[]) => {
      const found = await engine.call('prompts.masks', { project, picture, region, points });
      return found.map(({ score, runs }) => [score.toFixed(2), runs[0]]);
    };
    expect(await masks([click])).toEqual([
      ['0.75', 0],
      ['0.50', 0],
    ]);
    expect(await masks([click, click])).toEqual([
      ['0.90', WIDTH / 2],
      ['0.75', 0],
      ['0.50', 0],
    ]);
    await engine.call('prompts.choose', { files });
  });

  it('says what is missing', async () => {
    const { picture } = await prepare();
    const asked = { project, picture, region, points: [click] };
    const masks = (more: object) => engine.call('prompts.masks', { ...asked, ...more });
    await expect(masks({ points: [] })).rejects.toThrow(/Click into an object, or draw a box/);
    await expect(masks({ from: { mask: 999 } })).rejects.toThrow(/no longer kept/);
    await expect(masks({ picture: 'a'.repeat(64) })).rejects.toThrow(/look at this part .* again/);
    await expect(masks({ from: { runs: [0, 9999] } })).rejects.toThrow(/larger than the region/);
    const beyond = { ...region, left: 10 };
    await expect(
      engine.call('prompts.prepare', { project, imageId, region: beyond }),
    ).rejects.toThrow(/lies outside a.png, which has 40 × 24 px/);
  });

  it('of other inputs is refused with the reason, and the one before stays', async () => {
    const choose = (encoder: string, decoder: string) =>
      engine.call('prompts.choose', { files: { encoder, decoder } });
    await expect(choose(files.decoder, files.encoder)).rejects.toThrow(/Is it the decoder\?/);
    const other = mkdtempSync(join(dir, 'other-'));
    const small = promptNetwork(other, { sidePx: 512 });
    await expect(choose(small.encoder, small.decoder)).rejects.toThrow(
      /takes input n × 3 × 512 × 512, but .* 1 × 3 × 1024 × 1024/,
    );
    const lacking = promptNetwork(other, { without: 'point_labels' });
    await expect(choose(lacking.encoder, lacking.decoder)).rejects.toThrow(/no input point_labels/);
    const text = join(other, 'notes.onnx');
    writeFileSync(text, 'no network');
    await expect(choose(text, files.decoder)).rejects.toThrow(/is no ONNX network/);
    truncateSync(small.encoder, 1000);
    await expect(choose(small.encoder, files.decoder)).rejects.toThrow(/is no ONNX network/);
    await expect(choose(join(other, 'gone.onnx'), files.decoder)).rejects.toThrow(/is not there/);
    await expect(choose(other, files.decoder)).rejects.toThrow(/is no file/);
    expect(await engine.call('prompts.state', {})).toMatchObject({ network: { files } });
  });

  it('of other numbers, or with other answers, is refused when it is chosen', async () => {
    const chosen = (options: Parameters<typeof promptNetwork>[1]) =>
      engine.call('prompts.choose', {
        files: promptNetwork(mkdtempSync(join(dir, 'numbers-')), options),
      });
    await expect(chosen({ takesBytes: true })).rejects.toThrow(/takes images of uint8 numbers/);
    await expect(chosen({ wholePoints: true })).rejects.toThrow(
      /point_coords of int64 numbers, not float32/,
    );
    await expect(chosen({ stridePx: 32 })).rejects.toThrow(
      /answers float32 1 × 256 × 32 × 32, but .* 1 × 256 × 64 × 64/,
    );
    expect(await engine.call('prompts.state', {})).toMatchObject({ network: { files } });
  });

  it('whose files do not say what they take and answer is tried when it is chosen', async () => {
    const chosen = (options: Parameters<typeof promptNetwork>[1]) =>
      engine.call('prompts.choose', {
        files: promptNetwork(mkdtempSync(join(dir, 'unsaid-')), options),
      });
    const unsaid = { saysShapes: false };
    await chosen(unsaid);
    await expect(chosen({ ...unsaid, stridePx: 32 })).rejects.toThrow(
      /encoder\.onnx answered float32 1 × 256 × 32 × 32, not float32 1 × 256 × 64 × 64/,
    );
    await expect(chosen({ fails: true })).rejects.toThrow(/encoder\.onnx failed while it ran/);
    await expect(chosen({ copies: 1e7 })).rejects.toThrow(
      /^encoder\.onnx needs more memory than there is\. Close other programs .* smaller network/,
    );
    await expect(chosen({ seen: NaN })).rejects.toThrow(/encoder\.onnx answered what is no number/);
    await expect(chosen({ scores: [NaN, 0.75] })).rejects.toThrow(
      /decoder\.onnx answered what is no number/,
    );
    const state = await engine.call('prompts.choose', { files });
    expect(state).toMatchObject({ network: { files } });
  });

  it('whose files were replaced since by what answers no number is refused when it runs', async () => {
    const folder = mkdtempSync(join(dir, 'nan-'));
    await engine.call('prompts.choose', { files: promptNetwork(folder) });
    const { picture } = await prepare();
    promptNetwork(folder, { scores: [NaN, 0.75] });
    await expect(
      engine.call('prompts.masks', { project, picture, region, points: [click] }),
    ).rejects.toThrow(/decoder\.onnx answered what is no number/);
    promptNetwork(folder, { seen: NaN });
    await expect(prepare()).rejects.toThrow(/encoder\.onnx answered what is no number/);
    await engine.call('prompts.choose', { files });
  });

  it('that could not be loaded is tried again', async () => {
    const other = promptNetwork(mkdtempSync(join(dir, 'again-')));
    const whole = readFileSync(other.encoder);
    const written = (bytes: Uint8Array) => {
      writeFileSync(other.encoder, bytes);
      utimesSync(other.encoder, 1e9, 1e9);
    };
    written(new Uint8Array(whole.length));
    await expect(engine.call('prompts.choose', { files: other })).rejects.toThrow(/is no ONNX/);
    written(whole);
    await engine.call('prompts.choose', { files: other });
    await engine.call('prompts.choose', { files });
  });
});

it('refines no mask by a number that was given out before the engine was started anew', async () => {
  const logits = new Float32Array(256 * 256).fill(1);
  const networks: Networks = {
    inspect: () => Promise.resolve(),
    decode: () => Promise.resolve([{ score: 1, logits }]),
    encode: () => Promise.resolve(new Float32Array(4)),
  };
  const options = { files, signal: new AbortController().signal, onProgress: () => undefined };
  /** What the first click in a sitting is answered, and whether a mask of that number can be refined. */
  const sitting = async (name: string) => {
    const prompter = new Prompter(join(dir, name), { networks });
    const seen = { rgb: new Uint8Array(3), width: 1, height: 1 };
    const { picture } = await prompter.prepare({ picture: seen, ahead: false }, options);
    const asked = { picture, region, points: [click] };
    const [first] = await prompter.masks(asked, options);
    const refine = (mask: number) => prompter.masks({ ...asked, from: { mask } }, options);
    return { mask: first?.mask ?? 0, refine, close: () => prompter.close() };
  };
  const before = await sitting('before.graft');
  expect(await before.refine(before.mask)).toHaveLength(1);
  before.close();
  const after = await sitting('after.graft');
  await expect(after.refine(before.mask)).rejects.toThrow(/no longer kept/);
  expect(await after.refine(after.mask)).toHaveLength(1);
  after.close();
});

describe('looking ahead', () => {
  it('gives way to the image that is open', async () => {
    const waiting: { signal: AbortSignal; done: (embedding: Float32Array) => void }[] = [];
    const networks: Networks = {
      inspect: () => Promise.resolve(),
      decode: () => Promise.resolve([]),
      encode: (_, { signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
          waiting.push({ signal, done: resolve });
        }),
    };
    const prompter = new Prompter(join(dir, 'other.graft'), { networks });
    const picture = (value: number) => ({
      rgb: new Uint8Array(3).fill(value),
      width: 1,
      height: 1,
    });
    const options = { files, signal: new AbortController().signal, onProgress: () => undefined };
    const ahead = prompter.prepare({ picture: picture(1), ahead: true }, options);
    const open = prompter.prepare({ picture: picture(2), ahead: false }, options);
    await expect(ahead).rejects.toThrow('stopped');
    expect(waiting[1]?.signal.aborted).toBe(false);
    waiting[1]?.done(new Float32Array(4));
    expect((await open).seconds).toBeGreaterThanOrEqual(0);
    prompter.close();
  });
});
