import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../../engine/engine.ts';
import { analyseStudy } from '../../../../engine/study/analysis/analyse.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import {
  crossedInterval,
  meanSquares,
  spreadOf,
} from '../../../../engine/study/statistics/crossed-interval.ts';
import {
  halfWidthsTogether,
  sharedSquares,
} from '../../../../engine/study/statistics/simultaneous-interval.ts';
import { powerOf } from '../../../../engine/study/planning/chance-of-verdict.ts';
import { cautiousVariance, planPower } from '../../../../engine/study/planning/power.ts';
import { excludesZero, isEquivalent } from '../../../../engine/study/statistics/statistics.ts';
import type { Comparison } from '../../../../shared/analysis.ts';
import { NetworkConfig, type PrimaryQuestion, type Run } from '../../../../shared/entities.ts';
import type { AskedQuestion, QuestionName } from '../../../../shared/primary-questions.ts';
import { MAX_PLANNED_SEEDS } from '../../../../shared/power.ts';
import { createRandom } from '../../../../shared/random.ts';
import { secondsPerSeed } from '../../../../shared/run-time.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../../fixtures/projects.ts';
import { handMadeRuns, pretrainingsIn } from '../analysis/hand-made-study.ts';
import { simulatedDifferences, type Spread, SPREADS } from '../statistics/simulated-studies.ts';

const DELTA = 0.02;

const squared = ({ seed, image, rest }: Spread): Spread => ({
  seed: seed ** 2,
  image: image ** 2,
  rest: rest ** 2,
});

/** Shares of whole simulated studies, difference by difference, that are judged as they should be. */
function judged(options: { seeds: number; images: number; spread: Spread }) {
  const studies = 1200;
  const reached = { equivalence: 0, superiority: 0 };
  const random = createRandom(5, 'judged', options.seeds, options.images);
  for (let k = 0; k < studies; k++) {
    const values = simulatedDifferences({ ...options, effect: 0, noise: 'normal', random });
    const { ci95, ci90 } = crossedInterval(values, options);
    if (isEquivalent(ci90, DELTA)) reached.equivalence++;
    const shifted = [ci95[0] + DELTA, ci95[1] + DELTA] as const; // the same study, true difference δ
    if (excludesZero(shifted) && shifted[0] > 0) reached.superiority++;
  }
  return {
    equivalence: reached.equivalence / studies,
    superiority: reached.superiority / studies,
  };
}

describe('the chance of a verdict', () => {
  it.each([
    { seeds: 3, images: 18, spread: { seed: 0.005, image: 0.01, rest: 0.03 } },
    { seeds: 6, images: 64, spread: SPREADS.mixed },
    { seeds: 12, images: 40, spread: SPREADS.mixed },
    { seeds: 8, images: 64, spread: SPREADS['mostly images'] },
    { seeds: 5, images: 30, spread: { seed: 0.012, image: 0, rest: 0.02 } },
  ])('is that of whole simulated studies: $seeds seeds, $images images', (c) => {
    const expected = judged(c);
    const found = powerOf(squared(c.spread), c, { delta: DELTA, together: null });
    // Binomial standard errors of both: .011 and .014.
    expect(Math.abs(found.equivalence - expected.equivalence)).toBeLessThan(0.055);
    expect(Math.abs(found.superiority - expected.superiority)).toBeLessThan(0.055);
  });
});

/** The same of one difference of two arms among four alike, as one of so many primary questions. */
function advised(options: { seeds: number; images: number; spread: Spread; questions: number }) {
  const { seeds, images, spread, questions } = options;
  const size = { seeds, images };
  const arm = { seed: spread.seed, image: spread.image, rest: spread.rest };
  const random = createRandom(6, 'advised', seeds, images);
  const reached = { equivalence: 0, superiority: 0 };
  const studies = 600;
  for (let k = 0; k < studies; k++) {
    const tables = Array.from({ length: 4 }, () =>
      simulatedDifferences({ ...size, effect: 0, spread: arm, noise: 'normal', random }),
    );
    const [first = new Float64Array(), second = new Float64Array()] = tables;
    const values = first.map((value, at) => (value - (second[at] ?? 0)) / Math.SQRT2);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const half = halfWidthsTogether(spreadOf(meanSquares(values, size), size), {
      shared: sharedSquares([{ tables, size }]),
      questions,
    });
    if (Math.abs(mean) + half.ci90 < DELTA) reached.equivalence++;
    if (mean + DELTA - half.ci95 > 0) reached.superiority++;
  }
  return {
    equivalence: reached.equivalence / studies,
    superiority: reached.superiority / studies,
  };
}

