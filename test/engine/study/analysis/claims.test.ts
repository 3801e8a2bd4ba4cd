import { describe, expect, it } from 'vitest';
import { judgeClaims } from '../../../../engine/study/analysis/claims.ts';
import type { EncoderTrend } from '../../../../engine/study/analysis/comparisons.ts';
import type {
  ClaimVerdict,
  Comparison,
  ComparisonKind,
  Interval,
  StudiedPretraining,
  Verdict,
} from '../../../../shared/analysis.ts';
import type { PretrainingTask } from '../../../../shared/entities.ts';

const DELTA = 0.02;

/** Intervals that go with a verdict at δ = .02. */
const INTERVALS: Readonly<Record<Verdict, Interval>> = {
  helps: [0.03, 0.09],
  hurts: [-0.09, -0.03],
  equivalent: [-0.01, 0.01],
  'equivalent, small but detectable': [0.001, 0.01],
  inconclusive: [-0.05, 0.05],
  'not tested': [0.03, 0.09],
};

function cell(
  comparison: ComparisonKind,
  verdict: Verdict,
  more: Partial<Comparison> = {},
): Comparison {
  const ci = INTERVALS[verdict];
  const together = { ci95: ci, ci90: more.ci90 ?? ci, verdict };
  return {
    pretraining: 'segmentation',
    labels: 8,
    comparison,
    family: 'other',
    effect: (ci[0] + ci[1]) / 2,
    ci95: ci,
    ci90: ci,
    ci95Bootstrap: ci,
    p: 1,
    pHolm: 1,
    seeds: verdict === 'not tested' ? [0] : [0, 1],
    testImages: 9,
    perSeed: [],
    variance: null,
    wilcoxonP: 1,
    nonInferiorToSkip: null,
    verdict,
    together: verdict === 'not tested' ? null : together,
    words: '',
    ...more,
  };
}

const trend = (ci95: Interval): EncoderTrend => ({
  pretraining: 'segmentation',
  fewest: 8,
  most: 32,
  seeds: 2,
  effect: (ci95[0] + ci95[1]) / 2,
  ci95,
  together: ci95,
});

const studied = (...tasks: readonly PretrainingTask[]): StudiedPretraining[] =>
  tasks.map((task) => ({ key: task, task, trains: ['encoder'] }));

function judge(
  claim: ClaimVerdict['claim'],
  comparisons: readonly Comparison[],
  more: { trends?: readonly EncoderTrend[]; pretrainings?: readonly StudiedPretraining[] } = {},
): ClaimVerdict {
  const { trends = [], pretrainings = studied('segmentation') } = more;
  const found = judgeClaims({ comparisons, trends, pretrainings, delta: DELTA }).find(
    (one) => one.claim === claim,
  );
  if (found === undefined) throw new Error(`no claim ${claim}`);
  return found;
}

describe('every claim', () => {
  it('is not tested by nothing, nor by single seeds', () => {
    const kinds: ComparisonKind[] = [
      'encoder+decoder − encoder',
      'decoder − random',
      'encoder − random',
      'encoder − encoder(classification)',
    ];
    const single = kinds.map((kind) => cell(kind, 'not tested'));
    for (const comparisons of [[], single]) {
      const claims = judgeClaims({
        ...{ comparisons, trends: [], delta: DELTA },
        pretrainings: studied('segmentation', 'multi-conrec'),
      });
      expect(claims.map((one) => [one.claim, one.status])).toEqual(
        [1, 2, 3, 4, 5].map((number) => [number, 'not tested']),
      );
      for (const { why } of claims) expect(why).toMatch(/over two seeds or more/);
      expect(claims.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^Transferring a decoder does not help/),
        expect.stringMatching(/^Transferring the encoder helps/),
        expect.stringMatching(/^Encoders from segmentation or reconstruction/),
        expect.stringMatching(/^Classification pretraining is a suboptimal start/),
        expect.stringMatching(/^A contrastive method with several self-reconstruction tasks/),
      ]);
    }
  });
});

