import { describe, expect, it } from 'vitest';
import { analysedRuns, chosenRuns } from '../../../../engine/study/analysis/analysed-runs.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

/** One label count, one seed, two learning rates; `ends` says how each run of an arm ends, rate by rate. */
function tried(ends: (transfer: string) => readonly (number | 'failed' | 'open' | 'running')[]) {
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
    if (end === 'running') project.runs.setStatus(run.id, 'running');
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

  it.each(['open', 'running'] as const)('wait until all have ended: one is %s', (other) => {
    expect(tried((transfer) => (transfer === 'random' ? [0.9, other] : [0.5, 0.6]))).toEqual({
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

describe('a run as it is analysed', () => {
  /** A study of one label count and seed with its runs. */
  function study() {
    const project = temporaryProject();
    const source = addDataset(project, 'source', { count: 4 });
    const target = addDataset(project, 'target', { count: 20 });
    const { id } = createStudy(
      project,
      smallStudy({ source, target }, { labelCounts: [2], seeds: 1 }),
    );
    return { project, id, target, runs: project.runs.ofStudy(id) };
  }

  it('has the validation Dice of its steps, and the test images of its best checkpoint', () => {
    const { project, id, target, runs } = study();
    const run = runs.find(({ kind }) => kind === 'finetune');
    const images = project.datasets.images(target).slice(0, 2);
    if (run === undefined) throw new Error('no fine-tuning');
    project.runs.addMetrics(run.id, [
      { step: 5, name: 'loss', value: 3 },
      { step: 5, name: 'valDice', value: 0.25 },
      { step: 10, name: 'valDice', value: 0.5 },
    ]);
    images.forEach((image, i) => {
      const scores = { iou: 0.5, hd95: 1, boundaryF1: 0.5, classes: [], uncertainty: null };
      const rest = { imageId: image.id, ...scores };
      project.runs.addResult(run.id, { ...rest, checkpoint: 'best', dice: 0.75 }, null);
      project.runs.addResult(run.id, { ...rest, checkpoint: 'last', dice: 0.25 + i / 2 }, null);
    });
    project.runs.ended(run.id, 'done');
    const [analysed, ...others] = analysedRuns(project, id);
    expect(others).toEqual([]);
    expect(analysed).toMatchObject({
      ...{ runId: run.id, status: 'done', transfer: 'random', labels: 2, seed: 0, steps: 10 },
      validation: [
        { step: 5, dice: 0.25 },
        { step: 10, dice: 0.5 },
      ],
      diceLast: 0.5,
    });
    expect(analysed?.images.map(({ imageId, dice }) => [imageId, dice])).toEqual(
      images.map(({ id: imageId }) => [imageId, 0.75]),
    );
  });

  it('has no Dice of a last checkpoint that was not tested', () => {
    const { project, id, runs } = study();
    for (const run of runs) project.runs.ended(run.id, 'done');
    expect(analysedRuns(project, id).map(({ diceLast }) => diceLast)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('is a fine-tuning that has ended and was not cancelled', () => {
    const { project, id, runs } = study();
    const finetunings = runs.filter(({ kind }) => kind === 'finetune');
    const [done, failed, cancelled] = finetunings;
    for (const run of runs.filter(({ kind }) => kind === 'pretrain')) {
      project.runs.ended(run.id, 'done');
    }
    project.runs.ended(done?.id ?? 0, 'done');
    project.runs.ended(failed?.id ?? 0, 'failed', { code: 'internal', message: '' });
    project.runs.ended(cancelled?.id ?? 0, 'cancelled');
    expect(finetunings).toHaveLength(4);
    expect(chosenRuns(project, id).map((run) => run.id)).toEqual([done?.id, failed?.id]);
    expect(analysedRuns(project, id).map(({ status }) => status)).toEqual(['done', 'failed']);
  });

  it('is not one that failed, however well it had learnt, where another rate was done', () => {
    const project = temporaryProject();
    const source = addDataset(project, 'source', { count: 4 });
    const target = addDataset(project, 'target', { count: 20 });
    const { id } = createStudy(
      project,
      smallStudy({ source, target }, { learningRates: [5e-4, 2e-3], labelCounts: [2], seeds: 1 }),
    );
    const [failed, done] = project.runs.ofStudy(id).filter((run) => run.transfer === 'random');
    if (failed === undefined || done === undefined) throw new Error('no runs');
    project.runs.addMetrics(failed.id, [{ step: 5, name: 'valDice', value: 0.9 }]);
    // What is no Dice does not make a run better.
    project.runs.addMetrics(failed.id, [{ step: 5, name: 'loss', value: 100 }]);
    project.runs.addMetrics(done.id, [{ step: 5, name: 'valDice', value: 0.1 }]);
    project.runs.ended(failed.id, 'failed', { code: 'internal', message: '' });
    project.runs.ended(done.id, 'done');
    expect(chosenRuns(project, id).map((run) => run.id)).toEqual([done.id]);
    project.runs.ended(failed.id, 'done');
    expect(chosenRuns(project, id).map((run) => run.id)).toEqual([failed.id]);
    project.runs.addMetrics(done.id, [{ step: 5, name: 'loss', value: 1000 }]);
    expect(chosenRuns(project, id).map((run) => run.id)).toEqual([failed.id]);
  });
});