describe('the chance of advice', () => {
  it.each([
    { seeds: 5, images: 24, questions: 4, spread: { seed: 0.008, image: 0.015, rest: 0.04 } },
    { seeds: 8, images: 40, questions: 9, spread: { seed: 0.01, image: 0.02, rest: 0.04 } },
  ])('is that of whole simulated studies: $seeds seeds, $questions questions', (c) => {
    const expected = advised(c);
    const together = { questions: c.questions, arms: 4 };
    const found = powerOf(squared(c.spread), c, { delta: DELTA, together });
    // Binomial standard error .02; with the squares of the image part shared, the model is a little on the safe side.
    expect(Math.abs(found.equivalence - expected.equivalence)).toBeLessThan(0.07);
    expect(Math.abs(found.superiority - expected.superiority)).toBeLessThan(0.07);
    const row = powerOf(squared(c.spread), c, { delta: DELTA, together: null });
    expect(found.equivalence).toBeLessThan(row.equivalence);
    expect(found.superiority).toBeLessThan(row.superiority);
  });
});

describe('the cautious spread', () => {
  // scipy 1.17.1: stats.chi2.ppf(.2, df) / df
  it.each([
    { seeds: 2, share: 0.0641847546673016 },
    { seeds: 3, share: 0.22314355131420974 },
    { seeds: 5, share: 0.4121941545164923 },
    { seeds: 10, share: 0.5977836901970325 },
    { seeds: 18, share: 0.7060156308980853 },
  ])('is the upper 80 % limit after $seeds seeds', ({ seeds, share }) => {
    const variance = { seed: 4e-4, image: 0, rest: 0 };
    const { seed } = cautiousVariance(variance, { seeds, images: 20 });
    expect(variance.seed / seed / share).toBeCloseTo(1, 1.7);
  });

  it('is not below the true one in about four pilots of five', () => {
    const random = createRandom(8, 'pilots');
    const size = { seeds: 4, images: 30 };
    let enough = 0;
    for (let k = 0; k < 1000; k++) {
      const perSeed = Array.from({ length: size.seeds }, () => 0.02 * random.normal());
      const mean = perSeed.reduce((a, b) => a + b, 0) / size.seeds;
      const seed = perSeed.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (size.seeds - 1);
      if (cautiousVariance({ seed, image: 0, rest: 0 }, size).seed >= 4e-4) enough++;
    }
    expect(enough / 1000).toBeGreaterThan(0.76);
    expect(enough / 1000).toBeLessThan(0.84);
  });
});

function pilot(noise = 0.03, seedNoise = 0.01): readonly Comparison[] {
  const runs = handMadeRuns({
    arms: [
      { pretraining: null, transfer: 'random', dice: 0.7 },
      { pretraining: 'segmentation', transfer: 'encoder', dice: 0.78 },
      { pretraining: 'segmentation', transfer: 'encoder+decoder', dice: 0.78 },
    ],
    seeds: [0, 1, 2, 3, 4],
    images: 24,
    noise,
    seedNoise,
  });
  return analyseStudy({
    runs,
    pretrainings: pretrainingsIn(runs),
    delta: DELTA,
    seedForBootstrap: 1,
    budgetSteps: 10,
  }).comparisons;
}

const plan = (
  comparisons: readonly Comparison[],
  more: { testImages?: number[]; primary?: AskedQuestion[] } = {},
) => {
  const power = planPower({
    studyName: 'pilot',
    comparisons,
    delta: DELTA,
    primary: [],
    secondsPerSeed: 600,
    ...more,
  });
  if (power === null) throw new Error('no pilot');
  return power;
};

