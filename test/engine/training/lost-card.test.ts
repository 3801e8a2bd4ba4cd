/**
 * A card that is lost at any of a run's reads: steps, validations, checkpoints, tests, pictures. Values come as late as a
 * card's do, and TensorFlow computes them, so that every place can be tried.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../engine/training/tensorflow/backend.ts';
import { cardOutOfMemory, lostCard } from '../../../engine/training/webgpu/card.ts';
import { NetworkConfig, OptimisationConfig, type RunConfig } from '../../../shared/entities.ts';
import type { AppError } from '../../../shared/errors.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { runHere } from './run-here.ts';
import { squaresProject } from './squares-project.ts';

const native = await nativeEngineOrSkip();
const { project, addRun, finetuneConfig, pretrainConfig, stored } = squaresProject();

/** A card is lost, or its memory is used up, in turns. */
const troubleAt = (at: number): AppError =>
  at % 2 === 0 ? lostCard('test card', 'device removed') : cardOutOfMemory('test card');

/** As a card: results come late, and steps are begun before them. Lost at read number `at` (from 1), and from then on. */
function cardLostAt(at: number) {
  let reads = 0;
  const engine: Engine = {
    ...native,
    stepsAhead: 2,
    async values(tensor) {
      const values = native.values(tensor);
      if (++reads >= at) {
        await Promise.resolve();
        throw troubleAt(at);
      }
      return values;
    },
  };
  return engine;
}

const small = {
  network: NetworkConfig.parse({ depth: 1, base: 2, bottleneck: 2, inputChannels: 1 }),
  sampling: { sizePx: 16, mode: 'resize' as const },
  optimisation: OptimisationConfig.parse({
    ...{ steps: 4, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 2 },
  }),
};
const configs: readonly (readonly [string, RunConfig])[] = [
  ['a fine-tuning with validation and test', { ...finetuneConfig('random', null), ...small }],
  ['a pretraining with pictures', { ...pretrainConfig('in-painting'), ...small }],
];

describe.each(configs)('%s', (_, config) => {
  let whole = 0;
  beforeAll(async () => {
    whole = addRun(config);
    const { outcome } = await runHere(project, whole, { engine: cardLostAt(Infinity) });
    expect(outcome).toBe('done');
  });

  it('ends with words wherever the card is lost, and goes on to the same bits', async () => {
    const goneOnFrom = new Set<number>();
    for (let at = 1; ; at++) {
      const run = addRun(config);
      const lost = await runHere(project, run, { engine: cardLostAt(at), checkpointInterval: 0 });
      // It reads no more often than that.
      if (lost.outcome === 'done') {
        expect(at).toBeGreaterThan(20);
        break;
      }
      expect(lost.outcome, `read ${at}`).toBe('failed');
      expect(lost.failure).toMatchObject({ code: 'engine-unavailable' });
      expect(String(lost.failure)).toBe(String(troubleAt(at)));
      expect(String(lost.failure)).toMatch(/"test card".*retry the run to go on/);
      const kept = lost.of('checkpoint').findLast(({ kind }) => kind === 'last')?.step ?? 0;
      // What was kept of one step is the same, wherever the card was lost after it.
      if (goneOnFrom.has(kept)) continue;
      goneOnFrom.add(kept);
      const again = await runHere(project, run, { engine: cardLostAt(Infinity) });
      expect(again.outcome).toBe('done');
      expect(again.of('started')[0]?.firstStep).toBe(kept);
      expect(stored(run, 'last').trained).toEqual(stored(whole, 'last').trained);
    }
    // Before its first checkpoint, and after its last step.
    expect([...goneOnFrom]).toContain(0);
    expect([...goneOnFrom]).toContain(4);
  });
});
