/** A network that tells objects apart: trained, scored, resumed, and what it costs where it is off: nothing. */
import { createHash } from 'node:crypto';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { readLabelMap } from '../../../engine/data/image-source.ts';
import { objectsOf } from '../../../engine/data/objects-of.ts';
import { createBatches } from '../../../engine/training/batches/batches.ts';
import { decodeCheckpoint, weightsHash } from '../../../engine/training/checkpoint.ts';
import { flattenWeights, initialWeights } from '../../../engine/training/network/parameters.ts';
import type { Objective } from '../../../engine/training/objectives/objective.ts';
import {
  lossOfLogits,
  segmentationLogits,
  segmentationObjective,
  segmentationSpec,
} from '../../../engine/training/objectives/segmentation.ts';
import { stepScalars } from '../../../engine/training/optimiser.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../engine/training/training-step.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { componentsOf } from '../../../shared/objects/components.ts';
import { objectCounts, objectScores } from '../../../shared/objects/object-scores.ts';
import { discsProject, SIDE_PX } from './discs-project.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { runHere } from './run-here.ts';

const engine = await nativeEngineOrSkip();
const { project, images, config, addRun } = discsProject();
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe('a network that tells objects apart', () => {
  it('takes touching discs apart which connected regions unite', async () => {
    const { outcome, failure, of } = await runHere(project, addRun(config), { engine });
    expect([outcome, failure]).toEqual(['done', null]);
    const results = of('result').filter(({ result }) => result.checkpoint === 'best');
    expect(results).toHaveLength(4);
    const f1 = results.map(({ result, prediction }) => {
      const labelMapId = images.find(({ id }) => id === result.imageId)?.labelMapId ?? 0;
      const { objects } = objectsOf(project, labelMapId);
      const truth = { objects, classes: readLabelMap(project, labelMapId) };
      const classes = decodeLabelMap(prediction ?? new Uint8Array());
      const regions = { objects: componentsOf(classes, { hasBackground: true }), classes };
      return {
        told: objectScores(result.objects ?? []).f1 ?? 0,
        connected: objectScores(objectCounts(regions, truth, [1])).f1 ?? 0,
      };
    });
    expect(mean(f1.map(({ told }) => told))).toBeGreaterThan(0.9);
    expect(mean(f1.map(({ connected }) => connected))).toBeLessThan(0.7);
  });

  it('resumes with the same bits, from patches too', async () => {
    const short = {
      ...config,
      sampling: { sizePx: 32, mode: 'patches' as const },
      optimisation: { ...config.optimisation, steps: 8, evaluateEvery: 4, batch: 2 },
    };
    const [whole, interrupted] = [addRun(short), addRun(short)];
    await runHere(project, whole, { engine });
    expect((await runHere(project, interrupted, { engine, stopAfter: 5 })).outcome).toBe('stopped');
    expect((await runHere(project, interrupted, { engine })).outcome).toBe('done');
    const [a, b] = [whole, interrupted].map((id) =>
      weightsHash(decodeCheckpoint(project.runs.checkpoint(id, 'last')?.bytes ?? new Uint8Array())),
    );
    expect(b).toBe(a);
  });
});

describe('a network that does not', () => {
  const { network } = config;
  const plain = segmentationObjective({ network, sizePx: SIDE_PX, classes: 2 });
  const tiles = [0, 1].map((imageId) => ({
    ...{ imageId, name: '', width: SIDE_PX, height: SIDE_PX, channels: 1, imageClass: null },
    data: Float32Array.from({ length: SIDE_PX ** 2 }, (_, i) => 0.5 + 0.4 * Math.sin(i + imageId)),
    labels: Uint8Array.from({ length: SIDE_PX ** 2 }, (_, i) => [0, 1, IGNORE][(i >> 5) % 3] ?? 0),
    depths: new Uint8Array(SIDE_PX ** 2).fill(100),
  }));

  async function trained(objective: Objective): Promise<string> {
    const { optimisation } = config;
    const specs = splitSpec(objective.spec, () => false);
    const weights = initialWeights(objective.spec, 1);
    const step = createTrainingStep({
      ...{ engine, objective, specs },
      initial: freshState(flattenWeights(specs.trained, weights)),
      frozen: flattenWeights(specs.frozen, weights),
    });
    const batch = createBatches({
      ...{ objective, tiles, sizePx: SIDE_PX, augment: true, batch: 2, seed: 1 },
    });
    for (let at = 1; at <= 3; at++) await step.run(batch(at), stepScalars(optimisation, at));
    const { theta, statistics, m, v } = await step.read();
    step.dispose();
    const hash = createHash('sha256');
    for (const values of [theta, statistics, m, v]) hash.update(Buffer.from(values.buffer));
    return hash.digest('hex');
  }

  it('is trained to the same bits as by the loss of its classes written out, whether depths are there or not', async () => {
    const written: Objective = {
      ...plain,
      spec: segmentationSpec(network, 2),
      loss(pass, input) {
        const logits = segmentationLogits(pass, network, input('image') as Tensor4D);
        return lossOfLogits(pass.layers, [logits, input('labels')], { loss: null, from: 1 });
      },
    };
    const told = segmentationObjective({
      ...{ network, sizePx: SIDE_PX, classes: 2, objects: { weight: 1 } },
    });
    const [a, b, c] = [await trained(plain), await trained(written), await trained(told)];
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    expect(plain.inputs.map(({ name }) => name)).toEqual(['image', 'labels']);
    expect(plain.spec).toEqual(segmentationSpec(network, 2));
  });

  it('starts with the same weights as one that does', () => {
    const told = segmentationObjective({
      ...{ network, sizePx: SIDE_PX, classes: 2, objects: { weight: 1 } },
    });
    const [own, others] = [initialWeights(plain.spec, 7), initialWeights(told.spec, 7)];
    for (const [name, values] of own.parameters)
      expect(others.parameters.get(name)).toEqual(values);
    expect(others.parameters.size).toBe(own.parameters.size + 2);
  });
});
