/**
 * A frame of the scissors on an image of 4,096² px: milliseconds of the tool's work for one move of the pointer, which
 * wanders away from the last corner at 25 px a frame, and for the click that ends every 300 px. Aim: p95 at most 16 ms.
 *
 * usage: scissors.ts [--size 4096] [--corners 40]
 */
import { parseArgs } from 'node:util';
import { LabelLayer } from '../../renderer/canvas/label-layer.ts';
import { scissors } from '../../renderer/canvas/tools/scissors.ts';
import { NO_MODIFIERS, type ToolContext } from '../../renderer/canvas/tools/tool.ts';
import { imagePoint } from '../../renderer/canvas/viewport.ts';
import { createRandom } from '../../shared/random.ts';
import { report } from './measure.ts';
import { quantile } from './nuclei-objects.ts';

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '4096' },
    corners: { type: 'string', default: '40' },
  },
});
const STEP_PX = 25;
const FRAMES_A_CORNER = 12;

const size = Number(flags.size);
const random = createRandom(1, 'scissors');
const noise = Uint8Array.from({ length: 1024 }, () => random.below(20));
const layer = new LabelLayer(size, size);
/** Discs of 60 px, 150 px apart, on noise. */
const displayed = (x: number, y: number) => {
  const far = Math.hypot((x % 150) - 75, (y % 150) - 75);
  const value = (far < 60 ? 150 : 60) + (noise[(x * 31 + y * 17) & 1023] ?? 0);
  return (value << 16) | (value << 8) | value;
};
const edit = layer.edit();
const context: ToolContext = {
  ...{ layer, blank: 0, brushSizePx: 1, tolerance: 0, displayed, prediction: null, zoom: 1 },
  begin: () => ({
    ...{ edit, paint: { value: 1, only: null } },
    commit: () => undefined,
    revert: () => undefined,
  }),
  objects: null,
  patches: null,
  predict: () => undefined,
  proposed: null,
  nextProposal: () => false,
  onceWhole: () => undefined,
};
const tool = scissors.create();
let at = imagePoint(size / 2, size / 2);
const send = (kind: 'down' | 'up' | 'move'): number => {
  const started = performance.now();
  tool.pointer({ kind, at, path: [at], modifiers: NO_MODIFIERS, clicks: 1 }, context);
  return performance.now() - started;
};
send('down');
const moves: number[] = [];
const clicks: number[] = [];
for (let corner = 0; corner < Number(flags.corners); corner++) {
  const angle = random.uniform(0, 2 * Math.PI);
  for (let frame = 0; frame < FRAMES_A_CORNER; frame++) {
    const inside = (value: number) => Math.min(size - 1, Math.max(0, value));
    at = imagePoint(
      inside(at.x + STEP_PX * Math.cos(angle)),
      inside(at.y + STEP_PX * Math.sin(angle)),
    );
    moves.push(send('move'));
  }
  clicks.push(send('down'));
  send('up');
}
const row = (what: string, values: readonly number[]) => ({
  ...{ what, median: quantile(values, 0.5), p95: quantile(values, 0.95) },
  most: Math.max(...values),
});
report(`scissors at ${size}² px: milliseconds`, [row('move', moves), row('click', clicks)]);