describe('planning from a pilot', () => {
  it('finds the smallest number of seeds that reaches the chance, and simulated studies confirm it', () => {
    const { questions } = plan(pilot());
    const [question] = questions;
    const need = question?.needs.find(
      (one) => one.goal === 'superiority' && one.power === 0.8 && one.testImages === 24,
    );
    if (question === undefined || need?.seeds == null) throw new Error('no number of seeds');
    const chance = (seeds: number) =>
      judged({ seeds, images: 24, spread: question.spread }).superiority;
    expect(chance(need.seeds)).toBeGreaterThan(0.8 - 0.055);
    expect(chance(need.seeds - 1)).toBeLessThan(0.8 + 0.055);
  });

  it('asks for more where more is asked, and for no more with more test images', () => {
    const { questions, plans } = plan(pilot());
    expect(questions.map(({ comparison }) => comparison)).toEqual([
      'encoder − random',
      'encoder+decoder − encoder',
    ]);
    const seeds = (one: { seeds: number | null } | undefined) => one?.seeds ?? Infinity;
    for (const { needs } of questions) {
      for (const need of needs) {
        const like = (more: Partial<typeof need>) =>
          needs.find(
            (one) =>
              one.goal === (more.goal ?? need.goal) &&
              one.power === (more.power ?? need.power) &&
              one.testImages === (more.testImages ?? need.testImages),
          );
        expect(seeds(like({ power: 0.9 }))).toBeGreaterThanOrEqual(seeds(like({ power: 0.8 })));
        expect(need.seedsCautious ?? Infinity).toBeGreaterThanOrEqual(seeds(need));
        expect(seeds(like({ testImages: 96 }))).toBeLessThanOrEqual(
          seeds(like({ testImages: 24 })),
        );
      }
    }
    // The plan is enough for every question, and its time is that of its seeds.
    plans.forEach((one, at) => {
      expect(seeds(one)).toBe(Math.max(...questions.map(({ needs }) => seeds(needs[at]))));
      expect(one.seconds).toBe(one.seeds === null ? null : 600 * one.seeds);
      const hardest = questions.find((q) => q.comparison === one.hardest.comparison);
      expect(seeds(hardest?.needs[at])).toBe(seeds(one));
    });
  });

  it('needs more for advice on all primary questions than for rows, and less for fewer of them', () => {
    const asked = (...questions: readonly QuestionName[]) =>
      questions.map((question) => ({ question, pretraining: 'segmentation', labels: 8 }));
    const here = asked('encoder', 'decoder', 'both');
    const elsewhere = [16, 64].flatMap((labels) => here.map((one) => ({ ...one, labels })));
    const all = plan(pilot(), { primary: [...here, ...elsewhere] });
    const one = plan(pilot(), { primary: asked('encoder') });
    const seeds = (from: typeof all, reading: 'row' | 'advice', at = 0) =>
      from.questions[at]?.needs.find(
        (need) =>
          need.reading === reading &&
          need.goal === 'superiority' &&
          need.power === 0.8 &&
          need.testImages === 24,
      )?.seeds;
    expect(all.primaryQuestions).toBe(9);
    expect(seeds(all, 'advice')).toBeGreaterThan(seeds(all, 'row') ?? Infinity);
    expect(seeds(one, 'advice')).toBeLessThanOrEqual(seeds(all, 'advice') ?? 0);
    // What is exploratory is read as a row alone.
    expect(seeds(one, 'advice', 1)).toBeUndefined();
    expect(one.plans.filter(({ reading }) => reading === 'advice')).not.toEqual([]);
    expect(all.words.join(' ')).toMatch(
      /To advise a half for a true difference of 0\.02\d* Dice, for all 9 primary questions at once, with a chance of 80 %/,
    );
    expect(one.words.join(' ')).toContain('for the one primary question');
  });

  it('says in words what is needed, and when no number of seeds is enough', () => {
    const [first] = plan(pilot()).words;
    expect(first).toMatch(
      /^To call every half “equivalent within ±0\.02\d* Dice” .* row by row, with a chance of 80 % each: 24 test images and .*\d+ seeds \(.* on this machine\); to be on the safe side /,
    );
    const hopeless = plan(pilot(0.4), { testImages: [2] });
    expect(hopeless.plans[0]?.seeds).toBeNull();
    expect(hopeless.words[0]).toContain(`more than ${MAX_PLANNED_SEEDS} seeds`);
  });

  it('comes out the same every time, and needs a comparison of a half over two seeds', () => {
    expect(plan(pilot())).toEqual(plan(pilot()));
    const options = { studyName: 'x', delta: DELTA, primary: [], secondsPerSeed: null };
    expect(planPower({ ...options, comparisons: [] })).toBeNull();
    const single = pilot().map((cell) => ({ ...cell, seeds: [0], variance: null }));
    expect(planPower({ ...options, comparisons: single })).toBeNull();
  });
});

