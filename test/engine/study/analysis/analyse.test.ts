import { describe, expect, it } from 'vitest';
import { analyseStudy } from '../../../../engine/study/analysis/analyse.ts';
import type { AnalysedRun, ComparisonKind, StudyAnalysis } from '../../../../shared/analysis.ts';
import type { PretrainingTask } from '../../../../shared/entities.ts';
import {
  handMadeRuns,
  pretrainingsIn,
  type HandMadeArm,
  type HandMadeStudy,
} from './hand-made-study.ts';

const analyse = (runs: readonly AnalysedRun[]) =>
  analyseStudy({
    runs,
    pretrainings: pretrainingsIn(runs),
    delta: 0.02,
    seedForBootstrap: 1,
    budgetSteps: 400,
  });
const analyseHandMade = (study: HandMadeStudy) => analyse(handMadeRuns(study));

const random = (dice: number, more: Partial<HandMadeArm> = {}): HandMadeArm => ({
  pretraining: null,
  transfer: 'random',
  dice,
  ...more,
});

/** E, E+D and D of one task by their Dice. */
const arms = (
  pretraining: PretrainingTask,
  dice: { encoder: number; both?: number; decoder?: number },
  labels = 8,
): HandMadeArm[] => [
  { pretraining, transfer: 'encoder', dice: dice.encoder, labels },
  ...(dice.both === undefined
    ? []
    : [{ pretraining, transfer: 'encoder+decoder', dice: dice.both, labels } as const]),
  ...(dice.decoder === undefined
    ? []
    : [{ pretraining, transfer: 'decoder', dice: dice.decoder, labels } as const]),
];

const cell = (
  analysis: StudyAnalysis,
  comparison: ComparisonKind,
  labels = 8,
  pretraining: PretrainingTask = 'segmentation',
) => {
  const found = analysis.comparisons.find(
    (c) => c.comparison === comparison && c.labels === labels && c.pretraining === pretraining,
  );
  if (found === undefined) throw new Error(`no ${comparison}`);
  return found;
};

const claim = (analysis: StudyAnalysis, number: number) => {
  const found = analysis.claims.find((c) => c.claim === number);
  if (found === undefined) throw new Error(`no claim ${number}`);
  return found;
};

