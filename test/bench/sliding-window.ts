/**
 * Predicting a large image in overlapping windows with an untrained network of real size: time, and the largest memory
 * of the process beyond what it held before (the image itself in float32 not counted).
 * usage: sliding-window.ts [--side 8192] [--window 256] [--base 8] [--threads 2]
 */
import { parseArgs } from 'node:util';
import { startEngine } from '../../engine/training/tensorflow/backend.ts';
import { rowsOf } from '../../engine/training/images/image-rows.ts';
import { flattenWeights, initialWeights } from '../../engine/training/network/parameters.ts';
import { predictLabelMaps } from '../../engine/training/scoring/predict.ts';
import { segmentationSpec } from '../../engine/training/objectives/segmentation.ts';
import { createSegmenter, toTensors } from '../../engine/training/scoring/segmenter.ts';
import { NetworkConfig } from '../../shared/entities.ts';
import { report, type Row, timed } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    side: { type: 'string', default: '8192' },
    window: { type: 'string', default: '256' },
    base: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
  },
});
const CLASSES = 2;
const largest = Number(flags.side);
const sizePx = Number(flags.window);
const network = NetworkConfig.parse({ base: Number(flags.base), inputChannels: 1 });
const engine = await startEngine({ engine: 'tensorflow', threads: Number(flags.threads) });
const spec = segmentationSpec(network, CLASSES);
const weights = toTensors([flattenWeights(spec, initialWeights(spec, 0))]);
const segmenter = createSegmenter({ engine, network, sizePx, classes: CLASSES, specs: [spec] });

const raster = (side: number) => ({
  width: side,
  height: side,
  channels: 1,
  data: new Float32Array(side * side).fill(0.5),
});
await predictLabelMaps(segmenter, weights, [rowsOf(raster(2 * sizePx))]); // traces the graph

const rows: Row[] = [];
// 1, 2 and 4 times the pixels.
for (const side of [largest / 2, largest / Math.SQRT2, largest].map(Math.round)) {
  const image = raster(side);
  const before = process.memoryUsage().rss;
  const { ms, cpuMs } = await timed(() => predictLabelMaps(segmenter, weights, [rowsOf(image)]), 1);
  const megapixels = side ** 2 / 1e6;
  rows.push({
    side,
    megapixels,
    s: ms / 1000,
    'CPU s': cpuMs / 1000,
    'ms a megapixel': ms / megapixels,
    'peak MB beyond': (process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20,
  });
}
report('sliding-window prediction', rows);