describe('the call', () => {
  const ENGINE = { name: 'wasm', version: '1', threads: 1, node: 'v24', graft: '0' } as const;

  /** A stored study whose runs all ended, with made-up scores of its test images. */
  function stored(finished: (seed: number) => boolean) {
    const engine = createEngine({ engine: 'wasm' });
    onTestFinished(() => engine.close());
    const path = join(temporaryFolder(), 'pilot.graft');
    const { db } = engine.projects.create(path);
    const source = addDataset(db, 'source', { count: 4 });
    const target = addDataset(db, 'target', { count: 20 });
    const changes = { labelCounts: [2], execution: { threads: 1, parallel: 2 } };
    const study = createStudy(db, smallStudy({ source, target }, changes));
    const test = db.snapshots.items(study.targetSnapshotId).filter(({ part }) => part === 'test');
    for (const run of db.runs.ofStudy(study.id)) {
      db.runs.started(run.id, ENGINE, []);
      db.runs.progress(run.id, { step: run.steps, trainedSeconds: 60, peakMemoryBytes: 1 });
      const random = createRandom(run.seed, run.transfer ?? 'pretrain');
      const luck = 0.02 * random.normal();
      for (const { imageId } of run.kind === 'finetune' ? test : []) {
        const dice = 0.7 + luck + 0.03 * random.normal();
        const rest = { hd95: 1, classes: [], uncertainty: null };
        const scores = { dice, iou: dice, boundaryF1: dice, ...rest };
        db.runs.addResult(run.id, { imageId, checkpoint: 'best', ...scores }, null);
      }
      db.runs.ended(run.id, finished(run.seed) ? 'done' : 'failed');
    }
    const ask = (
      more: { delta?: number; testImages?: number[]; primary?: PrimaryQuestion[] } = {},
    ) => engine.call('studies.power', { project: path, studyId: study.id, ...more });
    return { ask, testImages: test.length };
  }

  it('answers from the stored runs of a pilot, for its own margin or another', async () => {
    const { ask, testImages } = stored(() => true);
    const power = await ask();
    expect(power).toMatchObject({
      studyName: 'small',
      delta: 0.02,
      pilot: { seeds: 2, testImages },
    });
    // A pretraining and the arms random, E, E+D and D; they took no time, two side by side.
    expect(power.secondsPerSeed).toBeCloseTo(0, 0);
    expect(power.questions).toHaveLength(3);
    const wider = await ask({ delta: 0.3, testImages: [50] });
    expect(wider.delta).toBe(0.3);
    expect(wider.plans.map((one) => one.testImages)).toEqual(Array.from({ length: 8 }, () => 50));
    // Three questions of the halves and no trend: one label count.
    expect(wider.primaryQuestions).toBe(4);
    const seeds = (one: { seeds: number | null } | undefined) => one?.seeds ?? Infinity;
    expect(seeds(wider.plans[0])).toBeLessThanOrEqual(seeds(power.plans[0]));
    const encoder = { question: 'encoder', pretraining: null, labels: null } as const;
    expect(await ask({ primary: [encoder] })).toMatchObject({ primaryQuestions: 1 });
    await expect(ask({ primary: [{ ...encoder, labels: 99 }] })).rejects.toThrow(
      /No arms of this study answer the primary question "encoder@99"/,
    );
  });

  it('says what a pilot needs', async () => {
    const { ask } = stored((seed) => seed === 0);
    await expect(ask()).rejects.toThrow(/cannot serve as a pilot: .* two seeds or more/);
  });
});

describe('the time of one more seed', () => {
  const run = (over: Partial<Run>): Run => ({
    id: 1,
    studyId: 1,
    kind: 'finetune',
    pretraining: null,
    transfer: 'random',
    labels: 8,
    seed: 0,
    status: 'done',
    config: {
      kind: 'finetune',
      network: NetworkConfig.parse({}),
      sampling: { sizePx: 64, mode: 'resize' },
      optimisation: {
        steps: 10,
        batch: 8,
        learningRate: 2e-3,
        weightDecay: 1e-4,
        warmup: 0.1,
        schedule: 'constant',
        evaluateEvery: 5,
        augment: true,
        precision: 'float32',
      },
      seed: 0,
      snapshotId: 1,
      transfer: 'random',
      pretrainRunId: null,
      trainImageIds: [1],
    },
    dependsOn: null,
    engine: null,
    layers: null,
    step: 10,
    steps: 10,
    error: null,
    createdAt: '2026-01-01T00:00:00Z',
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '2026-01-01T00:01:40Z',
    trainedSeconds: 90,
    peakMemoryBytes: null,
    ...over,
  });

  it('is that of every kind of run once, shared among those side by side', () => {
    const runs = [
      run({}),
      run({ endedAt: '2026-01-01T00:02:00Z' }),
      run({ kind: 'pretrain', transfer: null, labels: null, pretraining: 'segmentation' }),
    ];
    // (100 + 120) / 2 + 100, two side by side
    expect(secondsPerSeed(runs, 2)).toBe(105);
  });

  it('does not count the night a run was paused, and is unknown before every kind has finished', () => {
    expect(secondsPerSeed([run({ endedAt: '2026-01-01T09:00:00Z' })], 1)).toBe(90);
    expect(secondsPerSeed([run({}), run({ labels: 32, status: 'failed' })], 1)).toBeNull();
    expect(secondsPerSeed([], 1)).toBeNull();
  });
});
