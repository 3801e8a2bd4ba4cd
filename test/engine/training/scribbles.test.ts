/** Learning from a few labelled pixels: what is not scribbled on is ignored. */
import { expect, it } from 'vitest';
import { createBatches } from '../../../engine/training/batches/batches.ts';
import { scoreImage } from '../../../engine/training/scoring/metrics.ts';
import { stepScalars } from '../../../engine/training/optimiser.ts';
import { flattenWeights, initialWeights } from '../../../engine/training/network/parameters.ts';
import { predictLabelMaps } from '../../../engine/training/scoring/predict.ts';
import { segmentationObjective } from '../../../engine/training/objectives/segmentation.ts';
import { createSegmenter } from '../../../engine/training/scoring/segmenter.ts';
import type { Tile } from '../../../engine/training/images/tiles.ts';
import {
  createTrainingStep,
  freshState,
  splitSpec,
} from '../../../engine/training/training-step.ts';
import { IGNORE, NetworkConfig, OptimisationConfig } from '../../../shared/entities.ts';
import { createRandom } from '../../../shared/random.ts';
import { nativeEngineOrSkip } from './native-engine.ts';

const engine = await nativeEngineOrSkip();

const sizePx = 32;
const network = NetworkConfig.parse({ depth: 2, base: 8, bottleneck: 2 });

/** A bright disc of random place and size on a noisy ground. */
function discTile(imageId: number): Tile & { readonly labels: Uint8Array } {
  const random = createRandom(imageId, 'scribbles test');
  const [cx, cy, r] = [random.uniform(9, 23), random.uniform(9, 23), random.uniform(5, 8)];
  const labels = Uint8Array.from({ length: sizePx ** 2 }, (_, i) =>
    Math.hypot((i % sizePx) - cx, Math.floor(i / sizePx) - cy) < r ? 1 : 0,
  );
  const data = Float32Array.from(labels, (label) => (label ? 0.62 : 0.38) + 0.1 * random.normal());
  return {
    imageId,
    name: '',
    width: sizePx,
    height: sizePx,
    channels: 1,
    data,
    labels,
    imageClass: null,
  };
}

/** Keeps one horizontal stroke of each class: through the disc's middle row and on into the ground. */
function scribbled(tile: ReturnType<typeof discTile>): Tile {
  const inside = [...tile.labels.keys()].filter((i) => tile.labels[i] === 1);
  const middle = Math.floor((inside[Math.floor(inside.length / 2)] ?? 0) / sizePx);
  const labels = tile.labels.map((label, i) =>
    Math.floor(i / sizePx) === middle ? label : IGNORE,
  );
  return { ...tile, labels };
}

it('reaches nearly whole masks from strokes over a few percent of the pixels', async () => {
  const tiles = Array.from({ length: 6 }, (_, i) => scribbled(discTile(i)));
  const labelled = tiles.map(({ labels }) => (labels ?? []).filter((v) => v !== IGNORE).length);
  expect(Math.max(...labelled) / sizePx ** 2).toBeLessThan(0.04);

  const objective = segmentationObjective({ network, sizePx, classes: 2 });
  const specs = splitSpec(objective.spec, () => false);
  const weights = initialWeights(objective.spec, 3);
  const step = createTrainingStep({
    engine,
    objective,
    specs,
    initial: freshState(flattenWeights(specs.trained, weights)),
    frozen: flattenWeights(specs.frozen, weights),
  });
  const config = OptimisationConfig.parse({
    steps: 150,
    batch: 6,
    learningRate: 5e-3,
    schedule: 'constant',
    evaluateEvery: 150,
  });
  const makeBatch = createBatches({ objective, tiles, sizePx, augment: true, batch: 6, seed: 0 });
  for (let at = 1; at <= config.steps; at++) await step.run(makeBatch(at), stepScalars(config, at));

  const segmenter = createSegmenter({
    engine,
    network,
    sizePx,
    classes: 2,
    specs: [specs.trained],
  });
  const unseen = Array.from({ length: 8 }, (_, i) => discTile(100 + i));
  const inputs = unseen.map((tile) => ({ width: sizePx, height: sizePx, small: tile }));
  const maps = await predictLabelMaps(segmenter, [step.tensors()], inputs);
  const dice = maps.map((map, i) => {
    const truth = { width: sizePx, height: sizePx, data: unseen[i]?.labels ?? new Uint8Array() };
    return scoreImage(map, truth, { count: 2, scored: [1] }).dice ?? NaN;
  });
  segmenter.dispose();
  step.dispose();
  expect(dice.reduce((sum, d) => sum + d, 0) / dice.length).toBeGreaterThan(0.8);
});