describe('a study in which the encoder helps and the decoder adds nothing', () => {
  const analysis = analyseHandMade({
    arms: [
      random(0.7),
      ...arms('segmentation', { encoder: 0.79, both: 0.79, decoder: 0.7 }),
      random(0.82, { labels: 32 }),
      ...arms('segmentation', { encoder: 0.86, both: 0.86, decoder: 0.82 }, 32),
    ],
  });

  it('says so first, in one sentence for all cells, and then gives the numbers', () => {
    expect(analysis.headline[0]).toBe(
      'Keep the encoder, skip the decoder (segmentation pretraining, with 8 and 32 labels).',
    );
    expect(analysis.headline[1]).toMatch(
      /^Segmentation pretraining changes test Dice by: the encoder over a random start \+0\.0\d\d \[.*\] with 8 labels, .* with 32 labels; the decoder on top of the encoder .*; both over a random start .*\.$/,
    );
    // Four questions with each label count, and the encoder's trend over both.
    expect(analysis.primaryQuestions).toBe(9);
    expect(analysis.headline.slice(2)).toEqual([
      'This advice holds for all 9 primary questions at once: in 95 of 100 such studies none of it is wrong.',
    ]);
    expect(analysis.indicative).toBe(false);
  });

  it('gives each cell its verdict', () => {
    expect(cell(analysis, 'encoder − random').verdict).toBe('helps');
    expect(cell(analysis, 'encoder − random', 32).verdict).toBe('helps');
    expect(cell(analysis, 'encoder+decoder − encoder')).toMatchObject({
      verdict: 'equivalent',
      nonInferiorToSkip: true,
      family: 'decoder',
    });
    expect(cell(analysis, 'decoder − random').nonInferiorToSkip).toBeNull();
    expect(cell(analysis, 'encoder+decoder − random')).toMatchObject({
      verdict: 'helps',
      family: 'other',
    });
  });

  it('reports effects as the plain means of paired differences', () => {
    const { effect, perSeed, ci95, ci90, seeds } = cell(analysis, 'encoder − random');
    expect(seeds).toEqual([0, 1, 2, 3, 4]);
    expect(effect).toBeCloseTo(perSeed.reduce((a, b) => a + b, 0) / 5, 12);
    const [withEncoder, without] = ['encoder', 'random'].map(
      (t) => analysis.arms.find((a) => a.transfer === t && a.labels === 8)?.dicePerSeed ?? [],
    );
    perSeed.forEach((d, s) => {
      expect(d).toBeCloseTo((withEncoder?.[s] ?? NaN) - (without?.[s] ?? NaN), 12);
    });
    expect(ci95[0]).toBeLessThan(ci90[0]);
    expect(ci90[1]).toBeLessThan(ci95[1]);
    expect(ci95[0]).toBeLessThan(effect);
    expect(effect).toBeLessThan(ci95[1]);
  });

  it('corrects the smallest possible p over all primary questions, and over each family of the others', () => {
    // All five seeds agree: 2/2⁵. Four primary questions with each label count.
    expect(cell(analysis, 'encoder − random')).toMatchObject({ p: 0.0625, pHolm: 8 * 0.0625 });
    expect(cell(analysis, 'encoder − random', 32)).toMatchObject({ pHolm: 8 * 0.0625 });
    // The encoder's main effect is exploratory, once with each label count.
    expect(cell(analysis, 'encoder effect')).toMatchObject({
      p: 0.0625,
      pHolm: 2 * 0.0625,
      together: null,
    });
  });

  it('gives primary questions intervals that are never narrower than the single ones', () => {
    const primary = analysis.comparisons.filter(({ together }) => together !== null);
    expect(primary).toHaveLength(8);
    for (const { ci95, ci90, together } of primary) {
      expect(together?.ci95[0]).toBeLessThanOrEqual(ci95[0]);
      expect(together?.ci95[1]).toBeGreaterThanOrEqual(ci95[1]);
      expect(together?.ci90[0]).toBeLessThanOrEqual(ci90[0]);
    }
  });

  it('supports the first two claims and leaves the rest untested', () => {
    expect(analysis.claims.map((c) => c.status)).toEqual([
      'supported',
      'supported',
      'not tested',
      'not tested',
      'not tested',
    ]);
    expect(claim(analysis, 2).why).toContain('segmentation, 8 against 32 labels');
  });

  it('summarises its arms in the order of the study, each label count by label count', () => {
    expect(analysis.arms.map((a) => `${a.transfer} ${a.labels}`)).toEqual([
      'random 8',
      'random 32',
      'encoder 8',
      'encoder 32',
      'encoder+decoder 8',
      'encoder+decoder 32',
      'decoder 8',
      'decoder 32',
    ]);
    const [first] = analysis.arms;
    expect(first).toMatchObject({ seeds: [0, 1, 2, 3, 4], failed: 0, testImages: 30, hd95: 5 });
    expect(first?.dice).toBeCloseTo(0.7, 1);
    expect(first?.iou).toBeCloseTo((first?.dice ?? NaN) / 2, 12);
    expect(first?.diceLast).toBeCloseTo(0.69, 12);
    expect(first?.diceSd).toBeGreaterThan(0);
    expect(first?.diceCi95[0]).toBeLessThan(first?.dice ?? NaN);
    expect(first?.diceCi95[1]).toBeGreaterThan(first?.dice ?? NaN);
  });

  it('comes out the same every time', () => {
    const runs = handMadeRuns({ arms: [random(0.7), ...arms('segmentation', { encoder: 0.72 })] });
    expect(analyse(runs)).toEqual(analyse(runs));
  });
});

