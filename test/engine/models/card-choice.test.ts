/** Whether a training of a model goes to a graphics card, where its number of steps is given. */
import { expect, it } from 'vitest';
import { trainModel } from '../../../engine/models/train.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';
import { addDataset, temporaryProject } from '../../fixtures/projects.ts';

const ENGINE = { version: '1', threads: 1, node: 'v24', graft: '0' } as const;
const ADAPTER = {
  ...{ maker: 'maker', architecture: '', driver: '1.0', isSoftware: false },
  backend: 'vulkan' as const,
  features: [],
};

async function queued(msOnCard: number, isSoftware = false) {
  const db = temporaryProject();
  const dataset = db.datasets.get(addDataset(db, 'cells', { count: 10 }));
  if (dataset === undefined) throw new Error('it was made');
  const timed: (string | undefined)[] = [];
  const spawn: SpawnTrainer = (request, onEvent) => {
    if (request.type !== 'calibrate') throw new Error(`asked for ${request.type}`);
    const { adapter: name } = request;
    timed.push(name);
    onEvent({
      type: 'calibrated',
      engine:
        name === undefined
          ? { ...ENGINE, name: 'wasm' }
          : { ...ENGINE, name: 'webgpu', adapter: { ...ADAPTER, name } },
      msPerStep: name === undefined ? 100 : msOnCard,
      ...{ startupMs: 10, testMs: 10, peakMemoryBytes: 1 },
    });
    const ended = Promise.resolve({ orderly: true, detail: '' });
    return { pid: 1, stop: () => undefined, kill: () => undefined, ended };
  };
  const { runId, plan } = await trainModel(
    db,
    {
      dataset,
      minutes: 1,
      steps: 7,
      from: 'random',
      splitId: null,
      settings: {},
      name: null,
      seed: 0,
    },
    {
      ...{ engine: 'auto', spawn, signal: new AbortController().signal, progress: () => undefined },
      cards: () => Promise.resolve([{ name: 'Arc', isSoftware }]),
    },
  );
  const config = db.runs.get(runId)?.config;
  return { timed, why: plan.why.join(' '), steps: plan.steps, config };
}

it('automatic measures it against the processor, takes it where it is faster, and says so', async () => {
  const { config, why, steps, timed } = await queued(20);
  expect(timed).toEqual([undefined, 'Arc']);
  expect(config).toMatchObject({ computing: { engine: 'webgpu', adapter: 'Arc' } });
  expect(why).toMatch(/On the graphics card Arc, which was measured to be the fastest here/);
  expect(steps).toBe(7);
});

it('leaves it where it is not, and times nothing where there is none', async () => {
  expect((await queued(95)).config).not.toHaveProperty('computing');
  expect(await queued(20, true)).toMatchObject({ timed: [], steps: 7 });
});
