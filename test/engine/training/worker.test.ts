/** Trainer processes on a small project, as the engine runs them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProject } from '../../../engine/db/project.ts';
import { extendedBudget } from '../../../engine/study/running/extension.ts';
import { spawnTrainer, type Work } from '../../../engine/trainer.ts';
import { checkpointWeights, decodeCheckpoint } from '../../../engine/training/checkpoint.ts';
import type { TrainerEvent } from '../../../engine/training/protocol.ts';
import {
  LossConfig,
  NetworkConfig,
  OptimisationConfig,
  PretrainingOptions,
  type PretrainingTask,
  type RunConfig,
  type Transfer,
} from '../../../shared/entities.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { createRandom } from '../../../shared/random.ts';
import { nativeEngineOrSkip } from './native-engine.ts';

await nativeEngineOrSkip();

const folder = mkdtempSync(join(tmpdir(), 'graft-worker-test-'));
const projectPath = join(folder, 'test.graft');
const project = createProject(projectPath);
afterAll(() => {
  project.close();
  rmSync(folder, { recursive: true });
});

const sizePx = 32;

/** Bright squares on a noisy ground; odd images hold two. */
function addImage(datasetId: number, index: number): number {
  const random = createRandom(index, 'worker test');
  const pixels = Uint8Array.from({ length: sizePx * sizePx }, () => 60 + random.below(60));
  const labels = new Uint8Array(sizePx * sizePx);
  for (let n = 0; n <= index % 2; n++) {
    const [left, top] = [random.below(20), random.below(20)];
    for (let i = 0; i < 100; i++) {
      const at = (top + Math.floor(i / 10)) * sizePx + left + (i % 10);
      pixels[at] = 160 + random.below(60);
      labels[at] = 1;
    }
  }
  const bytes = encode({ width: sizePx, height: sizePx, data: pixels, channels: 1 });
  const imageId = project.datasets.addImage({
    datasetId,
    name: `${index}.png`,
    widthPx: sizePx,
    heightPx: sizePx,
    channels: 1,
    bitDepth: 8,
    hash: createHash('sha256').update(bytes).digest('hex'),
    page: 0,
    groupName: null,
    imageClass: index % 2,
    source: { bytes },
  });
  const map = encodeLabelMap({ width: sizePx, height: sizePx, data: labels });
  project.labelMaps.add({ imageId, author: 'generated', bytes: map });
  return imageId;
}

const datasetId = project.datasets.create({
  name: 'squares',
  origin: {},
  classes: [
    { index: 0, name: 'background', color: '#000000' },
    { index: 1, name: 'square', color: '#ffffff' },
  ],
  imageClasses: ['one', 'two'],
});
for (let i = 0; i < 14; i++) addImage(datasetId, i);
const images = project.datasets.images(datasetId);
const snapshotId = project.snapshots.take(
  datasetId,
  images.map((image, i) => ({
    imageId: image.id,
    imageHash: image.hash,
    labelMapId: image.labelMapId,
    imageClass: image.imageClass,
    part: i < 6 ? ('train' as const) : i < 9 ? ('val' as const) : ('test' as const),
  })),
);

const common = {
  network: NetworkConfig.parse({ depth: 2, base: 4, bottleneck: 4 }),
  sampling: { sizePx, mode: 'resize' as const },
  optimisation: OptimisationConfig.parse({
    steps: 60,
    batch: 4,
    learningRate: 1e-2,
    schedule: 'constant',
    evaluateEvery: 20,
  }),
  seed: 1,
  snapshotId,
};

function addRun(config: RunConfig): number {
  return project.runs.create({
    studyId: null,
    config,
    pretraining: null,
    labels: null,
    dependsOn: null,
  });
}
const pretraining = (task: PretrainingTask) =>
  addRun({ kind: 'pretrain', ...common, task, options: PretrainingOptions.parse({}) });
const finetuneConfig = (transfer: Transfer, pretrainRunId: number | null) => ({
  kind: 'finetune' as const,
  ...common,
  transfer,
  pretrainRunId,
  trainImageIds: images.slice(0, 4).map((image) => image.id),
});
const finetuning = (transfer: Transfer, pretrainRunId: number | null) =>
  addRun(finetuneConfig(transfer, pretrainRunId));

