/** The thread that prepares batches, on a small project. */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { encode } from 'fast-png';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Project } from '../../../../engine/db/project.ts';
import { snapshotItem } from '../../../../engine/db/splits.ts';
import { BatchThread } from '../../../../engine/training/batches/feed.ts';
import { runData } from '../../../../engine/training/batches/run-data.ts';
import { openTrainingData } from '../../../../engine/training/batches/training-data.ts';
import { NetworkConfig, OptimisationConfig, type RunConfig } from '../../../../shared/entities.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { createRandom } from '../../../../shared/random.ts';
import { hurtDecoders, hurtfulImage } from '../../../fixtures/hurtful-image.ts';
import { temporaryProject } from '../../../fixtures/projects.ts';

const SIZE_PX = 24;
const STEPS = 12;

/** Five training images, then two to validate on and one to test; all larger than the network's input. */
function fineTuning(
  options: { readonly damaged?: boolean; readonly hurtful?: boolean; readonly seed?: number } = {},
) {
  const project = temporaryProject();
  const datasetId = project.datasets.create({
    name: 'noise',
    origin: {},
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'bright', color: '#ffffff' },
    ],
    imageClasses: [],
  });
  for (let i = 0; i < 8; i++) {
    const random = createRandom(i, 'batch feed test');
    const data = Uint8Array.from({ length: 40 * 30 * 3 }, () => random.below(256));
    const labels = Uint8Array.from({ length: 40 * 30 }, () => random.below(2));
    const whole = encode({ width: 40, height: 30, data, channels: 3 });
    const sound = options.damaged === true ? whole.subarray(0, 300) : whole;
    const isHurtful = options.hurtful === true && i === 3;
    const bytes = isHurtful ? hurtfulImage({ width: 40, height: 30 }) : sound;
    const imageId = project.datasets.addImage({
      datasetId,
      name: `${i}.png`,
      widthPx: 40,
      heightPx: 30,
      channels: 3,
      bitDepth: 8,
      hash: createHash('sha256').update(bytes).digest('hex'),
      page: 0,
      groupName: null,
      imageClass: null,
      source: { bytes },
    });
    project.labelMaps.add({
      imageId,
      author: 'generated',
      bytes: encodeLabelMap({ width: 40, height: 30, data: labels }),
    });
  }
  const images = project.datasets.images(datasetId);
  const snapshotId = project.snapshots.take(
    datasetId,
    images.map((image, i) => snapshotItem(image, i < 5 ? 'train' : i < 7 ? 'val' : 'test')),
  );
  const config: RunConfig = {
    kind: 'finetune',
    network: NetworkConfig.parse({ depth: 1, base: 2, inputChannels: 3 }),
    sampling: { sizePx: SIZE_PX, mode: 'patches' },
    optimisation: OptimisationConfig.parse({
      steps: STEPS,
      batch: 4,
      schedule: 'constant',
      evaluateEvery: STEPS,
    }),
    seed: options.seed ?? 7,
    snapshotId,
    transfer: 'random',
    pretrainRunId: null,
    trainImageIds: images.slice(0, 5).map((image) => image.id),
  };
  const runId = project.runs.create({
    studyId: null,
    config,
    pretraining: null,
    labels: null,
    dependsOn: null,
  });
  return { project, config, runId };
}

function feedOf(project: Project, runId: number, firstStep = 1, thread = new BatchThread()) {
  const feed = thread.feed({
    projectPath: project.path,
    inMemory: false,
    runId,
    firstStep,
    lastStep: STEPS,
  });
  onTestFinished(() => feed.close());
  return feed;
}

