import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { generateDataset } from '../../engine/data/generators/generate-dataset.ts';
import { createProject } from '../../engine/db/project.ts';
import { createEngine } from '../../engine/engine.ts';
import { ensureSample } from '../../engine/sample.ts';
import { SAMPLE_HALVES } from '../../renderer/pictures/sample-halves.ts';
import { halvesOf } from '../../shared/charts/halves.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const Origin = z.object({
  generator: z.string(),
  count: z.number(),
  sizePx: z.number(),
  seed: z.number(),
});

it('shows a finished study as soon as it is unpacked, says what it is, and is what the first page draws', async () => {
  const folder = temporaryFolder();
  const path = ensureSample(folder);
  // Whatever version it was packed by: no backup of it is left in the user's folder.
  expect(readdirSync(folder)).toEqual([basename(path)]);
  const engine = createEngine();
  const info = await engine.call('project.open', { path });
  expect(info.about).toMatch(/graft sample/);
  const [study] = await engine.call('studies.list', { project: path });
  expect(study?.status).toBe('done');
  const analysis = await engine.call('studies.analysis', {
    project: path,
    studyId: study?.id ?? 0,
  });
  for (const { labels, halves } of SAMPLE_HALVES) {
    expect(halvesOf(analysis, { pretraining: 'segmentation', labels })).toEqual(halves);
  }
  expect(analysis.headline.length).toBeGreaterThan(0);
  expect(analysis.arms.every((arm) => arm.seeds.length === 5 && arm.failed === 0)).toBe(true);
  await engine.close();
  expect(ensureSample(folder)).toBe(path);
});

it('holds the very images that its generators draw, some of them unlabelled', async () => {
  const folder = temporaryFolder();
  const engine = createEngine();
  const { db } = engine.projects.open(ensureSample(folder));
  const made = createProject(`${folder}/made.graft`);
  for (const dataset of db.datasets.list()) {
    const id = await generateDataset(made, { name: dataset.name, ...Origin.parse(dataset.origin) });
    const hashes = (images: { hash: string }[]) => images.map(({ hash }) => hash);
    expect(hashes(db.datasets.images(dataset.id))).toEqual(hashes(made.datasets.images(id)));
  }
  expect(db.datasets.list().map((one) => one.imageCount - one.labelledCount)).toEqual([0, 12]);
  made.close();
  await engine.close();
});
