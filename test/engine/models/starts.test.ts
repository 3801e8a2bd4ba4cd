/** On the sample project, which has a finished study: its encoder helps with 4 labels, and with 16 that is open. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const SAMPLE = join(import.meta.dirname, '../../../samples/graft-sample.graft.gz');

it('an encoder is recommended where the study shows that it helps with as many labels, and random where not', async () => {
  const project = join(temporaryFolder(), 'sample.graft');
  writeFileSync(project, gunzipSync(readFileSync(SAMPLE)));
  const engine = createEngine();
  onTestFinished(() => engine.close());
  await engine.call('project.open', { path: project });
  const { db } = engine.project(project);
  const datasetId = db.studies.list()[0]?.config.targetDatasetId ?? 0;
  const recommended = async () => {
    const starts = await engine.call('models.starts', { project, datasetId });
    return starts.find((one) => one.isRecommended);
  };
  expect(await recommended()).toMatchObject({
    from: 'random',
    why: 'The study "Which half is worth keeping?" shows of no encoder that it helps with 16 labels.',
  });

  const [split] = db.splits.list(datasetId);
  const trained = db.splits
    .items(split?.id ?? 0)
    .flatMap(({ imageId, part }) => (part === 'train' ? [imageId] : []));
  const excluded = { project, imageIds: trained.slice(5), reason: 'too many' };
  await engine.call('images.exclude', excluded);
  const best = await recommended();
  expect(best).toMatchObject({ from: { encoderId: 1 }, obstacle: null, warning: null });
  expect(best?.why).toMatch(/says, with 4 labels: keep the encoder; .* over a random start\)\.$/);
});