describe('claim 1, that a decoder does not help', () => {
  it.each<[Verdict, Interval, ClaimVerdict['status']]>([
    ['helps', [0.03, 0.09], 'contradicted'],
    ['hurts', [-0.09, -0.03], 'supported'],
    ['equivalent', [-0.01, 0.01], 'supported'],
    ['equivalent, small but detectable', [0.001, 0.019], 'supported'],
    ['inconclusive', [-0.05, 0.019], 'supported'],
    ['inconclusive', [-0.05, 0.02], 'inconclusive'],
    ['inconclusive', [-0.05, 0.05], 'inconclusive'],
  ])('where it %s within %j is %s', (verdict, ci90, status) => {
    for (const kind of ['encoder+decoder − encoder', 'decoder − random'] as const) {
      expect(judge(1, [cell(kind, verdict, { ci90 })]).status).toBe(status);
    }
  });

  it('hears both decoders, and one that helps contradicts them all', () => {
    const both = cell('encoder+decoder − encoder', 'equivalent');
    const open = cell('decoder − random', 'inconclusive');
    const better = cell('decoder − random', 'helps', { labels: 1 });
    expect(judge(1, [both, open]).status).toBe('inconclusive');
    expect(judge(1, [both, both]).status).toBe('supported');
    const contradicted = judge(1, [both, open, better]);
    expect(contradicted.status).toBe('contradicted');
    expect(contradicted.why).toBe(
      'A cell supports it where the decoder gains less than δ = 0.02, by the upper end of its 90 % interval. ' +
        'Contradicted in 1 of 3: decoder alone, segmentation with 1 label (+0.060 [+0.030, +0.090]); ' +
        'supported in 1 of 3: added to the encoder, segmentation with 8 labels (0.000 [−0.010, +0.010]); ' +
        'open in 1 of 3: decoder alone, segmentation with 8 labels (0.000 [−0.050, +0.050]).',
    );
    // Other comparisons are no evidence.
    expect(judge(1, [cell('encoder − random', 'helps')]).status).toBe('not tested');
  });
});

describe('claim 2, that the encoder helps, most of all with few labels', () => {
  const encoder = (verdict: Verdict, labels = 8) => cell('encoder − random', verdict, { labels });

  it.each<[Verdict, ClaimVerdict['status']]>([
    ['helps', 'supported'],
    ['hurts', 'contradicted'],
    ['equivalent', 'contradicted'],
    ['equivalent, small but detectable', 'contradicted'],
    ['inconclusive', 'inconclusive'],
  ])('where it %s with the fewest labels is %s', (verdict, status) => {
    expect(judge(2, [encoder(verdict)]).status).toBe(status);
    // With more labels no help is what the claim expects.
    const more = judge(2, [encoder('helps'), encoder(verdict, 32)]);
    expect(more.status).toBe(verdict === 'hurts' ? 'contradicted' : 'supported');
  });

  it('is contradicted where what the encoder gains is below δ, as the headline says too', () => {
    const below = cell('encoder − random', 'inconclusive', { ci90: [-0.05, 0.019] });
    expect(judge(2, [below]).status).toBe('contradicted');
    const open = cell('encoder − random', 'inconclusive', { ci90: [-0.05, 0.02] });
    expect(judge(2, [open]).status).toBe('inconclusive');
  });

  it('says what is missing where there is one label count', () => {
    expect(judge(2, [encoder('helps')]).why).toBe(
      'A gain of less than δ = 0.02, by the upper end of its 90 % interval, with the fewest labels contradicts it, and so does harm with any. That it helps: supported in 1 of 1: segmentation with 8 labels (+0.060 [+0.030, +0.090]). That it helps most with few labels needs two label counts.',
    );
  });

  it.each<[Interval, ClaimVerdict['status']]>([
    [[0.01, 0.05], 'supported'],
    [[0, 0.05], 'inconclusive'],
    [[-0.05, 0], 'inconclusive'],
    [[-0.05, -0.01], 'contradicted'],
  ])('with a trend of %j is %s', (ci95, status) => {
    const judged = judge(2, [encoder('helps')], { trends: [trend(ci95)] });
    expect(judged.status).toBe(status);
    expect(judged.why).toContain('That it helps most with few labels: ');
    expect(judged.why).toContain('segmentation, 8 against 32 labels (');
  });
});

