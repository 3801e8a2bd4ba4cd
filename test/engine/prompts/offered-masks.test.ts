/** Which masks are offered, of logits that are drawn here. */
import { expect, it } from 'vitest';
import { MASK_PX } from '../../../engine/prompts/frame.ts';
import { offeredMasks } from '../../../engine/prompts/offered-masks.ts';

const region = { left: 0, top: 0, width: 64, height: 64 };

/** Inside where x is below a share of the frame. */
const upTo = (share: number) =>
  Float32Array.from({ length: MASK_PX ** 2 }, (_, i) => ((i % MASK_PX) / MASK_PX < share ? 5 : -5));

it('offers no mask twice, none that is empty, and one of nearly everything last', () => {
  const shares = [1, 0.3, 0.301, 0, 0.6, 0.1];
  const candidates = shares.map((share, i) => ({ score: 1 - i / 10, logits: upTo(share) }));
  const offered = offeredMasks(candidates, region);
  expect(offered.map(({ score }) => score)).toEqual([0.9, 0.6, 1]);
  expect(offered[2]?.area).toBe(64 * 64);
});