/** Plays the engine: stores checkpoints; `onEvent` may stop or kill the trainer. */
async function send(
  request: Work,
  onEvent: (event: TrainerEvent, trainer: { stop(): void; kill(): void }) => void = () => undefined,
) {
  const events: TrainerEvent[] = [];
  const trainer = spawnTrainer(request, (event) => {
    events.push(event);
    if (request.type === 'run' && event.type === 'checkpoint') {
      project.runs.saveCheckpoint(request.runId, event.kind, event.step, event.bytes);
    }
    if (request.type === 'run' && event.type === 'done' && event.kept !== null) {
      const { steps } = project.runs.get(request.runId)?.config.optimisation ?? { steps: NaN };
      project.runs.saveCheckpoint(request.runId, 'last', steps, event.kept);
    }
    onEvent(event, trainer);
  });
  const { orderly, detail } = await trainer.ended;
  const of = <T extends TrainerEvent['type']>(type: T) =>
    events.filter((e): e is Extract<TrainerEvent, { type: T }> => e.type === type);
  return { events, of, orderly, detail };
}

const settings = { threads: 1, engine: 'tensorflow' as const };
/** Batches are prepared on the training thread: the same bits, and one thread less to start. */
const train = (runId: number, onEvent?: Parameters<typeof send>[1], checkpointIntervalMs = 1e6) => {
  const inline = { prepare: 'inline', checkpointIntervalMs } as const;
  return send({ type: 'run', ...settings, ...inline, projectPath, runId }, onEvent);
};
/** As the engine trains: batches come from a thread of their own. */
const trainWithThread = (runId: number) =>
  send({ type: 'run', ...settings, projectPath, runId, checkpointIntervalMs: 1e6 });

const stored = (runId: number, kind: 'best' | 'last') => {
  const bytes = project.runs.checkpoint(runId, kind)?.bytes;
  if (bytes === undefined) throw new Error(`run ${runId} left no ${kind} checkpoint`);
  return decodeCheckpoint(bytes);
};

/** Everything that training changed, as one hash. */
function stateHash(runId: number): string {
  const { trained, moments, best, header } = stored(runId, 'last');
  const hash = createHash('sha256').update(JSON.stringify([header.step, header.best]));
  const { theta, statistics } = trained;
  for (const array of [theta, statistics, moments?.m, moments?.v, best?.theta, best?.statistics]) {
    if (array === undefined) throw new Error('a checkpoint to resume from holds all six arrays');
    hash.update(Buffer.from(array.buffer));
  }
  return hash.digest('hex');
}

const segmentationRun = pretraining('segmentation');
const uninterrupted = finetuning('random', null);

/** What the uninterrupted run and the pretraining said: several tests begin with their networks. */
let reference: Awaited<ReturnType<typeof train>>;
let pretrained: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  [reference, pretrained] = await Promise.all([
    trainWithThread(uninterrupted),
    train(segmentationRun),
  ]);
});

