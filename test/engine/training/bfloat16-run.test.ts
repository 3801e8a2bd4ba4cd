/** A run in bfloat16, from its first step to the predictions of its network. */
import { beforeEach, expect, it } from 'vitest';
import { predictInputs } from '../../../engine/training/prediction-request.ts';
import type { TrainerEvent } from '../../../engine/training/protocol.ts';
import { bfloat16OrSkip } from './bfloat16.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { runHere } from './run-here.ts';
import { squaresProject } from './squares-project.ts';

const engine = await nativeEngineOrSkip();
beforeEach((context) => bfloat16OrSkip(context, engine));

const { project, images, common, addRun, finetuneConfig, stateHash } = squaresProject();
// Eight channels: fewer stay in float32.
const network = { ...common.network, base: 8 };
const runIn = (precision: 'float32' | 'bfloat16') =>
  addRun({
    ...finetuneConfig('random', null),
    network,
    optimisation: { ...common.optimisation, precision },
  });

const hashes = (of: Awaited<ReturnType<typeof runHere>>['of']) =>
  of('result').map(({ result, prediction }) => [result.dice, prediction]);

it('resumes with the bits of an uninterrupted run, validation and test among them', async () => {
  const [whole, halved, exact] = [runIn('bfloat16'), runIn('bfloat16'), runIn('float32')];
  const uninterrupted = await runHere(project, whole, { engine });
  const first = await runHere(project, halved, { engine, stopAfter: 23 });
  expect(first.outcome).toBe('stopped');
  const second = await runHere(project, halved, { engine });
  expect(second.of('started').at(-1)?.firstStep).toBe(23);
  expect(stateHash(halved)).toBe(stateHash(whole));
  expect(hashes(second.of)).toEqual(hashes(uninterrupted.of));
  expect(uninterrupted.of('started')[0]?.engine.operations).toContain('bfloat16 activations');

  // As well as in float32, by other digits.
  const reference = await runHere(project, exact, { engine });
  expect(stateHash(exact)).not.toBe(stateHash(whole));
  const mean = (of: Awaited<ReturnType<typeof runHere>>['of']) => {
    const dice = of('result').map(({ result }) => result.dice ?? 0);
    return dice.reduce((sum, value) => sum + value, 0) / dice.length;
  };
  expect(Math.abs(mean(uninterrupted.of) - mean(reference.of))).toBeLessThan(0.15);
});

it('its network predicts in bfloat16; elsewhere in float32, and says so', async () => {
  const runId = runIn('bfloat16');
  await runHere(project, runId, { engine });
  const predicted = async (here: typeof engine) => {
    const events: TrainerEvent[] = [];
    const inputs = images.slice(9).map(({ id }) => ({ imageId: id }));
    const request = {
      ...({
        type: 'predict',
        threads: 1,
        engine: 'tensorflow',
        projectPath: project.path,
      } as const),
      ...{ runId, inputs },
    };
    await predictInputs(project, request, here, (event) => events.push(event));
    return {
      notes: events.flatMap((event) => (event.type === 'note' ? [event.message] : [])),
      uncertainty: events.flatMap((event) =>
        event.type === 'prediction' ? [event.uncertainty ?? NaN] : [],
      ),
    };
  };
  const narrow = await predicted(engine);
  expect(narrow.notes).toEqual([]);
  const wide = await predicted({ ...engine, operations: [] });
  expect(wide.notes).toEqual([expect.stringMatching(/trained in bfloat16.*predicts in float32/)]);
  expect(wide.uncertainty).not.toEqual(narrow.uncertainty);
  wide.uncertainty.forEach((value, i) => {
    expect(narrow.uncertainty[i]).toBeCloseTo(value, 1);
  });
});
