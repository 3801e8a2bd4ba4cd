/**
 * A process that is going to be killed, or whose disk fills up, while it paints, imports, adds, exports, migrates, backs up,
 * measures, tells objects apart, brings weights in or trains. Says over IPC what it has been told is done; whatever it has said must be there afterwards.
 * usage: victim.ts WORK PROJECT FOLDER
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { createEngine } from '../../../engine/engine.ts';
import { startServer } from '../../../engine/server.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { spawnTrainer } from '../../../engine/trainer.ts';
import { type LabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { AppError, fromWireError, toWireError } from '../../../shared/errors.ts';
import { createRandom } from '../../../shared/random.ts';
import { WEIGHTS } from './projects.ts';
import { type Said, type Work, WORKS } from './said.ts';

const [name, project = '', folder = ''] = process.argv.slice(2);
const work = z.enum(WORKS).parse(name);
const say = (said: Said) => void process.send?.(said);

const engine = createEngine({
  runQueues: work === 'training',
  spawn: (request, onEvent) =>
    // Checkpoints as often as it can: a kill falls between two of them, and not before the first.
    spawnTrainer(
      request.type === 'run' ? { ...request, checkpointIntervalMs: 1 } : request,
      onEvent,
    ),
});

function picture(n: number): LabelMap {
  const random = createRandom(n, 'kills');
  return { width: 32, height: 32, data: Uint8Array.from({ length: 1024 }, () => random.below(2)) };
}

async function paint(times = Infinity): Promise<void> {
  const images = await engine.call('images.list', { project, datasetId: 1, offset: 0, limit: 4 });
  for (let n = 0; n < times; n++) {
    const imageId = images.images[n % images.images.length]?.id ?? 0;
    const bytes = encodeLabelMap(picture(n));
    const { id } = await engine.call('labelMaps.save', {
      ...{ project, imageId, bytes },
      ...{ author: 'human', runId: null, base: null },
    });
    say({ type: 'painted', labelMapId: id, sha256: sha256(bytes) });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Label maps whose objects are told apart: one a row of a class. */
async function paintObjects(imageId: number, n: number): Promise<void> {
  const map = picture(n);
  const objects = Uint32Array.from(map.data, (value, i) =>
    value === 0 ? 0 : 1 + Math.floor(i / map.width),
  );
  await engine.call('labelMaps.save', {
    ...{ project, imageId, bytes: encodeLabelMap(map), author: 'human', runId: null, base: null },
    objects: encodeObjectMap({ ...map, data: objects }),
  });
}

/** What the newest labels of these images have for objects. */
function sayObjects(imageIds: readonly number[]): void {
  const { db } = engine.project(project);
  for (const { id, labelMapId } of db.datasets.images(1)) {
    const objects = labelMapId === null ? undefined : db.labelMaps.objects(labelMapId);
    if (labelMapId === null || objects === undefined || !imageIds.includes(id)) continue;
    say({ type: 'objects', labelMapId, sha256: sha256(objects) });
  }
}

/** Until it has learned something, or cannot go on. */
async function learned(): Promise<void> {
  for (;;) {
    const { phase, why, step } = await engine.call('live.state', { project });
    if (phase === 'failed') {
      throw new AppError(/is full/.test(why ?? '') ? 'no-space' : 'internal', why ?? 'no reason');
    }
    if (step > 0) return;
    await delay(20);
  }
}

/** All images of a dataset, to another one. */
async function transfer(how: 'move' | 'copy', datasetId: number, toDatasetId: number) {
  const { images } = await engine.call('images.list', { project, datasetId, offset: 0, limit: 9 });
  const imageIds = images.map(({ id }) => id);
  return engine.call('images.transfer', { project, imageIds, toDatasetId, how });
}