describe('a study whose cells disagree', () => {
  const analysis = analyseHandMade({
    arms: [
      random(0.7),
      ...arms('segmentation', { encoder: 0.78, both: 0.83 }),
      random(0.82, { labels: 32 }),
      ...arms('segmentation', { encoder: 0.82, both: 0.82 }, 32),
    ],
  });

  it('gets no slogan: each label count is named', () => {
    expect(analysis.headline[0]).toBe(
      'Segmentation pretraining, with 8 labels: keep both halves, the encoder helps and so does the decoder on top of it. ' +
        'With 32 labels: skip both halves, each gains too little to matter and so do both together.',
    );
  });

  it('contradicts the decoder claim by the one cell in which the decoder helps', () => {
    expect(claim(analysis, 1)).toMatchObject({ status: 'contradicted' });
    expect(claim(analysis, 1).why).toMatch(
      /Contradicted in 1 of 2: added to the encoder, segmentation with 8 labels/,
    );
    // With 32 labels no help is what the second claim expects.
    expect(claim(analysis, 2).status).toBe('supported');
  });
});

describe('a study too noisy to decide', () => {
  const analysis = analyseHandMade({
    arms: [random(0.7), ...arms('segmentation', { encoder: 0.71, both: 0.71 })],
    seedNoise: 0.08,
  });

  it('says that this is no evidence of equivalence', () => {
    expect(cell(analysis, 'encoder − random').verdict).toBe('inconclusive');
    expect(cell(analysis, 'encoder − random').words).toContain('not evidence of equivalence');
    expect(analysis.headline[0]).toMatch(/^Not decided|not decided/);
    expect(claim(analysis, 2).status).toBe('inconclusive');
  });
});

describe('the 2×2 of the halves', () => {
  const square = (both: number) =>
    analyseHandMade({
      arms: [random(0.7), ...arms('segmentation', { encoder: 0.78, decoder: 0.73, both })],
      noise: 0.01,
      seedNoise: 0.003,
    });

  it('has main effects that average over the other half, and an interaction', () => {
    const analysis = square(0.88);
    const dice = (transfer: string) =>
      analysis.arms.find((arm) => arm.transfer === transfer)?.dice ?? NaN;
    const [neither, e, d, both] = ['random', 'encoder', 'decoder', 'encoder+decoder'].map(dice);
    if (neither === undefined || e === undefined || d === undefined || both === undefined) {
      throw new Error('an arm is missing');
    }
    expect(cell(analysis, 'encoder effect').effect).toBeCloseTo((e - neither + both - d) / 2, 12);
    expect(cell(analysis, 'decoder effect').effect).toBeCloseTo((d - neither + both - e) / 2, 12);
    expect(cell(analysis, 'interaction').effect).toBeCloseTo(both - e - d + neither, 12);
    expect(cell(analysis, 'encoder effect')).toMatchObject({ verdict: 'helps', family: 'encoder' });
    expect(cell(analysis, 'decoder effect')).toMatchObject({ verdict: 'helps', family: 'decoder' });
    expect(cell(analysis, 'interaction')).toMatchObject({
      verdict: 'helps',
      family: 'interaction',
      p: 0.0625,
      pHolm: 0.0625, // alone in its family
    });
    expect(cell(analysis, 'interaction').words).toContain('the halves help each other');
  });

  it('says that halves add up, and that they gain less together', () => {
    expect(cell(square(0.81), 'interaction').words).toContain('the halves add up');
    const less = cell(square(0.77), 'interaction');
    expect(less.verdict).toBe('hurts');
    expect(less.words).toContain('together the halves gain less than the sum of both');
  });

  it('takes the seeds that finished in all four arms, and needs all four', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('segmentation', { encoder: 0.8, both: 0.8 }),
        { pretraining: 'segmentation', transfer: 'decoder', dice: 0.7, seeds: [1, 2, 4] },
        ...arms('autoencoder', { encoder: 0.72, both: 0.72 }),
      ],
    });
    expect(cell(analysis, 'interaction').seeds).toEqual([1, 2, 4]);
    expect(analysis.comparisons.filter((c) => c.comparison === 'interaction')).toHaveLength(1);
  });
});

