/** Trainer processes that take one run after another. */
import { expect, it } from 'vitest';
import { warmthOfRuns, WarmTrainers } from '../../engine/warm-trainers.ts';
import { nativeEngineOrSkip } from './training/native-engine.ts';
import { squaresProject } from './training/squares-project.ts';

await nativeEngineOrSkip();
const { project, common, addRun, finetuneConfig, stateHash } = squaresProject();

/** Two steps, and all there is to resume from. */
const shortRun = () =>
  addRun({
    ...finetuneConfig('random', null),
    optimisation: { ...common.optimisation, steps: 2, evaluateEvery: 1 },
  });

it('trains one run after another in a process, with the same bits, and ends it on closing', async () => {
  const trainers = new WarmTrainers(warmthOfRuns(() => true));
  const train = (runId: number, options: { fresh?: boolean; killAtStart?: boolean } = {}) => {
    const trainer = trainers.serve(
      {
        type: 'run',
        threads: 1,
        engine: 'tensorflow',
        projectPath: project.path,
        runId,
        prepare: 'inline',
        checkpointIntervalMs: 0.001,
      },
      {
        fresh: options.fresh ?? true,
        onEvent(event) {
          if (event.type === 'checkpoint')
            project.runs.saveCheckpoint(runId, event.kind, event.step, event.bytes);
          if (event.type === 'started' && options.killAtStart === true) trainer.kill();
        },
      },
    );
    return trainer.ended.then(({ orderly }) => ({ pid: trainer.pid, orderly }));
  };
  const [first, second, resumed] = [shortRun(), shortRun(), shortRun()];

  const one = await train(first);
  const two = await train(second);
  expect([one.orderly, two.orderly]).toEqual([true, true]);
  expect(two.pid).toBe(one.pid);
  expect(stateHash(second)).toBe(stateHash(first));

  await trainers.close();
  expect(() => process.kill(one.pid ?? 0, 0)).toThrow('ESRCH');

  const other = await train(resumed, { fresh: false, killAtStart: true });
  expect(other.orderly).toBe(false);
  expect(other.pid).not.toBe(one.pid);
});

it('waits a moment for the next run, and for a pretraining of some length where runs wait for it', () => {
  let expectsMore = false;
  const { waitMs, lifeMs } = warmthOfRuns(() => expectsMore);
  expect(waitMs()).toBeLessThanOrEqual(2000);
  expectsMore = true;
  expect(waitMs()).toBe(lifeMs);
});
