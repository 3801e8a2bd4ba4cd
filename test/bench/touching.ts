/**
 * Touching nuclei of DSB2018: one network with a head that tells objects apart is trained on some images, and it is asked on a
 * held-out part how well its predictions come apart: as connected components, by a watershed on the distance to the boundary,
 * and by what its second head says. All three take the same predicted classes, so that nothing but telling apart differs.
 * F1 at IoU .5 and mean AP, with the intervals that Dice has. What the watersheds are set to is chosen by F1 on the images of
 * validation, which neither trained the network nor test it; the whole grid is printed, so that one sees how much hangs on it.
 * The truth has its objects from the annotations of instances.json. Beside that, without a network: connected components and
 * the watershed on the annotators' own foreground, set on all images that are not held out.
 *
 * node build/run.mjs test/bench/touching.ts [--images DIR] [--minutes 10 | --steps N] [--seed 1] [--threads 2]
 *   [--project FILE: keeps what was trained there, and takes it from there where it is]
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
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
import { type ApartOptions, objectsByDepth } from '../../shared/objects/depths.ts';
import type { ObjectMap } from '../../shared/objects/object-map.ts';
import {
  OBJECT_MEASURES,
  OBJECT_WORDS,
  objectCounts,
  type ObjectScores,
  objectScores,
} from '../../shared/objects/object-scores.ts';
import {
  DEFAULT_SPLIT,
  type NeckRule,
  splitTouching,
} from '../../shared/objects/split-touching.ts';
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
    project: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'graft-touching-'));
const project = resolve(values.project ?? join(folder, 'touching.graft'));
const engine = createEngine();

const GROUND = { hasBackground: true };

/** Labels with the objects that are true of them: predicted ones, or the annotators' own. */
interface Labelled {
  readonly classes: LabelMap;
  readonly truth: { readonly objects: ObjectMap; readonly classes: LabelMap };
}

interface Predicted extends Labelled {
  readonly depths: Uint8Array;
}

/** A way to take labels apart. */
type Way<L extends Labelled> = (labels: L) => ObjectMap;

const connected: Way<Labelled> = ({ classes }) => componentsOf(classes, GROUND);
const watershed =
  (options: NeckRule): Way<Labelled> =>
  (labels) =>
    splitTouching(connected(labels), options).objects;
const head =
  (options: Partial<ApartOptions>): Way<Predicted> =>
  ({ classes, depths }) =>
    objectsByDepth(classes, depths, { ...GROUND, ...options });

function scoresOf<L extends Labelled>(way: Way<L>, images: readonly L[]): ObjectScores[] {
  return images.map((image) => {
    const own = { objects: way(image), classes: image.classes };
    return objectScores(objectCounts(own, image.truth, [1]));
  });
}

const f1Of = (scores: readonly ObjectScores[]) => {
  const standing = standingFor(scores.map(({ f1 }) => f1));
  return standing.reduce((sum, value) => sum + value, 0) / standing.length;
};

/** The setting with the highest mean F1, the first where equal; prints the grid. */
function best<L extends Labelled, T extends object>(
  settings: readonly T[],
  wayOf: (setting: T) => Way<L>,
  images: readonly L[],
): T {
  const tried = settings.map((setting) => ({
    setting,
    f1: f1Of(scoresOf(wayOf(setting), images)),
  }));
  for (const { setting, f1 } of tried) {
    console.log(`  ${JSON.stringify(setting)}: ${f1.toFixed(4)}`);
  }
  const [first] = tried.toSorted((a, b) => b.f1 - a.f1);
  if (first === undefined) throw new Error('nothing to choose from');
  return first.setting;
}

const NECKS = [0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];
const SPLITS = NECKS.flatMap((neck) =>
  [10, 20, 40, 80].map((smallestPx) => ({ neck, smallestPx })),
);
const APARTS = NECKS.flatMap((neck) =>
  [0.2, 0.3, 0.4, 0.5, 0.6].map((middle) => ({ neck, middle })),
);

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

async function ready(): Promise<number> {
  if (existsSync(project)) {
    await engine.call('project.open', { path: project });
    const [kept] = await engine.call('models.list', { project });
    if (kept === undefined) throw new Error(`${project} holds no model`);
    return kept.runId;
  }
  await engine.call('project.create', { path: project });
  const { datasetId, images } = await engine.call('datasets.import', {
    ...{ project, name: 'nuclei', format: 'coco' as const },
    path: resolve(values.images, 'instances.json'),
    imagesDir: resolve(values.images, 'images'),
  });
  const { steps, minutes } = values;
  console.log(`${images} images; training ${steps ?? `for ${minutes} minutes`} …`);
  return trained(datasetId);
}