describe('a trainer process', () => {
  it('pretrains, and leaves pictures of input, target and output', () => {
    const examples = pretrained.of('example');
    expect(examples.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const { example } of examples) {
      expect(example.panels.map(({ title }) => title)).toEqual(['Input', 'Target', 'Output']);
    }
    expect(reference.of('example')).toEqual([]);
  });

  it('keeps of a finished pretraining the weights alone, and of a run that may go on everything', () => {
    const { trained, moments, best, header } = stored(segmentationRun, 'last');
    expect({ moments, best, step: header.step }).toEqual({ moments: null, best: null, step: 60 });
    expect(trained.theta.some((value) => value !== 0)).toBe(true);
    expect(stored(uninterrupted, 'last').moments?.m.length).toBe(trained.theta.length);
  });

  it('fine-tunes, validates, tests both checkpoints and ends', () => {
    const { of, events, orderly } = reference;
    expect({ orderly, last: events.at(-1)?.type }).toEqual({ orderly: true, last: 'done' });
    expect(of('started')[0]).toMatchObject({
      firstStep: 0,
      engine: { name: 'tensorflow', threads: 1 },
    });
    const points = of('metrics').flatMap((e) => e.points);
    expect(points.filter((p) => p.name === 'loss').length).toBe(60);
    expect(points.filter((p) => p.name === 'valDice').map((p) => p.step)).toEqual([20, 40, 60]);
    const results = of('result');
    expect(results.length).toBe(2 * 5);
    for (const { result, prediction } of results) {
      expect(prediction === null).toBe(result.checkpoint === 'last');
      expect(result.dice).toBeGreaterThan(0.3);
    }
    expect(of('progress').at(-1)?.peakMemoryBytes).toBeGreaterThan(1e8);
  });

  it.each([
    { encoder: 'resnet18' },
    { encoder: 'mobilenetv2' },
    { encoder: 'resnet18', norm: 'group' },
    { encoder: 'plain', norm: 'group', skips: 'none', depth: 2 },
  ])('pretrains %o with the portable engine, too', async (network) => {
    const runId = addRun({
      kind: 'pretrain',
      ...common,
      network: NetworkConfig.parse({ base: 2, encoderWidth: 0.0625, bottleneck: 4, ...network }),
      optimisation: { ...common.optimisation, steps: 3, batch: 2, evaluateEvery: 1 },
      task: 'in-painting',
      options: PretrainingOptions.parse({}),
    });
    const { of } = await send({
      type: 'run',
      threads: 1,
      engine: 'wasm',
      projectPath,
      runId,
      prepare: 'inline',
      checkpointIntervalMs: 1e6,
    });
    expect(of('failed')).toEqual([]);
    expect(of('started')[0]?.engine.name).toBe('wasm');
    const losses = of('metrics').flatMap((e) => e.points.filter((p) => p.name === 'loss'));
    expect(losses).toHaveLength(3);
    expect(losses.every(({ value }) => Number.isFinite(value) && value > 0)).toBe(true);
    expect(stored(runId, 'last').trained.theta.every(Number.isFinite)).toBe(true);
    expect(of('example')).toHaveLength(4);
    expect(of('done')).toHaveLength(1);
  });

  it.each([
    ['killed in the middle', (t: { kill(): void }) => t.kill(), false],
    ['stopped in the middle', (t: { stop(): void }) => t.stop(), true],
  ])('resumes a run that was %s and ends with the same bits', async (_, end, orderly) => {
    const runId = finetuning('random', null);
    // Checkpoints as often as the trainer allows, and an end once one of step 5 or later is stored.
    const first = await train(
      runId,
      (event, trainer) => {
        if (event.type === 'checkpoint' && event.kind === 'last' && event.step >= 5)
          end({ ...trainer });
      },
      0.001,
    );
    expect(first.orderly).toBe(orderly);
    expect(first.of('done')).toEqual([]);
    const reached = stored(runId, 'last').header.step;
    expect(reached).toBeGreaterThanOrEqual(5);
    expect(reached).toBeLessThan(60);

    const second = await train(runId);
    expect(second.of('started')[0]?.firstStep).toBe(reached);
    expect(second.of('done').length).toBe(1);
    expect(stateHash(runId)).toBe(stateHash(uninterrupted));
    expect(second.of('result').map((e) => e.result.dice).length).toBe(10);
  });

  it.each([
    ['an encoder at a tenth of the rate', { transfer: 'encoder' as const, encoderRate: 0.1 }],
    ['a permuted encoder', { transfer: 'permuted-encoder' as const }],
    ['a frozen random encoder', { transfer: 'frozen-random' as const }],
    [
      'weights of classes',
      {
        transfer: 'encoder+deep-decoder' as const,
        loss: LossConfig.parse({ kind: 'weighted-cross-entropy+dice' }),
      },
    ],
  ])('resumes with the same bits with %s', async (_, arm) => {
    const source = arm.transfer === 'frozen-random' ? null : segmentationRun;
    const optimisation = { ...common.optimisation, steps: 20, evaluateEvery: 10 };
    const config = { ...finetuneConfig(arm.transfer, source), ...arm, optimisation };
    const [whole, interrupted] = [addRun(config), addRun(config)];
    await train(whole);
    await train(
      interrupted,
      (event, trainer) => {
        if (event.type === 'checkpoint' && event.kind === 'last' && event.step >= 5) trainer.stop();
      },
      0.001,
    );
    expect(stored(interrupted, 'last').header.step).toBeLessThan(20);
    expect((await train(interrupted)).of('done').length).toBe(1);
    expect(stateHash(interrupted)).toBe(stateHash(whole));
  });

  it('goes on with a longer budget as if it had had it from the start', async () => {
    const config = finetuneConfig('random', null);
    const longer = { ...config, optimisation: extendedBudget(config.optimisation, 1.5) };
    const [extended, whole] = [addRun(config), addRun(longer)];
    await train(extended);
    project.runs.extend(extended, longer);
    const { of } = await train(extended);
    expect(of('started')[0]?.firstStep).toBe(60);
    await train(whole);
    expect(stored(whole, 'last').header.step).toBe(90);
    expect(stateHash(extended)).toBe(stateHash(whole));
  });

  it('resumes on the threads that the run began with', async () => {
    const runId = finetuning('random', null);
    await train(
      runId,
      (event, trainer) => {
        if (event.type === 'checkpoint') trainer.stop();
      },
      0.001,
    );
    const { of } = await send({ type: 'run', ...settings, threads: 2, projectPath, runId });
    expect(of('started')[0]?.engine.threads).toBe(1);
    expect(of('log').map((e) => e.message)).toContainEqual(expect.stringContaining('1 thread(s)'));
    expect(stateHash(runId)).toBe(stateHash(uninterrupted));
  });

  it('predicts images of the project and files of other sizes, and names what it cannot read', async () => {
    const path = join(folder, 'other.png');
    const data = new Uint8Array(50 * 40).fill(90);
    writeFileSync(path, encode({ width: 50, height: 40, data, channels: 1 }));
    const missing = join(folder, 'missing.png');
    const fileAt = (file: string) => ({ path: file, page: 0, channelPages: null });
    const { of } = await send({
      type: 'predict',
      ...settings,
      projectPath,
      runId: uninterrupted,
      inputs: [{ imageId: images[9]?.id ?? 0 }, fileAt(missing), fileAt(path)],
    });
    const maps = of('prediction').map(({ labelMap, error }) => {
      return labelMap === null ? error : decodeLabelMap(labelMap);
    });
    expect(maps).toMatchObject([
      { width: sizePx, height: sizePx },
      expect.stringContaining(missing),
      { width: 50, height: 40 },
    ]);
    expect(of('done').length).toBe(1);
  });

  it('trains on the portable engine as well, and says so', async () => {
    const runId = addRun({
      ...finetuneConfig('random', null),
      optimisation: { ...common.optimisation, steps: 8, evaluateEvery: 4 },
    });
    const { of } = await send({ type: 'run', threads: 1, engine: 'wasm', projectPath, runId });
    expect(of('started')[0]?.engine).toMatchObject({ name: 'wasm', threads: 1 });
    expect(of('result').length).toBe(10);
    expect(of('done').length).toBe(1);
  });

  it('trains and tests on patches at full resolution', async () => {
    const runId = addRun({
      ...finetuneConfig('random', null),
      sampling: { sizePx: 16, mode: 'patches' },
      optimisation: { ...common.optimisation, steps: 40 },
    });
    const { of } = await train(runId);
    const best = of('result').filter(({ result }) => result.checkpoint === 'best');
    expect(
      best.map(({ prediction }) => decodeLabelMap(prediction ?? new Uint8Array()).width),
    ).toEqual(new Array(5).fill(sizePx));
    const mean = best.reduce((sum, { result }) => sum + (result.dice ?? NaN), 0) / best.length;
    expect(mean).toBeGreaterThan(0.3);
  });

  it('times steps', async () => {
    const { network, sampling } = common;
    const { of } = await send({
      type: 'calibrate',
      ...settings,
      network,
      sampling,
      precision: 'float32',
      batch: 4,
      steps: 3,
    });
    expect(of('calibrated')[0]?.msPerStep).toBeGreaterThan(0);
    expect(of('calibrated')[0]?.startupMs).toBeGreaterThan(0);
  });

  it('says what is wrong with a run that cannot be trained', async () => {
    const missing = await train(9999);
    expect(missing.of('failed')[0]?.error.code).toBe('not-found');
    expect(missing.orderly).toBe(true);
    const before = await train(finetuning('encoder', pretraining('segmentation')));
    expect(before.of('failed')[0]?.error.message).toMatch(/Run the pretraining first/);
  });
});

