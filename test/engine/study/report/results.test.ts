import { describe, expect, it } from 'vitest';
import { comparisonsCsv } from '../../../../engine/study/report/csv.ts';
import { renderReport } from '../../../../engine/study/report/page.ts';
import { ResultsFile, resultsJson } from '../../../../engine/study/report/results.ts';
import { ENGINE, reportFixture } from './fixture.ts';

describe('results.json', () => {
  it('has the documented fields', async () => {
    const { data, runs } = await reportFixture();
    const results = ResultsFile.parse(JSON.parse(resultsJson(data, runs)));
    expect(results).toMatchObject({
      format: 'graft-results',
      version: 1,
      engine: ENGINE,
      delta: 0.02,
      headline: data.analysis.headline,
      machine: data.machine,
    });
    expect(results.runs).toHaveLength(runs.length);
    expect(results.runs[0]).toMatchObject({
      pretraining: null,
      transfer: 'random',
      labels: 8,
      seed: 0,
      status: 'done',
      testImages: 24,
      testDiceLast: runs[0]?.diceLast,
    });
    const dice = runs[0]?.images.map((image) => image.dice) ?? [];
    expect(results.runs[0]?.testDice).toBeCloseTo(dice.reduce((a, b) => a + b, 0) / 24, 12);
    expect(results.verdicts).toEqual(data.analysis.comparisons);
    expect(results.arms).toEqual(data.analysis.arms);
    expect(results.curves).toEqual(data.analysis.curves);
  });

  it('says beside labels how many more pretraining has seen, as tables and axes of the report do', async () => {
    const { data, runs } = await reportFixture();
    const { arms, comparisons } = data.analysis;
    const more = {
      ...data,
      analysis: {
        ...data.analysis,
        arms: arms.map((arm) => (arm.pretraining === null ? arm : { ...arm, extraLabels: 12 })),
        comparisons: comparisons.map((row) => ({ ...row, extraLabels: 12 })),
      },
    };
    const results = ResultsFile.parse(JSON.parse(resultsJson(more, runs)));
    expect(results.verdicts).toEqual(more.analysis.comparisons);
    expect(results.arms).toEqual(more.analysis.arms);
    expect(comparisonsCsv(more.analysis)).toMatch(
      /,extraLabels,splits,gainsLessThanDelta,gainsLessThanDeltaTogether,objectF1Effect,.*\r\n.*,12,1,(true|false),/,
    );
    const page = renderReport(more, runs);
    expect(page).toContain('8 + 12 labels with its pretraining');
    expect(page).toContain('Labelled training images (pretraining saw 12 more)');
  });

  it('has null for what cannot be computed', async () => {
    const { data, runs } = await reportFixture({ seeds: 1 });
    const comparisons = data.analysis.comparisons.map((comparison) => ({
      ...comparison,
      ci95: [Number.NaN, Number.NaN] as const,
      p: Number.NaN,
    }));
    const analysis = { ...data.analysis, comparisons };
    const results = ResultsFile.parse(JSON.parse(resultsJson({ ...data, analysis }, runs)));
    expect(results.verdicts[0]).toMatchObject({
      verdict: 'not tested',
      ci95: [null, null],
      p: null,
    });
    expect(results.arms[0]?.diceSd).toBeNull();
  });

  it('is written for a study whose runs all failed', async () => {
    const { data, runs } = await reportFixture({ fails: () => true, engines: [] });
    const results = ResultsFile.parse(JSON.parse(resultsJson(data, runs)));
    expect(results.engine).toBeNull();
    expect(results.verdicts).toEqual([]);
    expect(results.runs.every((run) => run.status === 'failed' && run.testDice === null)).toBe(
      true,
    );
  });
});
