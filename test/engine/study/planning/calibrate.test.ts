import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  calibrate,
  type CalibrationOptions,
  candidateLayouts,
  timingNotes,
} from '../../../../engine/study/planning/calibrate.ts';
import { estimateStudy, testSeconds } from '../../../../engine/study/planning/estimate.ts';
import { timeSteps } from '../../../../engine/training/calibrate.ts';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import type { TestSize } from '../../../../engine/training/protocol.ts';
import type { SpawnTrainer } from '../../../../engine/trainer.ts';
import type { Kernels } from '../../../../shared/entities.ts';
import { AppError } from '../../../../shared/errors.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

const ENGINE = { name: 'wasm', version: '1', threads: 1, node: 'v24', graft: '0' } as const;

const cardOf = (name = '') => ({
  ...{ name, maker: 'maker', architecture: '', driver: '1.0', isSoftware: false },
  backend: 'vulkan' as const,
  features: [],
});

/** A machine on which a step takes what `ms` says for a thread count and batch, and a test what `testMs` says. */
function machine(
  ms: (threads: number, batch: number, kernels?: Kernels, card?: string) => number,
  testMs: (test: TestSize) => number = () => 50,
): SpawnTrainer {
  return (request, onEvent) => {
    if (request.type !== 'calibrate') throw new Error(`asked for ${request.type}`);
    onEvent({
      type: 'calibrated',
      engine: {
        ...ENGINE,
        ...(request.kernels === undefined ? {} : { kernels: request.kernels }),
        ...(request.engine === 'webgpu'
          ? { name: 'webgpu', adapter: cardOf(request.adapter) }
          : {}),
      },
      msPerStep: ms(request.threads, request.batch, request.kernels, request.adapter),
      startupMs: 2000,
      testMs: request.test === undefined ? 0 : testMs(request.test),
      peakMemoryBytes: 1e9,
    });
    return {
      pid: 1,
      stop: () => undefined,
      kill: () => undefined,
      ended: Promise.resolve({ orderly: true, detail: '' }),
    };
  };
}

function study(changes = {}) {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 4 });
  const target = addDataset(project, 'target', { count: 20 });
  const config = smallStudy({ source, target }, { execution: null, ...changes });
  return { config, data: planData(project, config) };
}

