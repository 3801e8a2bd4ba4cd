/**
 * What the progress of one run costs the writer's thread while a study of hundreds is shown, beside what asking for
 * all lists anew would cost: `node build/run.mjs test/bench/run-progress.ts`
 */
import { join } from 'node:path';
import { createEngine } from '../../engine/engine.ts';
import { createStudy } from '../../engine/study/planning/create.ts';
import type { TrainerEvent } from '../../engine/training/protocol.ts';
import { PRETRAINING_TASKS, StudyConfig } from '../../shared/entities.ts';
import { addPicture, emptyDataset, inFolder, picture } from './bench-project.ts';

const REPETITIONS = 20;
const optimisation = { steps: 400, batch: 4, schedule: 'constant', evaluateEvery: 10 } as const;

async function milliseconds(work: (repetition: number) => unknown): Promise<number> {
  const start = performance.now();
  for (let i = 1; i <= REPETITIONS; i++) await work(i);
  return (performance.now() - start) / REPETITIONS;
}

await inFolder(async (folder) => {
  let send: (event: TrainerEvent) => void = () => undefined;
  const engine = createEngine({
    // A trainer that never does anything by itself.
    spawn(_, onEvent) {
      send = onEvent;
      const { promise: ended, resolve } = Promise.withResolvers<{
        orderly: boolean;
        detail: string;
      }>();
      const end = () => resolve({ orderly: true, detail: '' });
      return { pid: 1, ended, stop: end, kill: end };
    },
  });
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const { db } = engine.project(project);
  const [source = 0, target = 0] = [20, 60].map((count, of) => {
    const datasetId = emptyDataset(db, `set ${of}`);
    for (let i = 0; i < count; i++) {
      const drawn = picture(1000 * of + i, 32);
      addPicture(db, datasetId, { name: `${i}.png`, sizePx: 32, picture: drawn });
    }
    return datasetId;
  });
  const tasks = PRETRAINING_TASKS.filter((task) => task !== 'classification').slice(0, 10);
  const { id: studyId } = createStudy(
    db,
    StudyConfig.parse({
      name: 'large',
      sourceDatasetId: source,
      targetDatasetId: target,
      network: { inputChannels: 3 },
      sampling: { sizePx: 32 },
      pretrainings: tasks.map((task) => ({
        task,
        transfers: ['encoder', 'frozen-encoder', 'permuted-encoder'],
        optimisation,
      })),
      finetuning: optimisation,
      labelCounts: [2, 4, 8],
      seeds: 6,
      execution: { threads: 1, parallel: 1 },
    }),
  );
  await engine.call('studies.run', { project, studyId });
  const runs = db.runs.list().length;

  let listBytes = 0;
  const listsMs = await milliseconds(async () => {
    const lists = await Promise.all([
      engine.call('runs.list', { project }),
      engine.call('encoders.list', { project }),
      engine.call('studies.list', { project }),
      engine.call('studies.status', { project, studyId }),
    ]);
    listBytes = JSON.stringify(lists).length;
  });
  let eventBytes = 0;
  const stop = engine.subscribe((event) => (eventBytes = JSON.stringify(event).length));
  const eventMs = await milliseconds((step) =>
    send({ type: 'progress', step, trainedSeconds: step, peakMemoryBytes: 1 }),
  );
  stop();
  await engine.close();
  process.stdout.write(
    `${runs} runs: all lists ${listsMs.toFixed(1)} ms, ${listBytes} bytes; ` +
      `progress, its commit to the disk included, ${eventMs.toFixed(1)} ms, ${eventBytes} bytes\n` +
      `${JSON.stringify({ runs, lists_ms: listsMs, list_bytes: listBytes, event_ms: eventMs, event_bytes: eventBytes })}\n`,
  );
});
