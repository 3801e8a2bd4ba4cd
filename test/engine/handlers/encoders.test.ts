import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../engine/engine.ts';
import { initialWeights, joinSpecs } from '../../../engine/training/network/parameters.ts';
import { decoderSpec, encoderSpec } from '../../../engine/training/network/unet.ts';
import { encoderWeights } from '../../../engine/training/weights/encoder-weights.ts';
import { encodeNetwork } from '../../../engine/training/weights/network-file.ts';
import { NetworkConfig } from '../../../shared/entities.ts';
import { addDataset } from '../../fixtures/projects.ts';

const network = NetworkConfig.parse({ base: 4, depth: 2, bottleneck: 4 });
const spec = joinSpecs(encoderSpec(network), decoderSpec(network));
const weights = initialWeights(spec, 3);

let dir = '';
let engine: Engine;
let project = '';
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'graft-encoders-'));
  engine = createEngine();
  project = (await engine.call('project.create', { path: join(dir, 'p.graft') })).path;
});
afterEach(async () => {
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
});

const file = (name: string, bytes: Uint8Array) => {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
};
const ownFile = () =>
  file(
    'unet.safetensors',
    encodeNetwork({ network, classes: null, sampling: null, spec, weights }),
  );

describe('an encoder from a file', () => {
  it('is listed with what was read, and gives its weights as a run would', async () => {
    const made = await engine.call('encoders.import', { project, path: ownFile() });
    expect(made).toMatchObject({ name: 'unet', runId: null, task: null, network });
    expect(made.file?.layers.every((l) => l.state === 'loaded')).toBe(true);
    expect(await engine.call('encoders.list', { project })).toEqual([made]);
    const db = engine.projects.open(project).db;
    const read = encoderWeights(db, made.id);
    expect(read.network).toEqual(network);
    expect(read.weights).toEqual(weights);
  });

  it('is written to a file that imports as the same', async () => {
    const { id } = await engine.call('encoders.import', { project, path: ownFile() });
    const path = join(dir, 'out.safetensors');
    const out = { project, encoderId: id, format: 'graft', path } as const;
    expect(await engine.call('encoders.export', out)).toMatchObject({ path });
    const again = await engine.call('encoders.import', { project, path, name: 'again' });
    const db = engine.projects.open(project).db;
    expect(encoderWeights(db, again.id)).toEqual(encoderWeights(db, id));
    await expect(engine.call('encoders.export', out)).rejects.toThrow(/exists already/);
  });

  it('leaves the project when deleted', async () => {
    const { id } = await engine.call('encoders.import', { project, path: ownFile() });
    await engine.call('encoders.delete', { project, encoderId: id });
    expect(await engine.call('encoders.list', { project })).toEqual([]);
    await expect(engine.call('encoders.delete', { project, encoderId: id })).rejects.toThrow(
      /no encoder/,
    );
  });

  it('is refused where it is damaged, not a network, or holds no numbers', async () => {
    const whole = readFileSync(ownFile());
    const import_ = (name: string, bytes: Uint8Array) =>
      engine.call('encoders.import', { project, path: file(name, bytes) });
    await expect(import_('cut', whole.subarray(0, 2000))).rejects.toThrow(/damaged or cut off/);
    const flipped = Buffer.from(whole);
    flipped[flipped.length - 3] = (flipped.at(-3) ?? 0) ^ 1;
    await expect(import_('flipped', flipped)).rejects.toThrow(/checksum/);
    const parameters = new Map(weights.parameters);
    const kernel = parameters.get('encoder/level1/conv2/kernel')?.slice() ?? new Float32Array();
    kernel[5] = NaN;
    parameters.set('encoder/level1/conv2/kernel', kernel);
    const broken = encodeNetwork({
      network,
      classes: null,
      sampling: null,
      spec,
      weights: { ...weights, parameters },
    });
    await expect(import_('nan', broken)).rejects.toThrow(
      /encoder\/level1\/conv2\/kernel holds values that are not numbers/,
    );
    await expect(
      engine.call('encoders.import', { project, path: join(dir, 'none') }),
    ).rejects.toThrow(/does not exist\. Check the path/);
    expect(await engine.call('encoders.list', { project })).toEqual([]);
    expect(existsSync(join(dir, 'none'))).toBe(false);
  });
});

describe('a single pretraining', () => {
  it('by classification is refused where all images are of one class, as in a study', async () => {
    const { db } = engine.project(project);
    const oneClass = addDataset(db, 'cells', { count: 4, classes: 1 });
    const pretrain = (datasetId: number) =>
      engine.call('encoders.pretrain', {
        project,
        datasetId,
        task: 'classification',
        network,
        sampling: { sizePx: 16, mode: 'resize' },
        optimisation: { steps: 1, batch: 1, schedule: 'constant', evaluateEvery: 1 },
      });
    await expect(pretrain(oneClass)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(/at least two classes, and "cells" has 1/) as string,
      subject: 'cells',
    });
    expect(db.runs.list()).toEqual([]);
  });
});
