/** A study over several splits, trained for real on a small project whose images are source and target. */
import { expect, it } from 'vitest';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { analyseStoredStudy } from '../../../engine/study/report/gather.ts';
import { StudyConfig } from '../../../shared/entities.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { runHere } from './run-here.ts';
import { SIZE_PX, squaresProject } from './squares-project.ts';

const engine = await nativeEngineOrSkip();
const { project, images, common } = squaresProject();

it('tests every image once, each by networks that never saw it, and compares over the splits', async () => {
  const optimisation = { ...common.optimisation, steps: 4, evaluateEvery: 2 };
  const datasetId = images[0]?.datasetId ?? 0;
  const config = StudyConfig.parse({
    name: 'splits',
    sourceDatasetId: datasetId,
    targetDatasetId: datasetId,
    network: common.network,
    sampling: { sizePx: SIZE_PX },
    pretrainings: [{ task: 'segmentation', transfers: ['encoder'], optimisation }],
    finetuning: optimisation,
    labelCounts: [2],
    splits: { folds: 3 },
    seeds: 1,
  });
  const study = createStudy(project, config);
  const tested: number[] = [];
  for (const { id, kind, config: run } of project.runs.ofStudy(study.id)) {
    const { outcome, of } = await runHere(project, id, { engine });
    expect(outcome).toBe('done');
    for (const { result, prediction } of of('result')) {
      project.runs.addResult(id, result, prediction);
      if (kind === 'finetune' && run.kind === 'finetune' && result.checkpoint === 'best') {
        expect(run.trainImageIds).not.toContain(result.imageId);
        if (run.transfer === 'random') tested.push(result.imageId);
      }
    }
    project.runs.ended(id, 'done');
  }
  expect(tested.toSorted((a, b) => a - b)).toEqual(images.map(({ id }) => id));
  const { analysis } = analyseStoredStudy(project, study);
  expect(analysis.splits).toBe(3);
  expect(analysis.arms.map(({ labels, testImages }) => [labels, testImages])).toEqual([
    [2, 14],
    [2, 14],
  ]);
  for (const { perSplit, effect } of analysis.comparisons) {
    const effects = perSplit?.map((one) => one.effect) ?? [];
    expect(effects).toHaveLength(3);
    expect(effect).toBeCloseTo(effects.reduce((a, b) => a + b, 0) / 3, 12);
  }
});
