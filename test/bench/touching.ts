/**
 * Touching nuclei of DSB2018: one network with a head that tells objects apart is trained on some images, and it is asked on a
 * held-out part how well its predictions come apart: as connected components, by a watershed on the distance to the boundary,
 * and by what its second head says. All three take the same predicted classes, so that nothing but telling apart differs.
 * F1 at IoU .5 and mean AP, with the intervals that Dice has. What the two watersheds are set to is chosen by F1 on the
 * images that are not held out. The truth has its objects from the annotations of instances.json.
 *
 * node build/run.mjs test/bench/touching.ts [--images DIR] [--minutes 10 | --steps N] [--seed 1] [--threads 2]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { objectsOf } from '../../engine/data/objects-of.ts';
import { readLabelMap } from '../../engine/data/image-source.ts';
import { createEngine } from '../../engine/engine.ts';
import { crossedInterval } from '../../engine/study/statistics/crossed-interval.ts';
import { standingFor } from '../../engine/study/statistics/partly-scored.ts';
import { withInput } from '../../engine/training/images/tiles.ts';
import { loadNetwork } from '../../engine/training/loaded-network.ts';
import { predictionInput } from '../../engine/training/scoring/predict.ts';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import type { Part } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import { objectsByDepth } from '../../shared/objects/depths.ts';
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
    steps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'graft-touching-'));
const project = join(folder, 'touching.graft');
const engine = createEngine();

const GROUND = { hasBackground: true };

interface Predicted {
  readonly classes: LabelMap;
  readonly depths: Uint8Array;
  readonly truth: { readonly objects: ObjectMap; readonly classes: LabelMap };
}

/** A way to take a prediction apart. */
type Way = (prediction: Predicted) => ObjectMap;

const connected: Way = ({ classes }) => componentsOf(classes, GROUND);
const watershed =
  (options: { readonly neck: number; readonly smallestPx: number }): Way =>
  (prediction) =>
    splitTouching(connected(prediction), options).objects;
const head =
  (options: { readonly neck?: number; readonly middle?: number }): Way =>
  ({ classes, depths }) =>
    objectsByDepth(classes, depths, { ...GROUND, ...options });

function scoresOf(way: Way, images: readonly Predicted[]): ObjectScores[] {
  return images.map((image) => {
    const own = { objects: way(image), classes: image.classes };
    return objectScores(objectCounts(own, image.truth, [1]));
  });
}

const f1Of = (scores: readonly ObjectScores[]) => {
  const standing = standingFor(scores.map(({ f1 }) => f1));
  return standing.reduce((sum, value) => sum + value, 0) / standing.length;
};

/** The setting with the highest mean F1, the first where equal. */
function best<T>(
  settings: readonly T[],
  wayOf: (setting: T) => Way,
  images: readonly Predicted[],
): T {
  const tried = settings.map((setting) => ({
    setting,
    f1: f1Of(scoresOf(wayOf(setting), images)),
  }));
  for (const { setting, f1 } of tried)
    console.log(`  ${JSON.stringify(setting)}: ${f1.toFixed(4)}`);
  const [first] = tried.toSorted((a, b) => b.f1 - a.f1);
  if (first === undefined) throw new Error('nothing to choose from');
  return first.setting;
}

const NECKS = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

async function trained(datasetId: number): Promise<number> {
  const ended = Promise.withResolvers<null>();
  const { run } = await engine.call('models.train', {
    ...{ project, datasetId, name: 'nuclei', minutes: Number(values.minutes) },
    seed: Number(values.seed),
    settings: { objects: true },
    ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
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
const computing = await startEngine({ threads: Number(values.threads), engine: 'auto' });
const network = loadNetwork(db, computing, { runId });

async function predicted(parts: readonly Part[]): Promise<Predicted[]> {
  const all: Predicted[] = [];
  for (const { part, imageId, labelMapId } of db.snapshots.items(snapshotId)) {
    const image = db.datasets.image(imageId);
    if (!parts.includes(part) || labelMapId === null || image === undefined) continue;
    const { objects, from } = objectsOf(db, labelMapId);
    if (from === 'components')
      throw new Error('the truth has no objects: are they separate annotations?');
    const channels = network.network.inputChannels;
    const [map] = await withInput(db, { image, channels }, async (rows) =>
      network.predict([await predictionInput(rows, network.sampling)], {
        flips: false,
        labelsAlone: true,
      }),
    );
    if (map?.depths == null) throw new Error('the network does not tell objects apart');
    const truth = { objects, classes: readLabelMap(db, labelMapId) };
    all.push({ classes: map, depths: map.depths, truth });
  }
  return all;
}

const learned = await predicted(['train', 'val']);
console.log(`Chosen on the ${learned.length} images that are not held out, by F1:`);
let split: Parameters<typeof watershed>[0] = best(
  NECKS.map((neck) => ({ neck, smallestPx: DEFAULT_SPLIT.smallestPx })),
  watershed,
  learned,
);
split = best(
  [10, 20, 40, 80].map((smallestPx) => ({ ...split, smallestPx })),
  watershed,
  learned,
);
let apart = best(
  NECKS.map((neck) => ({ neck, middle: 0.4 })),
  head,
  learned,
);
apart = best(
  [0.2, 0.3, 0.4, 0.5, 0.6].map((middle) => ({ ...apart, middle })),
  head,
  learned,
);

const held = await predicted(['test']);
const count = held.reduce((sum, { truth }) => sum + new Set(truth.objects.data).size - 1, 0);
console.log(`${held.length} held-out images with ${count} objects`);
const ways: Readonly<Record<string, Way>> = {
  'connected components': connected,
  [`watershed, neck ${split.neck}, smallest ${split.smallestPx} px`]: watershed(split),
  [`object head, neck ${apart.neck}, middle ${apart.middle}`]: head(apart),
  'object head as it is set': head({}),
};
const scores = Object.entries(ways).map(([way, of]) => ({ way, own: scoresOf(of, held) }));

function interval(own: readonly (number | null)[]): string {
  const standing = Float64Array.from(standingFor(own));
  const { mean, ci95 } = crossedInterval(standing, { seeds: 1, images: standing.length });
  const [low, high] = ci95.map((end) => end.toFixed(3));
  return `${mean.toFixed(3)} [${low ?? ''}, ${high ?? ''}]`;
}

report(
  'touching nuclei: held-out images, mean and 95 % interval over images',
  scores.map(({ way, own }) => ({
    way,
    ...Object.fromEntries(
      OBJECT_MEASURES.map((measure) => [
        OBJECT_WORDS[measure],
        interval(own.map((one) => one[measure])),
      ]),
    ),
  })),
);
const [, , told] = scores;
report(
  'touching nuclei: the object head minus the others, paired by image',
  scores.slice(0, 2).map(({ way, own }) => ({
    minus: way,
    ...Object.fromEntries(
      OBJECT_MEASURES.map((measure) => {
        const of = (some: readonly ObjectScores[]) => standingFor(some.map((one) => one[measure]));
        const others = of(own);
        return [
          OBJECT_WORDS[measure],
          interval(of(told?.own ?? []).map((value, i) => value - (others[i] ?? 0))),
        ];
      }),
    ),
  })),
);
await engine.close();
rmSync(folder, { recursive: true });