describe('calibration', () => {
  it('tries all cores for one run, one each, and pairs where there are four', () => {
    expect(candidateLayouts(1)).toEqual([{ threads: 1, parallel: 1 }]);
    expect(candidateLayouts(2)).toEqual([
      { threads: 2, parallel: 1 },
      { threads: 1, parallel: 2 },
    ]);
    expect(candidateLayouts(8)).toEqual([
      { threads: 8, parallel: 1 },
      { threads: 2, parallel: 4 },
      { threads: 1, parallel: 8 },
    ]);
  });

  it('chooses the layout of the most steps a second, not of the quickest step', async () => {
    const { config } = study();
    // Threads help a little: side by side on one thread each does more.
    const spawn = machine((threads) => 100 / threads ** 0.3);
    const { chosen, timings } = await calibrate(config, { engine: 'wasm', spawn });
    expect(chosen.threads).toBe(1);
    expect(timings.every((t) => t.stepsPerSecond <= chosen.stepsPerSecond)).toBe(true);
  });

  it('starts no more trainers side by side than the memory holds', async () => {
    const { config } = study();
    const options = { engine: 'wasm', spawn: machine(() => 100) } as const;
    const small = await calibrate(config, { ...options, memoryBytes: 1.2e9 });
    expect(small.timings.map((t) => t.parallel)).toEqual([1]);
    const large = await calibrate(config, { ...options, memoryBytes: 1e12 });
    expect(large.timings.length).toBe(candidateLayouts(availableParallelism()).length);
  });

  it('takes the kernels that are quicker, and by enough, under the layout that computes', async () => {
    const { config } = study();
    const options = { engine: 'auto', kernels: ['onednn', 'eigen'] } as const;
    /** `eigenMs`: by threads. With oneDNN's kernels a step takes 100 ms on any number of them: one each is the best. */
    const chosenOf = async (eigenMs: (threads: number) => number) => {
      const spawn = machine((threads, _batch, kernels) =>
        kernels === 'eigen' ? eigenMs(threads) : 100,
      );
      const { execution, timings, chosen } = await calibrate(config, { ...options, spawn });
      const tried = timings.map(({ kernels }) => kernels);
      expect(tried.slice(0, -1).every((kernels) => kernels === 'onednn')).toBe(true);
      expect(timings.at(-1)).toMatchObject({ kernels: 'eigen', threads: chosen.threads });
      expect(chosen.threads).toBe(1);
      return execution.kernels;
    };
    expect(await chosenOf(() => 80)).toBe('eigen');
    expect(await chosenOf(() => 99)).toBe('onednn');
    expect(await chosenOf(() => 150)).toBe('onednn');
    // Quicker for one run on all cores alone, which nobody will start.
    expect(await chosenOf((threads) => (threads > 1 ? 10 : 150))).toBe('onednn');
  });

  it('asks for steps of pretraining in the words of the layout, so that its trainers, which wait, serve them', async () => {
    const pretrain = { task: 'autoencoder', transfers: ['encoder'] } as const;
    const optimisation = { ...study().config.finetuning, batch: 7 };
    const { config } = study({ pretrainings: [{ ...pretrain, optimisation }] });
    const asked: string[] = [];
    const timed = machine(() => 100);
    const spawn: SpawnTrainer = (request, onEvent) => {
      if (request.type !== 'calibrate') throw new Error(`asked for ${request.type}`);
      const { batch, engine, threads, kernels } = request;
      asked.push(JSON.stringify([batch, engine, threads, kernels]));
      return timed(request, onEvent);
    };
    const { chosen } = await calibrate(config, { engine: 'auto', kernels: ['onednn'], spawn });
    const ofBatch = (batch: number) => JSON.stringify([batch, 'auto', chosen.threads, 'onednn']);
    expect(asked).toContain(ofBatch(config.finetuning.batch));
    expect(asked).toContain(ofBatch(7));
  });

  describe('where there is a graphics card', () => {
    const cards = () =>
      Promise.resolve([
        { name: 'on the processor', isSoftware: true },
        { name: 'strong', isSoftware: false },
        { name: 'weak', isSoftware: false },
      ]);
    /** One run at a time on the card takes as long as said; on the processor 100 ms, whatever the layout. */
    const planned = async (cardMs: number, options = {}) => {
      const { config } = study();
      const spawn = machine((_threads, _batch, _kernels, card) => {
        if (card !== undefined && cardMs === Infinity) throw new AppError('invalid-input', 'small');
        return card === undefined ? 100 : cardMs;
      });
      return calibrate(config, { engine: 'auto', kernels: [], spawn, cards, ...options });
    };
    const onProcessor = 100 / availableParallelism();

    it('takes it for all runs of the study where that was measured to be faster', async () => {
      const { execution, timings } = await planned(onProcessor / 5);
      expect(execution).toEqual({ threads: 1, parallel: 1, engine: 'webgpu', adapter: 'strong' });
      expect(timings.at(-1)).toMatchObject({ adapter: 'strong', msPerStep: onProcessor / 5 });
    });

    it('stays with the processor where the card is hardly faster, or cannot compute the network', async () => {
      for (const ms of [onProcessor * 0.97, onProcessor * 2, Infinity]) {
        const { execution } = await planned(ms);
        expect(execution).toMatchObject({ engine: 'wasm' });
        expect(execution).not.toHaveProperty('adapter');
      }
    });

    it('never takes by itself what computes on the processor, and times no card where another engine is asked for', async () => {
      const software = () => Promise.resolve([{ name: 'on the processor', isSoftware: true }]);
      const { timings } = await planned(1, { cards: software });
      expect(timings.every(({ adapter }) => adapter === undefined)).toBe(true);
      const asked = await planned(1, { engine: 'wasm' });
      expect(asked.timings.every(({ adapter }) => adapter === undefined)).toBe(true);
    });

    it('takes the strongest card that has float16 where that is asked for, and times nothing beside it', async () => {
      const { config } = study();
      const finetuning = { ...config.finetuning, precision: 'float16' as const };
      const asked = (features: readonly (readonly string[])[]) =>
        calibrate(
          { ...config, finetuning },
          {
            ...{ engine: 'auto', kernels: [], spawn: machine(() => 100) },
            cards: async () =>
              (await cards()).map((card, i) => ({ ...card, features: [...(features[i] ?? [])] })),
          },
        );
      const { timings, execution } = await asked([['shader-f16'], [], ['shader-f16']]);
      expect(timings).toHaveLength(1);
      expect(execution).toEqual({ threads: 1, parallel: 1, engine: 'webgpu', adapter: 'weak' });
      // Where none has it the processor is asked, which refuses with words.
      const refused = await asked([['shader-f16'], [], []]);
      expect(refused.timings.length).toBeGreaterThan(1);
      expect(refused.timings[0]).toMatchObject({ engine: 'wasm' });
    });

    it('times one run at a time on the card that was asked for', async () => {
      const { timings, execution } = await planned(7, { engine: 'webgpu', adapter: 'weak' });
      expect(timings).toHaveLength(1);
      expect(execution).toEqual({ threads: 1, parallel: 1, engine: 'webgpu', adapter: 'weak' });
    });
  });

  it('times one layout alone where that takes long, reckons with it, and says what was passed over', async () => {
    const { config, data } = study({
      pretrainings: [
        {
          task: 'segmentation',
          transfers: ['encoder'],
          optimisation: { steps: 10, batch: 8, evaluateEvery: 10, schedule: 'constant' },
        },
      ],
    });
    const minutes = 4;
    let clock = 0;
    let asked = 0;
    const slow = machine(() => minutes * 60_000);
    const options: CalibrationOptions = {
      ...{ engine: 'auto', kernels: ['onednn', 'eigen'], memoryBytes: 1e12 },
      cards: () => Promise.resolve([{ name: 'strong', isSoftware: false }]),
      now: () => clock,
    };
    const calibration = await calibrate(config, {
      ...options,
      spawn(request, onEvent) {
        asked++;
        clock += 2 * minutes * 60_000;
        return slow(request, onEvent);
      },
    });
    expect(asked).toBe(1);
    expect(calibration.timings).toHaveLength(1);
    const { batch } = config.finetuning;
    expect(calibration.pretrainMs.get(8)).toBe((minutes * 60_000 * 8) / batch);
    expect(estimateStudy(config, data, calibration).seconds).toBeGreaterThan(0);
    const [note = '', ...more] = timingNotes(calibration);
    expect(more).toEqual([]);
    expect(note).toContain('A step takes 4 min 00 s on this computer');
    for (const what of [
      "Eigen's kernels",
      'the graphics card strong',
      'a pretraining step on 8 images',
    ])
      expect(note).toContain(what);
    // Where steps are quick nothing is passed over, and nothing is said.
    const quick = await calibrate(config, { ...options, spawn: machine(() => 100) });
    expect(timingNotes(quick)).toEqual([]);
    expect(quick.timings.length).toBeGreaterThan(2);
  });

  it('of a trainer ends with the steps of a minute, one at least', async () => {
    let clock = 0;
    let made = 0;
    const timed = (msPerStep: number) => {
      made = 0;
      return timeSteps(
        () => {
          made++;
          clock += msPerStep;
          return Promise.resolve();
        },
        { count: 12, settle: () => Promise.resolve(), now: () => clock },
      );
    };
    expect((await timed(100)).milliseconds).toEqual(Array.from({ length: 12 }, () => 100));
    expect(made).toBe(15);
    expect(await timed(240_000)).toMatchObject({ milliseconds: [240_000], warmUp: 1 });
    expect(made).toBe(2);
    expect((await timed(25_000)).milliseconds).toEqual([25_000]);
    expect((await timed(15_000)).milliseconds).toEqual([15_000, 15_000]);
  });

  it('keeps a layout that the user chose', async () => {
    const { config } = study({ execution: { threads: 3, parallel: 2 } });
    const { timings } = await calibrate(config, { engine: 'wasm', spawn: machine(() => 10) });
    expect(timings).toHaveLength(1);
    expect(timings[0]).toMatchObject({ threads: 3, parallel: 2, stepsPerSecond: 200 });
  });

  it('estimates the time of all runs from their steps, evaluations and starts', async () => {
    const { config, data } = study({ execution: { threads: 1, parallel: 2 } });
    const calibration = await calibrate(config, {
      ...{ engine: 'wasm', spawn: machine(() => 100), test: data.testSize },
    });
    // 2 pretrainings of 10 steps; 16 fine-tunings of 10 steps, 2 evaluations of 4 images, 6 test images by 2 networks.
    const forward = (0.1 * 0.35) / 4;
    const finetune = 2 + 1 + 2 * 4 * forward + 6 * 2 * 0.05;
    const wanted = (2 * (2 + 1) + 16 * finetune) / 2;
    const { seconds, longestSeconds } = estimateStudy(config, data, calibration);
    expect(seconds).toBeCloseTo(wanted, 6);
    expect(longestSeconds).toBe(seconds);
  });

  it('times tests at the size and with the classes of the test images', async () => {
    const { config, data } = study({ execution: { threads: 1, parallel: 1 } });
    expect(data.testSize).toEqual({ widthPx: 2, heightPx: 1, classes: 2 });
    const seconds = async (test: TestSize) => {
      const spawn = machine(
        () => 100,
        ({ widthPx, heightPx, classes }) => (widthPx * heightPx * classes) / 1000,
      );
      const calibration = await calibrate(config, { engine: 'wasm', spawn, test });
      expect(testSeconds(data, calibration)).toBe(2 * 6 * calibration.chosen.testImageSeconds);
      return estimateStudy(config, data, calibration).seconds;
    };
    const [small, large] = [data.testSize, { widthPx: 960, heightPx: 720, classes: 11 }];
    const more = 960 * 720 * 11 - 2 * 2;
    expect((await seconds(large)) - (await seconds(small))).toBeCloseTo((16 * 12 * more) / 1e6, 6);
  });

  it('counts every learning rate and control', async () => {
    const layout = { execution: { threads: 1, parallel: 1 } };
    const seconds = async (changes: object) => {
      const { config, data } = study({ ...layout, ...changes });
      const calibration = await calibrate(config, { engine: 'wasm', spawn: machine(() => 100) });
      return estimateStudy(config, data, calibration).seconds;
    };
    const once = await seconds({});
    const pretraining = 2 * (2 + 1);
    const rates = { learningRates: [5e-4, 2e-3] };
    expect(await seconds(rates)).toBeCloseTo(pretraining + 2 * (once - pretraining), 6);
    const controls = { controls: ['frozen-random'] };
    expect(await seconds(controls)).toBeCloseTo(pretraining + (5 / 4) * (once - pretraining), 6);
  });

  it('says how long it takes at most, where all arms go on with the learning rate that was chosen', async () => {
    const execution = { threads: 1, parallel: 1 };
    const { config, data } = study({ execution, extension: 3, learningRates: [5e-4, 2e-3] });
    const calibration = await calibrate(config, { engine: 'wasm', spawn: machine(() => 100) });
    const { seconds, longestSeconds } = estimateStudy(config, data, calibration);
    // 16 runs of 20 more steps, 4 evaluations and a start and a test each, once and not for each rate.
    const forward = (0.1 * 0.35) / 4;
    const further = 2 + 2 + 4 * 4 * forward;
    expect(longestSeconds - seconds).toBeCloseTo(16 * further, 6);
  });

  it('fails with the message of a trainer that cannot start', async () => {
    const { config } = study();
    const broken: SpawnTrainer = (_request, onEvent) => {
      onEvent({ type: 'failed', error: { code: 'engine-unavailable', message: 'no engine' } });
      return {
        pid: 1,
        stop: () => undefined,
        kill: () => undefined,
        ended: Promise.resolve({ orderly: true, detail: '' }),
      };
    };
    await expect(calibrate(config, { engine: 'wasm', spawn: broken })).rejects.toThrow('no engine');
  });
});