describe('the controls', () => {
  it('tell the scale of the weights from what they learned, and frozen features from a random floor', () => {
    const own = { pretraining: 'segmentation' } as const;
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        { pretraining: null, transfer: 'frozen-random', dice: 0.6 },
        { ...own, transfer: 'encoder', dice: 0.8 },
        { ...own, transfer: 'frozen-encoder', dice: 0.75 },
        { ...own, transfer: 'permuted-encoder', dice: 0.7 },
        { ...own, transfer: 'encoder+deep-decoder', dice: 0.8 },
      ],
    });
    const effects = analysis.comparisons.map(
      (c) => `${c.comparison}: ${Math.round(10 * c.effect) / 10 || 0}, ${c.family}`,
    );
    expect(effects).toEqual([
      'encoder − random: 0.1, encoder',
      'encoder+deep-decoder − encoder: 0, decoder',
      'frozen-encoder − encoder: -0.1, control',
      'frozen-encoder − frozen-random: 0.1, control',
      'permuted-encoder − random: 0, control',
      'encoder − permuted-encoder: 0.1, control',
    ]);
    expect(cell(analysis, 'permuted-encoder − random').verdict).toBe('equivalent');
    expect(cell(analysis, 'encoder − permuted-encoder').verdict).toBe('helps');
    expect(cell(analysis, 'frozen-encoder − frozen-random').verdict).toBe('helps');
  });
});

describe('multi-reconstruction ConRec', () => {
  const study = (dice: { multi: number; simclr: number; conrec: number }) =>
    analyseHandMade({
      arms: [
        random(0.7),
        ...arms('multi-conrec', { encoder: dice.multi }),
        ...arms('simclr', { encoder: dice.simclr }),
        ...arms('conrec', { encoder: dice.conrec }),
      ],
    });

  it('is set against SimCLR and ConRec, and against nobody else is either', () => {
    const { comparisons } = study({ multi: 0.8, simclr: 0.72, conrec: 0.8 });
    const against = comparisons.filter((c) => c.comparison.startsWith('encoder − encoder('));
    expect(against.map((c) => `${c.pretraining}: ${c.comparison} ${c.verdict}`)).toEqual([
      'multi-conrec: encoder − encoder(simclr) helps',
      'multi-conrec: encoder − encoder(conrec) equivalent',
    ]);
  });

  it('supports the fifth claim where it helps and is nowhere worse, in words that name its rivals', () => {
    const supported = claim(study({ multi: 0.8, simclr: 0.72, conrec: 0.8 }), 5);
    expect(supported.status).toBe('supported');
    expect(supported.why).toMatch(
      /^Over a random start: supported in 1 of 1: .* No worse than the simpler contrastive methods: supported in 2 of 2: against SimCLR, /,
    );
  });

  it('contradicts it where it gains nothing, or where a rival is better', () => {
    expect(claim(study({ multi: 0.7, simclr: 0.7, conrec: 0.7 }), 5).status).toBe('contradicted');
    expect(claim(study({ multi: 0.8, simclr: 0.86, conrec: 0.8 }), 5).status).toBe('contradicted');
  });

  it('may stand alone, which the claim says', () => {
    const analysis = analyseHandMade({
      arms: [random(0.7), ...arms('multi-conrec', { encoder: 0.8 })],
    });
    expect(claim(analysis, 5).status).toBe('supported');
    expect(claim(analysis, 5).why).toContain('It was not compared with SimCLR or ConRec.');
  });

  it('is no evidence on segmentation and reconstruction', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('classification', { encoder: 0.75 }),
        ...arms('multi-conrec', { encoder: 0.8 }),
      ],
    });
    expect(claim(analysis, 3).status).toBe('not tested');
    expect(claim(analysis, 4).status).toBe('supported');
    expect(analysis.families.map(({ family }) => family)).toEqual(['contrastive reconstruction']);
  });
});

