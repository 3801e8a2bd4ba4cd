/**
 * Touching nuclei of DSB2018: a network trained on some images, and on a held-out part how well its predictions come apart:
 * connected components, and a watershed on the distance to the boundary. F1 at IoU .5 and mean AP, with the intervals that
 * Dice has. The truth has its objects from the annotations of instances.json.
 *
 * node build/run.mjs test/bench/touching.ts [--images DIR] [--minutes 10] [--seed 1]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { objectsOf } from '../../engine/data/objects-of.ts';
import { readLabelMap } from '../../engine/data/image-source.ts';
import { createEngine } from '../../engine/engine.ts';
import { crossedInterval } from '../../engine/study/statistics/crossed-interval.ts';
import { standingFor } from '../../engine/study/statistics/partly-scored.ts';
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import type { ObjectMap } from '../../shared/objects/object-map.ts';
import {
  OBJECT_MEASURES,
  OBJECT_WORDS,
  objectCounts,
  type ObjectScores,
  objectScores,
} from '../../shared/objects/object-scores.ts';
import { DEFAULT_SPLIT, splitTouching } from '../../shared/objects/split-touching.ts';
import { report } from './measure.ts';

const { values } = parseArgs({
  options: {
    images: {
      type: 'string',
      default: join(import.meta.dirname, '../../../shared/data/dsb2018/fluorescence'),
    },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'graft-touching-'));
const project = join(folder, 'touching.graft');
const engine = createEngine();

/** How predictions are taken apart. */
const WAYS: Readonly<Record<string, (prediction: LabelMap) => ObjectMap>> = {
  'connected components': (prediction) => componentsOf(prediction, { hasBackground: true }),
  watershed: (prediction) =>
    splitTouching(componentsOf(prediction, { hasBackground: true }), DEFAULT_SPLIT).objects,
};

async function trained(datasetId: number): Promise<number> {
  const ended = Promise.withResolvers<null>();
  const { run } = await engine.call('models.train', {
    ...{ project, datasetId, name: 'nuclei', minutes: Number(values.minutes) },
    seed: Number(values.seed),
  });
  const stop = engine.subscribe((event) => {
    if (event.type !== 'changed' || event.changes.runs?.updated?.includes(run.id) !== true) return;
    const { status, error } = engine.project(project).db.runs.get(run.id) ?? {};
    if (status === 'done') ended.resolve(null);
    if (status === 'failed' || status === 'cancelled') ended.reject(new Error(error?.message));
  });
  await ended.promise;
  stop();
  return run.id;
}

await engine.call('project.create', { path: project });
const { datasetId, images } = await engine.call('datasets.import', {
  ...{ project, name: 'fluorescence', format: 'coco' as const },
  path: resolve(values.images, 'instances.json'),
  imagesDir: resolve(values.images, 'images'),
});
const { db } = engine.project(project);
console.log(`${images} images; training for ${values.minutes} minutes …`);
const runId = await trained(datasetId);
const snapshotId = db.runs.get(runId)?.config.snapshotId ?? 0;
const held = db.snapshots.items(snapshotId).filter(({ part }) => part === 'test');
const scores = new Map(Object.keys(WAYS).map((way) => [way, [] as ObjectScores[]]));
let truths = 0;
for (const { imageId, labelMapId } of held) {
  const code = db.runs.prediction(runId, imageId);
  if (code === undefined || labelMapId === null) continue;
  const { objects, from } = objectsOf(db, labelMapId);
  if (from === 'components')
    throw new Error('the truth has no objects: are they separate annotations?');
  truths += new Set(objects.data).size - 1;
  const truth = { objects, classes: readLabelMap(db, labelMapId) };
  const prediction = decodeLabelMap(code);
  for (const [way, apart] of Object.entries(WAYS)) {
    const own = { objects: apart(prediction), classes: prediction };
    scores.get(way)?.push(objectScores(objectCounts(own, truth, [1])));
  }
}
console.log(`${held.length} held-out images with ${truths} objects`);
report(
  'touching nuclei: held-out images, mean and 95 % interval over images',
  [...scores].map(([way, own]) => ({
    way,
    ...Object.fromEntries(
      OBJECT_MEASURES.map((measure) => {
        const standing = Float64Array.from(standingFor(own.map((one) => one[measure])));
        const { mean, ci95 } = crossedInterval(standing, { seeds: 1, images: standing.length });
        const [low, high] = ci95.map((end) => end.toFixed(3));
        return [OBJECT_WORDS[measure], `${mean.toFixed(3)} [${low ?? ''}, ${high ?? ''}]`];
      }),
    ),
  })),
);
await engine.close();
rmSync(folder, { recursive: true });
