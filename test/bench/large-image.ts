/**
 * Images larger than the memory, from import to test scores: three linked TIFFs of many channels of 16 bits, one to train
 * on by patches, one to validate on, one to be predicted in windows and scored. This process is the engine.
 * To be run where the memory is limited, as in a control group of Linux; its limit is printed beside the peaks.
 *
 * usage: large-image.ts [--side 4096] [--channels 16] [--steps 100] [--size 128] [--threads 2] [--folder DIR]
 * Takes 3 · side² · channels · 2 bytes of disk, and once more as much as an image while it is trained on.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeIndexPng } from '../../engine/data/encode.ts';
import { createEngine } from '../../engine/engine.ts';
import { StudyConfig } from '../../shared/entities.ts';
import { createRandom } from '../../shared/random.ts';
import { finishedStudy } from './bench-project.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    side: { type: 'string', default: '4096' },
    channels: { type: 'string', default: '16' },
    steps: { type: 'string', default: '100' },
    size: { type: 'string', default: '128' },
    threads: { type: 'string', default: '2' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const [side, channels, steps, sizePx, threads] = [
  flags.side,
  flags.channels,
  flags.steps,
  flags.size,
  flags.threads,
].map(Number) as [number, number, number, number, number];

/** Discs on a grid, larger and smaller from image to image. */
const PITCH_PX = 64;
const isInside = (x: number, y: number, radius: number) =>
  ((x % PITCH_PX) - PITCH_PX / 2) ** 2 + ((y % PITCH_PX) - PITCH_PX / 2) ** 2 < radius ** 2;

/** Classic TIFF, one uncompressed strip, channels side by side: what many microscopes write. Noise, brighter in discs. */
function writeImage(path: string, radius: number, seed: number): void {
  const random = createRandom(seed, 'a large image');
  const noise = Uint16Array.from({ length: 2 ** 20 }, () => random.below(4000));
  const longs: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, side],
    [257, 4, 1, side],
    [258, 3, channels, 0], // where the bits of each channel stand: filled in below
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 0], // where the pixels begin
    [277, 3, 1, channels],
    [278, 4, 1, side],
    [279, 4, 1, side * side * channels * 2],
    [284, 3, 1, 1],
  ];
  const bitsAt = 8 + 2 + 12 * longs.length + 4;
  const pixelsAt = bitsAt + 2 * channels;
  const head = new DataView(new ArrayBuffer(pixelsAt));
  head.setUint32(0, 0x002a4949, true);
  head.setUint32(4, 8, true);
  head.setUint16(8, longs.length, true);
  longs.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    head.setUint16(at, tag, true);
    head.setUint16(at + 2, type, true);
    head.setUint32(at + 4, count, true);
    head.setUint32(at + 8, tag === 258 ? bitsAt : tag === 273 ? pixelsAt : value, true);
  });
  for (let c = 0; c < channels; c++) head.setUint16(bitsAt + 2 * c, 16, true);
  const file = openSync(path, 'w');
  writeSync(file, new Uint8Array(head.buffer));
  const row = new Uint16Array(side * channels);
  for (let y = 0; y < side; y++) {
    const from = random.below(noise.length - row.length);
    for (let x = 0; x < side; x++) {
      const signal = isInside(x, y, radius) ? 1500 : 0;
      for (let c = 0; c < channels; c++) {
        const i = x * channels + c;
        row[i] = (noise[from + i] ?? 0) + signal;
      }
    }
    writeSync(file, row);
  }
  closeSync(file);
}

function writeMask(path: string, radius: number): void {
  const data = new Uint8Array(side * side);
  for (let i = 0; i < data.length; i++) {
    if (isInside(i % side, Math.floor(i / side), radius)) data[i] = 1;
  }
  const classes = [
    { index: 0, name: 'background', color: '#000000' },
    { index: 1, name: 'disc', color: '#ffcc00' },
  ];
  writeFileSync(path, encodeIndexPng({ width: side, height: side, data }, classes));
}

const stages: Row[] = [];
async function stage<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  stages.push({
    stage: name,
    s: (performance.now() - start) / 1000,
    'engine, peak MB so far': process.resourceUsage().maxRSS / 1024,
  });
  return result;
}

function configOf(datasetId: number): StudyConfig {
  const optimisation = { steps, batch: 8, schedule: 'cosine', evaluateEvery: steps };
  return StudyConfig.parse({
    name: 'large',
    sourceDatasetId: datasetId,
    targetDatasetId: datasetId,
    network: { base: 8, inputChannels: channels },
    sampling: { sizePx, mode: 'patches' },
    pretrainings: [{ task: 'autoencoder', transfers: ['encoder'], optimisation }],
    finetuning: optimisation,
    labelCounts: [1],
    seeds: 1,
    execution: { threads, parallel: 1 },
  });
}

const folder = mkdtempSync(join(flags.folder, 'graft-large-'));
const engine = createEngine({ engine: 'tensorflow' });
try {
  const data = join(folder, 'data');
  await stage('files made', () => {
    for (const [i, part] of ['train', 'val', 'test'].entries()) {
      for (const kind of ['images', 'masks'])
        mkdirSync(join(data, part, kind), { recursive: true });
      const radius = 16 + 4 * i;
      writeImage(join(data, part, 'images', `${part}.tif`), radius, i);
      writeMask(join(data, part, 'masks', `${part}.png`), radius);
    }
  });
  const project = join(folder, 'large.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.projects.open(project);
  const { datasetId } = await stage('imported as links', () =>
    engine.call('datasets.import', { project, path: data, name: 'large', link: true }),
  );
  const runs = await stage('study', () => finishedStudy(engine, db, configOf(datasetId)));
  report('images larger than the memory', stages);
  report(
    'its runs',
    runs.map((run) => ({
      run: run.transfer ?? 'pretraining',
      'image, GB': (side * side * channels * 2) / 1e9,
      'memory limit, GB': Math.min(process.constrainedMemory(), 2 ** 40) / 1e9,
      'trained, s': run.trainedSeconds,
      'all of it, s': (Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000,
      'trainer, peak MB': (run.peakMemoryBytes ?? NaN) / 2 ** 20,
      Dice: db.runs.results(run.id).find(({ checkpoint }) => checkpoint === 'best')?.dice ?? NaN,
    })),
  );
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}
