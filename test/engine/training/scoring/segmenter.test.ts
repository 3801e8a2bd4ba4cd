/** How many inputs a pass of a network takes. */
import { expect, it } from 'vitest';
import {
  createSegmenter,
  disposeWeights,
  passFor,
  toTensors,
} from '../../../../engine/training/scoring/segmenter.ts';
import { flattenWeights, initialWeights } from '../../../../engine/training/network/parameters.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

it('computes as little as it can for inputs that are not there, and never in odd passes', () => {
  expect([16, 32, 20, 3, 100, 64, 0].map((atOnce) => passFor(atOnce, 32))).toEqual([
    16, 32, 8, 8, 8, 32, 32,
  ]);
  expect(passFor(1, 2)).toBe(2);
  expect(passFor(3, 14)).toBe(14);
  expect(passFor(1, 1)).toBe(1);
});

it('says the same of an input whatever the size of its pass', async () => {
  const sizePx = 32;
  const network = NetworkConfig.parse({ base: 4, depth: 2 });
  const spec = segmentationSpec(network, 2);
  const random = createRandom(0, 'inputs');
  const inputs = Array.from({ length: 5 }, () =>
    Float32Array.from({ length: sizePx ** 2 }, () => random.next()),
  );
  const weights = toTensors([flattenWeights(spec, initialWeights(spec, 0))]);
  const saidWith = async (atOnce?: number) => {
    const own = createSegmenter({ engine, network, sizePx, classes: 2, specs: [spec], atOnce });
    const said = await own.probabilities(weights, inputs);
    own.dispose();
    return said;
  };
  const inFull = await saidWith();
  const inQuarters = await saidWith(5);
  expect(inQuarters).toHaveLength(5);
  const furthest = inFull.map((said, i) =>
    Math.max(...said.map((p, at) => Math.abs(p - (inQuarters[i]?.[at] ?? Number.NaN)))),
  );
  expect(Math.max(...furthest)).toBeLessThan(1e-6);
  disposeWeights(weights);
});
