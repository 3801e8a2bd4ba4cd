/**
 * Loses a graphics card for real, at every step of a short run: its device is destroyed before a step's loss is read, while
 * a validation and a checkpoint are read, and in the middle of a step's commands. Each run has to end with words and to
 * keep its checkpoint, and to go on from there, on a fresh device, to the bits of a run that was never interrupted.
 *
 * usage: gpu-lost.ts [--steps 6] [--adapter NAME]
 *   Some minutes on a software driver, which compiles every kernel anew for each device; `npm test` loses one there, and
 *   tries every read of a run with a card that is played (test/engine/training/lost-card.test.ts).
 *   Exit code 1: a run did not end so. The last line is JSON: { adapter, rows }.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import { NetworkConfig, OptimisationConfig } from '../../shared/entities.ts';
import { runHere } from '../engine/training/run-here.ts';
import { squaresIn } from '../engine/training/squares.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: { steps: { type: 'string', default: '6' }, adapter: { type: 'string' } },
});
const steps = Number(flags.steps);

const folder = mkdtempSync(join(tmpdir(), 'graft-lost-'));
const { project, addRun, finetuneConfig, stored } = squaresIn(folder);
const config = {
  ...finetuneConfig('random', null),
  network: NetworkConfig.parse({ depth: 1, base: 2, bottleneck: 2, inputChannels: 1 }),
  sampling: { sizePx: 16, mode: 'resize' as const },
  optimisation: OptimisationConfig.parse({
    ...{ steps, batch: 1, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 3 },
  }),
};

async function fresh() {
  const engine = await startEngine({ threads: 1, engine: 'webgpu', adapter: flags.adapter });
  if (engine.card === null) throw new Error('no graphics card');
  return { ...engine, card: engine.card };
}

/** What is read: a step's loss is a number, a validation has the pixels of its images, a checkpoint vectors. */
const READS = { loss: 0, checkpoint: 1, validation: 4 } as const;
interface Place {
  readonly what: keyof typeof READS | 'commands';
  /** The how many-th of its kind, from 1. */
  readonly number: number;
}

/** The engine on a device that is destroyed at that place. */
function lostAt({ what, number }: Place, engine: Awaited<ReturnType<typeof fresh>>): Engine {
  const { device, backend } = engine.card;
  let count = 0;
  if (what === 'commands') {
    const submit = backend.queue.submit.bind(backend.queue);
    backend.queue.submit = (buffers) => {
      if (++count === number) device.destroy();
      submit(buffers);
    };
  }
  return {
    ...engine,
    values(tensor) {
      const isPlace = what !== 'commands' && tensor.rank === READS[what] && ++count === number;
      // Steps: before the read. The others: while it is under way.
      if (isPlace && what === 'loss') device.destroy();
      const values = engine.values(tensor);
      if (isPlace) device.destroy();
      return values;
    },
  };
}

const places: readonly Place[] = [
  ...Array.from({ length: steps }, (_, i): Place => ({ what: 'loss', number: i + 1 })),
  { what: 'validation', number: 1 },
  { what: 'checkpoint', number: 6 },
  { what: 'commands', number: 40 },
];

const lost: {
  readonly place: Place;
  readonly run: number;
  readonly kept: number;
  words: string;
}[] = [];
for (const place of places) {
  const engine = await fresh();
  const run = addRun(config);
  const { outcome, failure } = await runHere(project, run, {
    engine: lostAt(place, engine),
    checkpointInterval: 0,
  });
  engine.card.close();
  const kept = project.runs.checkpoint(run, 'last')?.step ?? 0;
  lost.push({ place, run, kept, words: `${outcome}: ${String(failure)}` });
  console.error(`${place.what} ${place.number}: kept step ${kept}`);
}

const engine = await fresh();
const whole = addRun(config);
await runHere(project, whole, { engine });
const wanted = stored(whole, 'last').trained;
const rows: Row[] = [];
for (const { place, run, kept, words } of lost) {
  const { outcome, of } = await runHere(project, run, { engine });
  const isSame = outcome === 'done' && isDeepStrictEqual(stored(run, 'last').trained, wanted);
  rows.push({
    ...{ lost: `${place.what} ${place.number}`, 'kept step': kept },
    words: /^failed: .*was lost .*retry the run to go on/.test(words) ? 'yes' : words,
    'went on from': of('started')[0]?.firstStep ?? NaN,
    'same bits': isSame ? 'yes' : 'NO',
  });
}
engine.card.close();
project.close();
rmSync(folder, { recursive: true });
report('a card that is lost', rows);
console.log(JSON.stringify({ adapter: engine.card.adapter.name, rows }));
const isWell = rows.every(
  (row) =>
    row['words'] === 'yes' &&
    row['same bits'] === 'yes' &&
    row['went on from'] === row['kept step'],
);
process.exit(isWell ? 0 : 1);