describe('kinds of pretraining', () => {
  it('are averaged and set against classification, and say where their members differ', () => {
    const { families } = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('classification', { encoder: 0.76 }),
        ...arms('segmentation', { encoder: 0.82 }),
        ...arms('autoencoder', { encoder: 0.71 }),
      ],
    });
    expect(families.map(({ family, verdict }) => `${family} ${verdict}`)).toEqual([
      'segmentation helps',
      'reconstruction hurts',
    ]);
    expect(families[0]?.effect).toBeCloseTo(0.06, 2);
    expect(families[0]).toMatchObject({ unanimous: true, p: 0.0625, pHolm: 0.125 });
    expect(families[0]?.words).toMatch(/^Segmentation against classification: \+0\.0.*: better\.$/);
    expect(families[1]?.words).toMatch(/^Reconstruction \(autoencoder\) against .*: worse\.$/);
  });

  it('say by name which of their members differ from the average', () => {
    const runs = handMadeRuns({
      arms: [
        random(0.7),
        ...arms('classification', { encoder: 0.76 }),
        { pretraining: 'longer', transfer: 'encoder', dice: 0.86 },
        { pretraining: 'shorter', transfer: 'encoder', dice: 0.7 },
      ],
    });
    const trains = ['encoder', 'decoder'] as const;
    const { families, claims } = analyseStudy({
      runs,
      pretrainings: [
        { key: 'classification', task: 'classification', trains: ['encoder'] },
        { key: 'longer', task: 'autoencoder', trains },
        { key: 'shorter', task: 'autoencoder', trains },
      ],
      delta: 0.02,
      seedForBootstrap: 1,
      budgetSteps: 400,
    });
    expect(families).toHaveLength(1);
    expect(families[0]).toMatchObject({
      family: 'reconstruction',
      pretrainings: ['longer', 'shorter'],
      verdict: 'helps',
      unanimous: false,
    });
    expect(families[0]?.effect).toBeCloseTo(0.02, 1);
    expect(families[0]?.words).toMatch(
      /^Reconstruction \(longer, shorter\) .* on average .*: better\. Not each of them by itself: shorter worse\.$/,
    );
    // The average is no slogan: the claim is contradicted by the one that is worse.
    expect(claims.find((c) => c.claim === 3)?.status).toBe('contradicted');
  });

  it('need classification', () => {
    const { families } = analyseHandMade({
      arms: [random(0.7), ...arms('segmentation', { encoder: 0.82 })],
    });
    expect(families).toEqual([]);
  });
});

describe('classification and the other tasks', () => {
  it('are compared encoder by encoder, and one worse task contradicts the family claim', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('classification', { encoder: 0.76 }),
        ...arms('segmentation', { encoder: 0.82 }),
        ...arms('autoencoder', { encoder: 0.71 }),
      ],
    });
    const kind = 'encoder − encoder(classification)';
    expect(cell(analysis, kind, 8, 'segmentation').verdict).toBe('helps');
    expect(cell(analysis, kind, 8, 'autoencoder').verdict).toBe('hurts');
    expect(analysis.comparisons.filter((c) => c.comparison === kind)).toHaveLength(2);
    expect(claim(analysis, 3).status).toBe('contradicted');
    expect(claim(analysis, 3).why).toMatch(
      /Segmentation: supported in 1 of 1: .* Reconstruction: contradicted in 1 of 1: autoencoder /,
    );
    expect(claim(analysis, 4).status).toBe('supported');
    expect(claim(analysis, 1).status).toBe('not tested');
  });

  it('contradict the last claim but one where no other encoder is better', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('classification', { encoder: 0.8 }),
        ...arms('autoencoder', { encoder: 0.72 }),
      ],
    });
    expect(claim(analysis, 4).status).toBe('contradicted');
    expect(claim(analysis, 5).status).toBe('not tested');
  });
});