describe('claims 3 and 4, on encoders from classification', () => {
  const against = (pretraining: string, verdict: Verdict, labels = 8) =>
    cell('encoder − encoder(classification)', verdict, { pretraining, labels });
  const pretrainings = studied('segmentation', 'autoencoder', 'simclr');

  it.each<[Verdict, ClaimVerdict['status']]>([
    ['helps', 'supported'],
    ['hurts', 'contradicted'],
    ['equivalent', 'contradicted'],
    ['inconclusive', 'inconclusive'],
  ])('are both %s → %s by one cell', (verdict, status) => {
    for (const claim of [3, 4] as const) {
      expect(judge(claim, [against('segmentation', verdict)]).status).toBe(status);
    }
  });

  it('are both contradicted where another encoder gains less than δ, whether it is worse or not', () => {
    const below = { ...against('segmentation', 'inconclusive'), ci90: [-0.05, 0.019] as const };
    const together = { ci95: [-0.06, 0.03], ci90: below.ci90, verdict: 'inconclusive' } as const;
    for (const claim of [3, 4] as const) {
      expect(judge(claim, [{ ...below, together }]).status).toBe('contradicted');
    }
  });

  it('3 hears segmentation and reconstruction, and names the one that was not tested', () => {
    const judged = judge(3, [against('autoencoder', 'helps')], { pretrainings });
    expect(judged.status).toBe('supported');
    expect(judged.why).toMatch(
      /Reconstruction: supported in 1 of 1: .* Segmentation was not tested\.$/,
    );
    expect(judge(3, [against('simclr', 'helps')], { pretrainings }).status).toBe('not tested');
    const both = [against('autoencoder', 'helps'), against('segmentation', 'hurts')];
    const two = judge(3, both, { pretrainings });
    expect(two.status).toBe('contradicted');
    expect(two.why).toMatch(
      /Segmentation: contradicted in 1 of 1: .*Reconstruction: supported in 1 of 1/,
    );
    expect(two.why).not.toContain('was not tested');
  });

  it('4 needs one better encoder at each label count, of any task', () => {
    const worse = against('segmentation', 'hurts');
    const better = against('simclr', 'helps');
    expect(judge(4, [worse, better]).status).toBe('supported');
    const open = judge(4, [
      worse,
      against('simclr', 'inconclusive'),
      against('autoencoder', 'inconclusive'),
    ]);
    expect(open.status).toBe('inconclusive');
    expect(open.why).toMatch(/^Open in 1 of 1: SimCLR with 8 labels .*, autoencoder with 8 labels/);
    const none = judge(4, [worse, better, against('segmentation', 'equivalent', 32)]);
    expect(none.status).toBe('contradicted');
    expect(none.why).toMatch(
      /^Contradicted in 1 of 2: no better encoder with 32 labels; supported in 1 of 2: SimCLR/,
    );
  });
});

describe('claim 5, on several reconstructions at once', () => {
  const pretrainings = studied('multi-conrec', 'segmentation', 'simclr');
  const own = (comparison: ComparisonKind, verdict: Verdict, more: Partial<Comparison> = {}) =>
    cell(comparison, verdict, { pretraining: 'multi-conrec', ...more });
  const random = own('encoder − random', 'helps');

  it.each<[Verdict, Interval, ClaimVerdict['status']]>([
    ['helps', [0.03, 0.09], 'supported'],
    ['equivalent', [-0.01, 0.01], 'contradicted'],
    ['hurts', [-0.09, -0.03], 'contradicted'],
    ['inconclusive', [-0.05, 0.019], 'contradicted'],
    ['inconclusive', [-0.05, 0.05], 'inconclusive'],
  ])('where it %s over a random start within %j is %s', (verdict, ci90, status) => {
    const judged = judge(5, [own('encoder − random', verdict, { ci90 })], { pretrainings });
    expect(judged.status).toBe(status);
    expect(judged.why).toContain('It was not compared with SimCLR or ConRec.');
  });

  it.each<[Verdict, ClaimVerdict['status']]>([
    ['helps', 'supported'],
    ['equivalent', 'supported'],
    ['hurts', 'contradicted'],
    ['inconclusive', 'inconclusive'],
  ])('where it %s against the simpler methods is %s', (verdict, status) => {
    const rivals = [
      ['encoder − encoder(simclr)', 'against SimCLR, '],
      ['encoder − encoder(conrec)', 'against ConRec, '],
    ] as const;
    for (const [kind, name] of rivals) {
      const judged = judge(5, [random, own(kind, verdict)], { pretrainings });
      expect(judged.status).toBe(status);
      expect(judged.why).toContain(name);
    }
  });

  it('is about that task alone, and needs a random start', () => {
    expect(judge(5, [cell('encoder − random', 'helps')], { pretrainings }).status).toBe(
      'not tested',
    );
    const beside = own('encoder − encoder(simclr)', 'helps');
    expect(judge(5, [beside], { pretrainings }).status).toBe('not tested');
    const another = cell('encoder − random', 'hurts');
    // Two pretrainings by that task are two voices.
    const twice = [
      ...pretrainings,
      { key: 'longer', task: 'multi-conrec' as const, trains: ['encoder' as const] },
    ];
    const longer = cell('encoder − random', 'hurts', { pretraining: 'longer' });
    expect(judge(5, [random, longer], { pretrainings: twice }).status).toBe('contradicted');
    expect(judge(5, [random, longer], { pretrainings }).status).toBe('supported');
    expect(judge(5, [random, another], { pretrainings }).status).toBe('supported');
  });
});
