import { expect, it } from 'vitest';
import { createBatches } from '../../../engine/training/batches/batches.ts';
import { measureFrozenStatistics } from '../../../engine/training/frozen-statistics.ts';
import {
  filterSpec,
  initialWeights,
  unflattenWeights,
} from '../../../engine/training/network/parameters.ts';
import { segmentationObjective } from '../../../engine/training/objectives/segmentation.ts';
import { NetworkConfig } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';
import { nativeEngineOrSkip } from './native-engine.ts';

const engine = await nativeEngineOrSkip();

const sizePx = 16;
const network = NetworkConfig.parse({ depth: 1, base: 8, bottleneck: 2 });
const objective = segmentationObjective({ network, sizePx, classes: 2 });
const weights = initialWeights(objective.spec, 1);
const frozen = filterSpec(objective.spec, ({ group }) => group === 'encoder');
const random = createRandom(0, 'frozen statistics test');
const tiles = [0, 1, 2, 3].map((imageId) => ({
  imageId,
  name: String(imageId),
  width: sizePx,
  height: sizePx,
  channels: 1,
  data: Float32Array.from({ length: sizePx ** 2 }, () => random.next()),
  labels: new Uint8Array(sizePx ** 2),
  imageClass: null,
}));
const makeBatch = createBatches({ objective, tiles, sizePx, augment: false, batch: 4, seed: 0 });
const measure = () =>
  measureFrozenStatistics({
    engine,
    objective,
    frozen,
    weights,
    batches: 20,
    makeBatch: (step) => Promise.resolve(makeBatch(step)),
  });

it('leaves the weights as they are and measures what their convolutions give', async () => {
  const measured = unflattenWeights(frozen, await measure());
  for (const [name, values] of measured.parameters)
    expect(values).toEqual(weights.parameters.get(name));
  expect([...measured.statistics.keys()]).toEqual(frozen.statistics.map(({ layer }) => layer));

  // Mean of the first convolution's first channel over all batches, by hand: without augmentation all are alike.
  const kernel = weights.parameters.get('encoder/level1/conv1/kernel') ?? new Float32Array();
  let sum = 0;
  for (const { data } of tiles) {
    for (let y = 0; y < sizePx; y++) {
      for (let x = 0; x < sizePx; x++) {
        for (let k = 0; k < 9; k++) {
          const [sy, sx] = [y + Math.floor(k / 3) - 1, x + (k % 3) - 1];
          if (sy < 0 || sx < 0 || sy >= sizePx || sx >= sizePx) continue;
          sum += (kernel[k * 8] ?? 0) * (data[sy * sizePx + sx] ?? 0);
        }
      }
    }
  }
  const mean = measured.statistics.get('encoder/level1/conv1')?.[0];
  expect(mean).toBeCloseTo(sum / (tiles.length * sizePx ** 2), 4);
});

it('gives the same bits every time', async () => {
  expect(await measure()).toEqual(await measure());
});