describe('questions marked before the run', () => {
  const runs = handMadeRuns({
    arms: [
      random(0.7),
      ...arms('segmentation', { encoder: 0.75, both: 0.75 }),
      random(0.82, { labels: 32 }),
      ...arms('segmentation', { encoder: 0.86, both: 0.86 }, 32),
    ],
  });
  const asked = (primary: Parameters<typeof analyseStudy>[0]['primary']) =>
    analyseStudy({
      ...{ runs, pretrainings: pretrainingsIn(runs), delta: 0.02, seedForBootstrap: 1 },
      ...{ budgetSteps: 400, primary: primary ?? [] },
    });
  const encoder = { question: 'encoder', pretraining: null, labels: 8 } as const;
  const width = (analysis: StudyAnalysis) => {
    const [low, high] = cell(analysis, 'encoder − random').together?.ci95 ?? [NaN, NaN];
    return high - low;
  };

  it('are the only ones that advice and claims rest on, in intervals as narrow as their number allows', () => {
    const all = asked([]);
    const one = asked([encoder]);
    expect(all.primaryQuestions).toBe(7);
    expect(one.primaryQuestions).toBe(1);
    expect(width(one)).toBeLessThan(width(all));
    expect(cell(one, 'encoder − random', 32).together).toBeNull();
    expect(one.headline[0]).toBe(
      'Segmentation pretraining, with 8 labels: keep the encoder; the decoder was no primary question. With 32 labels: neither half was a primary question.',
    );
    expect(claim(one, 1).status).toBe('not tested');
    expect(claim(one, 1).why).toContain('no primary question');
    expect(claim(one, 2)).toMatchObject({ status: 'supported' });
  });

  it('may be those of one pretraining, and of the largest label count by its name', () => {
    const most = asked([{ ...encoder, labels: 'all' }]);
    expect(cell(most, 'encoder − random').together).toBeNull();
    expect(cell(most, 'encoder − random', 32).together).not.toBeNull();
    expect(asked([{ ...encoder, pretraining: 'simclr' }]).primaryQuestions).toBe(0);
  });
});