describe('batches from a thread of their own', () => {
  it('are bit for bit those of the training thread, and so are the validation views', async () => {
    const { project, config, runId } = fineTuning();
    const inline = openTrainingData({ project, config, data: runData(project, config) });
    const feed = feedOf(project, runId);
    for (let step = 1; step <= STEPS; step++) {
      const [own, other] = [await inline.batch(step), await feed.batch(step)];
      expect({ step, size: other.size, inputs: other.inputs }).toEqual({ step, ...own });
    }
    expect(await feed.validationViews()).toEqual(await inline.validationViews());
  });

  it('are the same for a run that resumes in the middle', async () => {
    const { project, config, runId } = fineTuning();
    const inline = openTrainingData({ project, config, data: runData(project, config) });
    const feed = feedOf(project, runId, 9);
    expect((await feed.batch(9)).inputs).toEqual((await inline.batch(9)).inputs);
    expect((await feed.batch(STEPS)).inputs).toEqual((await inline.batch(STEPS)).inputs);
  });

  it('are the same where the memory has no room for the images', async () => {
    const { project, config } = fineTuning();
    const data = runData(project, config);
    const inMemory = openTrainingData({ project, config, data });
    const onDisk = openTrainingData({ project, config, data, memoryBytes: 0 });
    for (let step = 1; step <= STEPS; step++) {
      expect(await onDisk.batch(step)).toEqual(await inMemory.batch(step));
    }
    expect(await onDisk.validationViews()).toEqual(await inMemory.validationViews());
    await onDisk.close();
    await expect(onDisk.batch(1)).rejects.toThrow();
  });

  it('fail with the name of the image that cannot be read', async () => {
    const { project, runId } = fineTuning({ damaged: true });
    const feed = feedOf(project, runId);
    const failure = { code: 'unreadable', message: expect.stringContaining('.png') as string };
    await expect(feed.batch(1)).rejects.toMatchObject(failure);
    await expect(feed.validationViews()).rejects.toMatchObject(failure);
    await expect(feed.batch(STEPS)).rejects.toMatchObject(failure);
  });

  it('fail with the name of the image that ends the process that decodes it', async () => {
    hurtDecoders();
    onTestFinished(() => void vi.unstubAllEnvs());
    const { project, runId } = fineTuning({ hurtful: true });
    const feed = feedOf(project, runId);
    // Four of the five training images: in the second step at the latest.
    const two = Promise.all([feed.batch(1), feed.batch(2)]);
    await expect(two).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/^3\.png ended the process that reads it/) as string,
    });
  });

  it('are those of each run where one thread serves several, whatever became of the one before', async () => {
    const messages = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => messages.mockRestore());
    const threads = () => new Set(messages.mock.contexts).size;
    const thread = new BatchThread();
    const runs = [fineTuning({ seed: 7 }), fineTuning({ seed: 8 })];
    for (const { project, config, runId } of runs) {
      const inline = openTrainingData({ project, config, data: runData(project, config) });
      const feed = feedOf(project, runId, 1, thread);
      for (let step = 1; step <= STEPS; step++) {
        expect((await feed.batch(step)).inputs).toEqual((await inline.batch(step)).inputs);
      }
      expect(await feed.validationViews()).toEqual(await inline.validationViews());
      await feed.close();
      await expect(feed.batch(STEPS + 1)).rejects.toThrow();
    }
    expect(threads()).toBe(1);
    // One that is at work when its run ends is no place for another.
    const [{ project, config, runId } = fineTuning()] = runs;
    await feedOf(project, runId, 1, thread).close();
    const inline = openTrainingData({ project, config, data: runData(project, config) });
    const next = feedOf(project, runId, 1, thread);
    expect((await next.batch(1)).inputs).toEqual((await inline.batch(1)).inputs);
    expect(threads()).toBe(2);
  });

  it('come from another thread where the one that waited for a run broke down, and nobody else is hurt', async () => {
    const messages = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => messages.mockRestore());
    const { project, config, runId } = fineTuning();
    const thread = new BatchThread();
    const first = feedOf(project, runId, STEPS, thread);
    await first.batch(STEPS);
    await first.validationViews();
    const [waiting]: readonly unknown[] = messages.mock.contexts;
    if (!(waiting instanceof Worker)) throw new Error('no thread was asked');
    await first.close();
    // What no request is throws in the thread, where nothing catches it.
    const broken = new Promise((resolve) => waiting.once('exit', resolve));
    waiting.postMessage('no request');
    await broken;
    const inline = openTrainingData({ project, config, data: runData(project, config) });
    const next = feedOf(project, runId, 1, thread);
    expect((await next.batch(1)).inputs).toEqual((await inline.batch(1)).inputs);
    expect(new Set(messages.mock.contexts).size).toBe(2);
  });

  it('end with the feed', async () => {
    const { project, runId } = fineTuning();
    const feed = feedOf(project, runId);
    await feed.close();
    await expect(feed.batch(1)).rejects.toThrow('has ended');
  });
});
