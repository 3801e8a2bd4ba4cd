import * as tf from '@tensorflow/tfjs-core';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { PRETRAINING_TASKS } from '../../../shared/entities.ts';
import { chooseExamples } from '../../../engine/training/examples.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { channelsFor, examplesOf } from './pretrain/few-images.ts';

const engine = await nativeEngineOrSkip();

const PANELS: Readonly<Record<string, readonly string[]>> = {
  classification: ['Input'],
  simclr: ['One view', 'The other'],
  conrec: ['Input', 'Target', 'Output', 'Other view'],
  'multi-conrec': ['Input', 'Target', 'Output', 'Other view'],
};

describe.each(PRETRAINING_TASKS)('pictures of %s', (task) => {
  it('show what the network was asked and what it answers, alike every time', async () => {
    const [channels = 1] = channelsFor(task);
    const before = tf.memory().numTensors;
    const examples = await examplesOf(task, { engine, channels });
    expect(tf.memory().numTensors).toBe(before);
    expect(examples.map(({ imageId }) => imageId)).toEqual([0, 1, 2, 3]);
    for (const { panels } of examples) {
      expect(panels.map(({ title }) => title)).toEqual(
        PANELS[task] ?? ['Input', 'Target', 'Output'],
      );
      for (const { png } of panels) expect(decode(png)).toMatchObject({ width: 16, height: 16 });
    }
    expect(await examplesOf(task, { engine, channels })).toEqual(examples);
  });

  it('show images of any number of channels', async () => {
    for (const channels of channelsFor(task).slice(1)) {
      expect(await examplesOf(task, { engine, channels })).toHaveLength(4);
    }
  });
});

it('show the clean image as the target of denoising', async () => {
  const [denoised] = await examplesOf('denoising', { engine, channels: 1 });
  const [copied] = await examplesOf('autoencoder', { engine, channels: 1 });
  const target = (example: typeof denoised) => [
    ...decode(example?.panels[1]?.png ?? new Uint8Array()).data,
  ];
  target(copied).forEach((value, i) => {
    expect(Math.abs(value - (target(denoised)[i] ?? NaN))).toBeLessThanOrEqual(1);
  });
});

it('name the corruption that was drawn, and the class that was answered', async () => {
  const captions = async (task: 'multi-conrec' | 'classification' | 'simclr') =>
    (await examplesOf(task, { engine, channels: 1 })).map(({ caption }) => caption);
  for (const caption of await captions('multi-conrec')) {
    expect(caption).toMatch(/^(local shuffle|in-painting|out-painting|denoising)$/);
  }
  for (const caption of await captions('classification')) {
    expect(caption).toMatch(/^(odd|even); answer: (odd|even) \(\d+ %\)$/);
  }
  for (const caption of await captions('simclr')) {
    expect(caption).toMatch(/^cosine similarity -?[01]\.\d\d$/);
  }
});

it('are of the same few images every time', () => {
  const ids = Array.from({ length: 100 }, (_, i) => i);
  expect(chooseExamples(ids)).toHaveLength(4);
  expect(chooseExamples(ids)).toEqual(chooseExamples(ids));
  expect(chooseExamples([1, 2])).toHaveLength(2);
});
