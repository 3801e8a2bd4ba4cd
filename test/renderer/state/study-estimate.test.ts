/** What a study that is being designed would cost: when it is asked for. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StudyEstimate } from '../../../renderer/state/study-estimate.svelte.ts';
import { AppError } from '../../../shared/errors.ts';
import { smallStudy, temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

it('counts with every change, and measures the machine once nothing more is changed', async () => {
  const line = await windowEngine();
  const { engine, api } = line;
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const drawn = { project, generator: 'texshapes-source', count: 12, sizePx: 32, seed: 1 };
  const source = await engine.call('datasets.generate', { ...drawn, name: 'source' });
  const target = await engine.call('datasets.generate', { ...drawn, name: 'target', seed: 2 });
  const config = smallStudy({ source: source.id, target: target.id });
  const asked: string[] = [];
  line.before = (name) => {
    asked.push(name);
    // Two changes, each counted at once; the third time is to measure.
    if (asked.length > 2) throw new AppError('unsupported', 'Nothing is measured here.');
  };
  const estimate = new StudyEstimate(api, project);
  const first = estimate.replan(config);
  await expect.poll(() => estimate.plan?.finetuneRuns).toBeGreaterThan(0);
  const second = estimate.replan({ ...config, seeds: config.seeds + 1 });
  await first;
  await expect.poll(() => asked.length).toBe(2);
  expect(estimate.measuring).toBe(true);
  await second;
  expect(asked).toEqual(['studies.plan', 'studies.plan', 'studies.plan']);
  expect(estimate.trouble).toBe('Nothing is measured here.');
  expect(estimate.measuring).toBe(false);
});