const runId = await ready();
const { db } = engine.project(project);
const snapshotId = db.runs.get(runId)?.config.snapshotId ?? 0;
const computing = await startEngine({ threads: Number(values.threads), engine: 'auto' });
const network = loadNetwork(db, computing, { runId });

const items = (parts: readonly Part[]) =>
  db.snapshots.items(snapshotId).flatMap(({ part, imageId, labelMapId }) => {
    const image = db.datasets.image(imageId);
    if (!parts.includes(part) || labelMapId === null || image === undefined) return [];
    const { objects, from } = objectsOf(db, labelMapId);
    if (from === 'components')
      throw new Error('the truth has no objects: are they separate annotations?');
    return [{ image, truth: { objects, classes: readLabelMap(db, labelMapId) } }];
  });

async function predicted(part: Part): Promise<Predicted[]> {
  const all: Predicted[] = [];
  for (const { image, truth } of items([part])) {
    const channels = network.network.inputChannels;
    const [map] = await withInput(db, { image, channels }, async (rows) =>
      network.predict([await predictionInput(rows, network.sampling)], {
        flips: false,
        labelsAlone: true,
      }),
    );
    if (map?.depths == null) throw new Error('the network does not tell objects apart');
    all.push({ classes: map, depths: map.depths, truth });
  }
  return all;
}

const drawn = (parts: readonly Part[]): Labelled[] =>
  items(parts).map(({ truth }) => ({ classes: truth.classes, truth }));

function interval(own: readonly (number | null)[]): string {
  const standing = Float64Array.from(standingFor(own));
  const { mean, ci95 } = crossedInterval(standing, { seeds: 1, images: standing.length });
  const [low, high] = ci95.map((end) => end.toFixed(3));
  return `${mean.toFixed(3)} [${low ?? ''}, ${high ?? ''}]`;
}

interface Scored {
  readonly way: string;
  readonly own: readonly ObjectScores[];
}

/** Each way by itself, then one of them less the others by image. */
function tell(subject: string, scores: readonly Scored[], against: Scored | undefined): void {
  const rowOf = (of: (measure: (typeof OBJECT_MEASURES)[number]) => string) =>
    Object.fromEntries(OBJECT_MEASURES.map((measure) => [OBJECT_WORDS[measure], of(measure)]));
  report(
    `${subject}: mean and 95 % interval over images`,
    scores.map(({ way, own }) => ({
      way,
      ...rowOf((measure) => interval(own.map((one) => one[measure]))),
    })),
  );
  if (against === undefined) return;
  report(
    `${subject}: ${against.way} minus the others, paired by image`,
    scores
      .filter((one) => one !== against)
      .map(({ way, own }) => ({
        minus: way,
        ...rowOf((measure) => {
          const others = standingFor(own.map((one) => one[measure]));
          const mine = standingFor(against.own.map((one) => one[measure]));
          return interval(mine.map((value, i) => value - (others[i] ?? 0)));
        }),
      })),
  );
}

function scored<L extends Labelled>(
  ways: Readonly<Record<string, Way<L>>>,
  images: readonly L[],
): Scored[] {
  return Object.entries(ways).map(([way, of]) => ({ way, own: scoresOf(of, images) }));
}

const named = ({ neck, smallestPx }: NeckRule) =>
  `watershed, neck ${neck}, smallest ${smallestPx} px`;

const told = drawn(['train', 'val']);
console.log(
  `Labels as they were drawn, chosen on the ${told.length} images that are not held out:`,
);
const ofDrawn = best(SPLITS, watershed, told);
const heldDrawn = drawn(['test']);
const count = heldDrawn.reduce((sum, { truth }) => sum + new Set(truth.objects.data).size - 1, 0);
console.log(`${heldDrawn.length} held-out images with ${count} objects`);
const ofLabels = scored(
  {
    'connected components': connected,
    [`${named(ofDrawn)} (chosen)`]: watershed(ofDrawn),
    [`${named(DEFAULT_SPLIT)} (as it is set)`]: watershed(DEFAULT_SPLIT),
  },
  heldDrawn,
);
tell('labels as they were drawn, held-out images', ofLabels, ofLabels[1]);

const validation = await predicted('val');
console.log(`Predictions, chosen on the ${validation.length} images of validation:`);
const split = best(SPLITS, watershed, validation);
const apart = best(APARTS, head, validation);
const ofPredictions = scored(
  {
    'connected components': connected,
    [`${named(split)} (chosen)`]: watershed(split),
    [`object head, neck ${apart.neck}, middle ${apart.middle} (chosen)`]: head(apart),
    'object head as it is set': head({}),
  },
  await predicted('test'),
);
tell('predictions of held-out images', ofPredictions, ofPredictions.at(-1));
await engine.close();
rmSync(folder, { recursive: true });
