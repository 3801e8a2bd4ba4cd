/** Trainer processes on a small project, as the engine runs them. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { spawnTrainer } from '../../../engine/trainer.ts';
import type { TrainerEvent, TrainerWork } from '../../../engine/training/protocol.ts';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { hurtDecoders, hurtfulImage } from '../../fixtures/hurtful-image.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { SIZE_PX, squaresProject } from './squares-project.ts';

await nativeEngineOrSkip();

const {
  folder,
  project,
  images,
  common,
  addRun,
  pretrainConfig,
  finetuneConfig,
  stored,
  stateHash,
} = squaresProject();
const { path: projectPath } = project;

/** Plays the engine: stores checkpoints; `onEvent` may stop or kill the trainer. */
async function send(
  request: TrainerWork,
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

const settings = { threads: 1, engine: 'tensorflow' } as const;
type OnEvent = NonNullable<Parameters<typeof send>[1]>;
/** Batches are prepared on the training thread: the same bits, and one thread less to start. */
const train = (runId: number, onEvent?: OnEvent, checkpointIntervalMs = 1e6) => {
  const inline = { prepare: 'inline', checkpointIntervalMs } as const;
  return send({ type: 'run', ...settings, ...inline, projectPath, runId }, onEvent);
};
/** As the engine trains: batches come from a thread of their own. */
const trainWithThread = (runId: number) =>
  send({ type: 'run', ...settings, projectPath, runId, checkpointIntervalMs: 1e6 });

const segmentationRun = addRun(pretrainConfig('segmentation'));
const finetuning = () => addRun(finetuneConfig('random', null));
const uninterrupted = finetuning();

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
    const points = [...of('metrics'), ...of('checkpoint')].flatMap((e) => e.points ?? []);
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

  it('resumes a run that was stopped, and then killed, in the middle, and ends with the same bits', async () => {
    const runId = finetuning();
    // Checkpoints as often as the trainer allows, and an end once one of that step or later is stored.
    const often = 0.001;
    const endedFrom =
      (step: number, end: (trainer: Parameters<OnEvent>[1]) => void): OnEvent =>
      (event, trainer) => {
        if (event.type === 'checkpoint' && event.kind === 'last' && event.step >= step)
          end(trainer);
      };
    const began = reference.of('started')[0]?.engine;
    const first = await train(
      runId,
      endedFrom(5, (trainer) => trainer.stop()),
      often,
    );
    expect(first.orderly).toBe(true);
    expect(first.of('done')).toEqual([]);

    // Whoever starts it again wants others too, and says so to all that begins.
    const kernels = began?.kernels === 'onednn' ? 'eigen' : 'onednn';
    vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', kernels === 'onednn' ? '1' : '0');
    vi.stubEnv('GRAFT_OPERATIONS', 'tensorflow');
    onTestFinished(() => void vi.unstubAllEnvs());
    const asked = { kernels, prepare: 'inline' } as const;
    /** On the threads, with the kernels and operations that the run began with: others would give other bits. */
    const expectAsBefore = ({ of }: typeof first, from: number, isToldOf: boolean) => {
      expect(of('started')[0]).toMatchObject({ firstStep: from, engine: began });
      const message = of('log').find((e) => e.message.includes('1 thread(s)'));
      expect(message !== undefined).toBe(isToldOf);
    };

    const stoppedAt = stored(runId, 'last').header.step;
    expect(stoppedAt).toBeGreaterThanOrEqual(5);
    const second = await send(
      {
        ...{ type: 'run', ...settings, ...asked, threads: 2, projectPath, runId },
        checkpointIntervalMs: often,
      },
      endedFrom(stoppedAt + 5, (trainer) => trainer.kill()),
    );
    expectAsBefore(second, stoppedAt, true);
    expect(second.orderly).toBe(false);
    expect(second.of('done')).toEqual([]);

    const killedAt = stored(runId, 'last').header.step;
    expect(killedAt).toBeGreaterThanOrEqual(stoppedAt + 5);
    expect(killedAt).toBeLessThan(60);
    const third = await send({ type: 'run', ...settings, ...asked, projectPath, runId });
    expectAsBefore(third, killedAt, false);
    expect(third.of('done').length).toBe(1);
    expect(stateHash(runId)).toBe(stateHash(uninterrupted));
    expect(third.of('result').map((e) => e.result.dice).length).toBe(10);
  });

  it('predicts images of the project and files of other sizes, names what it cannot read or what ends the process that decodes it, and goes on with the others', async () => {
    hurtDecoders();
    onTestFinished(() => void vi.unstubAllEnvs());
    const path = join(folder, 'other.png');
    const data = new Uint8Array(50 * 40).fill(90);
    writeFileSync(path, encode({ width: 50, height: 40, data, channels: 1 }));
    const missing = join(folder, 'missing.png');
    const fileAt = (file: string) => ({ path: file, page: 0, channelPages: null });
    const bytes = hurtfulImage({ width: SIZE_PX, height: SIZE_PX });
    const hurtful = project.datasets.addImage({
      ...{ datasetId: images[0]?.datasetId ?? 0, name: 'hurtful.png', page: 0, groupName: null },
      ...{ widthPx: SIZE_PX, heightPx: SIZE_PX, channels: 1, bitDepth: 8, imageClass: null },
      hash: createHash('sha256').update(bytes).digest('hex'),
      source: { bytes },
    });
    const { of } = await send({
      type: 'predict',
      ...settings,
      projectPath,
      runId: uninterrupted,
      inputs: [
        ...images.slice(0, 8).map(({ id }) => ({ imageId: id })),
        { imageId: hurtful },
        ...images.slice(8, 9).map(({ id }) => ({ imageId: id })),
        ...[fileAt(missing), fileAt(path)],
      ],
    });
    expect(of('prediction').map(({ index }) => index)).toEqual([...Array(12).keys()]);
    const maps = of('prediction').map(({ labelMap, error }) => {
      return labelMap === null ? error : decodeLabelMap(labelMap);
    });
    const small = { width: SIZE_PX, height: SIZE_PX };
    expect(maps).toMatchObject([
      ...Array.from({ length: 8 }, () => small),
      expect.stringMatching(/^hurtful\.png ended the process that reads it \(SIGSEGV\)/),
      small,
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

  it('times steps, and a test of the size that is asked for', async () => {
    const { network, sampling } = common;
    const { of } = await send({
      type: 'calibrate',
      ...settings,
      network,
      sampling,
      precision: 'float32',
      batch: 4,
      steps: 3,
      test: { widthPx: 90, heightPx: 60, classes: 5 },
    });
    expect(of('calibrated')[0]?.msPerStep).toBeGreaterThan(0);
    expect(of('calibrated')[0]?.testMs).toBeGreaterThan(0);
    expect(of('calibrated')[0]?.startupMs).toBeGreaterThan(0);
  });

  it('says what is wrong with a run that cannot be trained', async () => {
    const missing = await train(9999);
    expect(missing.of('failed')[0]?.error.code).toBe('not-found');
    expect(missing.orderly).toBe(true);
  });
});
