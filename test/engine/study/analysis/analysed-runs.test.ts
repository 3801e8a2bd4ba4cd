import { describe, expect, it } from 'vitest';
import { analysedRuns } from '../../../../engine/study/analysis/analysed-runs.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

/** One label count, one seed, two learning rates; `ends` says how each run of an arm ends, rate by rate. */
function tried(ends: (transfer: string) => readonly (number | 'failed' | 'open')[]) {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 4 });
  const target = addDataset(project, 'target', { count: 20 });
  const learningRates = [5e-4, 2e-3];
  const config = smallStudy({ source, target }, { learningRates, labelCounts: [2], seeds: 1 });
  const study = createStudy(project, config);
  for (const run of project.runs.ofStudy(study.id)) {
    if (run.kind === 'pretrain') continue;
    const end = ends(run.transfer ?? '')[
      learningRates.indexOf(run.config.optimisation.learningRate)
    ];
    if (end === 'failed') project.runs.ended(run.id, 'failed', { code: 'internal', message: '' });
    if (typeof end !== 'number') continue;
    // The last value is not the best one: the best checkpoint counts.
    project.runs.addMetrics(run.id, [
      { step: 5, name: 'valDice', value: end },
      { step: 10, name: 'valDice', value: end / 2 },
    ]);
    project.runs.ended(run.id, 'done');
  }
  return Object.fromEntries(
    analysedRuns(project, study.id).map((run) => [
      run.transfer,
      run.status === 'done' ? run.learningRate : 'failed',
    ]),
  );
}

describe('several learning rates', () => {
  it('leave one run an arm, label count and seed: that of the best validation Dice', () => {
    expect(tried((transfer) => (transfer === 'encoder' ? [0.7, 0.6] : [0.5, 0.6]))).toEqual({
      random: 2e-3,
      encoder: 5e-4,
      'encoder+decoder': 2e-3,
      decoder: 2e-3,
    });
  });

  it('count the first where two are equal', () => {
    expect(tried(() => [0.5, 0.5])).toMatchObject({ random: 5e-4 });
  });

  it('wait until all have ended', () => {
    expect(tried((transfer) => (transfer === 'random' ? [0.9, 'open'] : [0.5, 0.6]))).toEqual({
      encoder: 2e-3,
      'encoder+decoder': 2e-3,
      decoder: 2e-3,
    });
  });

  it('count a failed one only where no other is done', () => {
    expect(
      tried((transfer) => (transfer === 'random' ? ['failed', 0.1] : ['failed', 'failed'])),
    ).toEqual({
      random: 2e-3,
      encoder: 'failed',
      'encoder+decoder': 'failed',
      decoder: 'failed',
    });
  });
});
