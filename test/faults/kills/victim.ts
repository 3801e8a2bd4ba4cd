/**
 * A process that is going to be killed, or whose disk fills up, while it paints, imports, adds, exports, migrates, backs up or
 * trains. Says over IPC what it has been told is done; whatever it has said must be there afterwards.
 * usage: victim.ts WORK PROJECT FOLDER
 */
import { join } from 'node:path';
import { z } from 'zod';
import { createEngine } from '../../../engine/engine.ts';
import { startServer } from '../../../engine/server.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { spawnTrainer } from '../../../engine/trainer.ts';
import { type LabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { fromWireError, toWireError } from '../../../shared/errors.ts';
import { createRandom } from '../../../shared/random.ts';
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