describe('an incomplete study', () => {
  it('pairs the seeds that finished in both arms and counts the failed ones', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7, { seeds: [0, 1, 2, 3], failedSeeds: [4] }),
        { pretraining: 'segmentation', transfer: 'encoder', dice: 0.8, seeds: [1, 2, 3, 4, 5] },
      ],
    });
    const { seeds, perSeed, words } = cell(analysis, 'encoder − random');
    expect(seeds).toEqual([1, 2, 3]);
    expect(perSeed).toHaveLength(3);
    expect(words).toContain('over 3 seeds');
    expect(analysis.arms.map((a) => a.failed)).toEqual([1, 0]);
    expect(analysis.indicative).toBe(true);
    expect(analysis.headline[0]).toContain('Indicative only, with fewer than 5 seeds.');
  });

  it('says once what several tasks have in common, and leaves the numbers of many to the table', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('segmentation', { encoder: 0.8 }),
        ...arms('simclr', { encoder: 0.7 }),
        ...arms('multi-conrec', { encoder: 0.7 }),
        ...arms('in-painting', { encoder: 0.7 }),
      ],
      noise: 0.01,
      seedNoise: 0.002,
    });
    expect(analysis.headline).toEqual([
      'Segmentation pretraining, with 8 labels: keep the encoder.',
      'SimCLR, multi-reconstruction ConRec and in-painting pretraining, with 8 labels: skip the encoder, it gains too little to matter.',
      'This advice holds for all 5 primary questions at once: in 95 of 100 such studies none of it is wrong.',
    ]);
  });

  it('does not test what a single seed has, nor lets it weigh in the correction', () => {
    const analysis = analyseHandMade({
      arms: [
        random(0.7),
        ...arms('segmentation', { encoder: 0.8 }),
        { pretraining: 'autoencoder', transfer: 'encoder', dice: 0.9, seeds: [2] },
      ],
    });
    expect(cell(analysis, 'encoder − random', 8, 'autoencoder')).toMatchObject({
      verdict: 'not tested',
      p: 1,
      pHolm: 1,
    });
    expect(cell(analysis, 'encoder − random').pHolm).toBe(0.0625);
    expect(claim(analysis, 2).why).not.toContain('autoencoder');
  });

  it('says what it cannot know: no random arm, one arm, no finished run', () => {
    const noBaseline = analyseHandMade({ arms: arms('segmentation', { encoder: 0.8, both: 0.8 }) });
    expect(noBaseline.comparisons.map((c) => c.comparison)).toEqual(['encoder+decoder − encoder']);
    expect(noBaseline.headline[0]).toBe(
      'Skip the decoder; the encoder alone was not tested (segmentation pretraining, with 8 labels).',
    );
    expect(claim(noBaseline, 2).status).toBe('not tested');

    const waiting = { pretraining: 'segmentation', transfer: 'encoder', dice: 0 } as const;
    const none = { ...waiting, seeds: [], failedSeeds: [0] };
    const oneArm = analyseHandMade({ arms: [random(0.7), none] });
    expect(oneArm.comparisons).toEqual([]);
    expect(oneArm.headline).toEqual([
      'Nothing is known yet: no two arms that could be compared have finished.',
    ]);

    const allFailed = analyseHandMade({ arms: [random(0, { seeds: [], failedSeeds: [0, 1] })] });
    expect(allFailed.arms).toEqual([]);
    expect(allFailed.headline).toHaveLength(1);
  });

  it('refuses runs that were tested on different images', () => {
    const runs = handMadeRuns({ arms: [random(0.7), ...arms('segmentation', { encoder: 0.8 })] });
    const [first, ...others] = runs;
    if (first === undefined) throw new Error('no runs');
    const other = { ...first, images: first.images.toReversed() };
    expect(() => analyse([other, ...others])).toThrow(/tested on different images/);
  });
});

describe('an arm of one test image and of equal runs', () => {
  it('has intervals without width and no significance', () => {
    const analysis = analyseHandMade({
      arms: [random(0.7), ...arms('segmentation', { encoder: 0.7 })],
      images: 1,
      noise: 0,
      seedNoise: 0,
    });
    expect(cell(analysis, 'encoder − random')).toMatchObject({
      effect: 0,
      ci95: [0, 0],
      p: 1,
      wilcoxonP: 1,
      verdict: 'equivalent',
    });
  });
});

it('arms whose pretraining has seen more labels say so, and speak for no claim', () => {
  const runs = handMadeRuns({
    arms: [
      random(0.7),
      ...arms('segmentation', { encoder: 0.8, both: 0.8, decoder: 0.7 }),
      ...arms('autoencoder', { encoder: 0.75 }),
    ],
  });
  const study = (extraLabels: Record<number, number> | undefined) =>
    analyseStudy({
      runs,
      pretrainings: pretrainingsIn(runs).map((one) =>
        one.key === 'segmentation' ? { ...one, extraLabels } : one,
      ),
      delta: 0.02,
      seedForBootstrap: 1,
      budgetSteps: 400,
    });
  const fair = study(undefined);
  const counted = study({ 8: 12 });
  expect(cell(counted, 'encoder − random').extraLabels).toBe(12);
  expect(cell(counted, 'encoder − random').words).toMatch(
    /one side has seen 12 more labels while it was pretrained/,
  );
  // Both sides of it start from the same pretraining.
  expect(cell(counted, 'encoder+decoder − encoder')).toEqual(
    cell(fair, 'encoder+decoder − encoder'),
  );
  expect(counted.headline[0]).toMatch(/Segmentation pretraining has seen .*12 beside 8/);
  expect(fair.headline.join(' ')).not.toMatch(/more labels/);
  expect(claim(fair, 2).why).toMatch(/segmentation with 8 labels/);
  expect(claim(counted, 2).why).not.toMatch(/segmentation with 8 labels/);
  expect(claim(counted, 2).why).toMatch(/are left out\.$/);
  expect(claim(counted, 5)).toEqual(claim(fair, 5));
  const labelled = counted.arms.map(({ pretraining, extraLabels }) => [pretraining, extraLabels]);
  expect(labelled).toContainEqual(['segmentation', 12]);
  expect(labelled).toContainEqual([null, undefined]);
});