describe('pretraining and transfer', () => {
  it('trains encoder, decoder and head, and leaves a network for the arms', () => {
    const { of } = pretrained;
    expect(of('done').length).toBe(1);
    expect(of('result')).toEqual([]);
    expect(stored(segmentationRun, 'last').header).toMatchObject({
      objective: 'segmentation',
      classes: 2,
      step: 60,
      best: null,
    });
  });

  it('keeps a frozen encoder bit for bit, statistics included, and trains the rest', async () => {
    const runId = finetuning('frozen-encoder', segmentationRun);
    const { of } = await train(runId);
    expect(of('done').length).toBe(1);
    const [source, target] = [segmentationRun, runId].map((id) =>
      checkpointWeights(stored(id, 'last')),
    );
    const groups = target?.spec.parameters ?? [];
    for (const { name, layer, group } of groups) {
      const same = expect(target?.weights.parameters.get(name));
      if (group !== 'encoder') continue;
      same.toEqual(source?.weights.parameters.get(name));
      expect(target?.weights.statistics.get(layer)).toEqual(source?.weights.statistics.get(layer));
    }
    const states = of('started')[0]?.layers.map(({ group, state }) => `${group} ${state}`);
    expect(new Set(states)).toEqual(new Set(['encoder frozen', 'decoder random', 'head random']));
  });

  it('fails with layer and shapes where the pretrained network does not fit', async () => {
    const autoencoder = pretraining('autoencoder');
    await train(autoencoder);
    const { of } = await train(finetuning('encoder+decoder', autoencoder));
    expect(of('failed')[0]?.error).toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('decoder/level2/skip/kernel') as string,
    });
    expect(of('started')[0]?.layers.some((layer) => layer.state === 'mismatch')).toBe(true);
  });
});