const works: Record<Work, () => Promise<void>> = {
  painting: () => paint(),
  async importing() {
    say({ type: 'began' });
    const path = join(folder, 'images');
    const { images } = await engine.call('datasets.import', { project, name: 'killed', path });
    say({ type: 'imported', images });
  },
  async adding() {
    say({ type: 'began' });
    const path = join(folder, 'images');
    const { images } = await engine.call('additions.add', { project, datasetId: 1, path });
    say({ type: 'added', images });
  },
  async exporting() {
    say({ type: 'began' });
    const dir = join(folder, 'out');
    const { files } = await engine.call('datasets.export', {
      ...{ project, datasetId: 1, dir },
      format: 'folder',
    });
    say({ type: 'exported', files });
  },
  async moving() {
    say({ type: 'began' });
    for (let [from, to] = [2, 3]; ; [from, to] = [to, from]) {
      await transfer('move', from, to);
      say({ type: 'moved' });
    }
  },
  async 'emptying the bin'() {
    say({ type: 'began' });
    for (;;) {
      const { imageIds } = await transfer('copy', 2, 3);
      await engine.call('images.delete', { project, imageIds: [...imageIds] });
      await engine.call('bin.empty', { project, datasetId: 3 });
      say({ type: 'emptied' });
    }
  },
  async compacting() {
    // Each image once, so that no revision is dropped that was acknowledged.
    await paint(4);
    say({ type: 'began' });
    for (;;) {
      await engine.call('project.compact', {
        ...{ project, backup: false },
        drop: ['history', 'checkpoints', 'weights', 'predictions'],
      });
      say({ type: 'compacted' });
    }
  },
  async 'training live'() {
    await engine.call('live.start', { project, datasetId: 1 });
    say({ type: 'began' });
    await paint(4);
    await new Promise(() => undefined);
  },
  async 'pausing live'() {
    say({ type: 'began' });
    for (let round = 0; round < 3; round++) {
      await engine.call('live.start', { project, datasetId: 1 });
      await paint(2);
      await learned();
      const { phase, why } = await engine.call('live.pause', { project });
      if (phase === 'failed') throw new AppError('internal', why ?? 'no reason');
    }
  },
  // What comes first is acknowledged before it may be killed.
  async measuring() {
    for (let n = 0; ; n++) {
      const dir = join(folder, `measured-${n}`);
      await engine.call('measures.write', { project, datasetId: 1, dir });
      say({ type: 'measured', dir, sha256: sha256(readFileSync(join(dir, 'objects.csv'))) });
    }
  },
  async 'changing objects'() {
    const { images } = await engine.call('images.list', {
      ...{ project, datasetId: 1, offset: 0, limit: 4 },
    });
    const imageIds = images.map(({ id }) => id);
    for (let n = 0; ; n++) {
      for (const id of imageIds) await paintObjects(id, n);
      sayObjects(imageIds);
      for (const how of ['split', 'components', 'none'] as const) {
        await engine.call('objects.tellApart', { project, datasetId: 1, imageIds, how });
        sayObjects(imageIds);
      }
    }
  },
  async 'bringing weights in'() {
    for (let n = 0; n < 3; n++) {
      const path = join(folder, WEIGHTS);
      const { id } = await engine.call('encoders.import', { project, path, name: `own ${n}` });
      const weights = engine.project(project).db.encoders.importedWeights(id);
      if (weights === undefined) throw new Error(`encoder ${id} has no weights`);
      say({ type: 'brought in', encoderId: id, sha256: sha256(weights) });
    }
  },
  /** Opening it was all. */
  migrating: () => Promise.resolve(),
  async 'backing up'() {
    say({ type: 'began' });
    for (;;) {
      const { path } = await engine.call('project.backup', { project });
      say({ type: 'backed up', path });
    }
  },
  training() {
    say({ type: 'began' });
    return new Promise((resolve, reject) => {
      const ask = setInterval(() => {
        const { db, queue } = engine.project(project);
        const run = db.runs.get(1);
        const error = run?.error ?? queue.held;
        if (run?.status !== 'done' && error === null) return;
        clearInterval(ask);
        if (error === null) {
          say({ type: 'trained' });
          resolve();
        } else {
          reject(fromWireError(error));
        }
      }, 50);
    });
  },
  /** Serves a page, which is another process. */
  async page() {
    const server = await startServer(engine);
    say({ type: 'serves', launchUrl: server.launchUrl() });
    await new Promise(() => undefined);
  },
};

try {
  if (work === 'migrating') say({ type: 'began' });
  await engine.call('project.open', { path: project });
  await works[work]();
} catch (error) {
  say({ type: 'failed', error: toWireError(error) });
}
await engine.close();
say({ type: 'ended' });
process.disconnect();