describe('a study of the random start alone', () => {
  const headline = (dice: readonly [labels: number, dice: number][], seeds?: readonly number[]) => {
    const runs = handMadeRuns({
      arms: dice.map(([labels, mean]) => random(mean, { labels, ...(seeds && { seeds }) })),
    });
    const analysis = analyse(runs);
    expect(analysis.comparisons).toEqual([]);
    expect(analysis.claims).toEqual([]);
    return analysis.headline;
  };

  it('says which number of labels is enough, and what each step gains', () => {
    const [answer, scores, steps] = headline([
      [4, 0.6],
      [16, 0.8],
      [64, 0.803],
    ]);
    expect(answer).toBe('16 labels are enough here: 64 gain less than δ = 0.02 Dice over them.');
    expect(scores).toMatch(/^Test Dice of the random start: 0\.\d+ \[.*\] with 4 labels, .* and /);
    expect(steps).toMatch(/from 4 to 16: \+0\.\d+ \[.*\] and from 16 to 64: [+−]0\.\d+ \[/);
  });

  it('does not call any number enough where networks find nothing', () => {
    const [first, answer] = headline([
      [4, 0.03],
      [16, 0.031],
    ]);
    expect(first).toMatch(/^No arm has learned to find much: test Dice is at most 0\.0\d+\./);
    expect(answer).toMatch(/^How many labels are enough cannot be told/);
    // One arm that works is enough to compare with.
    expect(
      headline([
        [4, 0.03],
        [16, 0.6],
      ])[0],
    ).toMatch(/^More labels still help/);
  });

  it('says that more labels still help, that it is not decided, or that one count tells nothing', () => {
    const growing: [number, number][] = [
      [4, 0.6],
      [16, 0.7],
      [64, 0.8],
    ];
    expect(headline(growing)[0]).toMatch(/^More labels still help: 64 gain \+0\.\d+ Dice over 16/);
    const [few] = headline(
      [
        [4, 0.79],
        [16, 0.8],
      ],
      [0, 1],
    );
    expect(few).toMatch(/is not decided: .* Indicative only, with fewer than 5 seeds\.$/);
    expect(headline([[8, 0.8]])).toEqual([
      expect.stringMatching(/^With 8 labels .*more label counts would tell/),
      expect.stringMatching(/^Test Dice of the random start: 0\.\d+ \[.*\] with 8 labels\.$/),
    ]);
  });
});

it('keeps every interval within what an effect can be, however few seeds there are', () => {
  const { comparisons } = analyseHandMade({
    arms: [4, 8].flatMap((labels) => [
      random(0.5, { labels }),
      ...arms('segmentation', { encoder: 0.5, both: 0.5, decoder: 0.5 }, labels),
    ]),
    seeds: [0, 1],
    images: 3,
    seedNoise: 0.3,
  });
  const most = (comparison: string) => (comparison === 'interaction' ? 2 : 1);
  const widest = comparisons.map(({ comparison, ci95, together }) => {
    const bounds = [...ci95, ...(together?.ci95 ?? []), ...(together?.ci90 ?? [])];
    return Math.max(...bounds.map(Math.abs)) / most(comparison);
  });
  expect(Math.max(...widest)).toBe(1);
});
