/** When a live training is measured on what it never trains on. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { HeldOutScore } from '../../../../engine/training/live/held-out-score.ts';
import { imageRecord } from '../../../fixtures/image-records.ts';

const SIDE = 8;
const PASS_MS = 100;

/** Two held-out images of one class beside the background; each pass through the network takes PASS_MS. */
function measuring() {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const member = (id: number) => ({
    ...({
      image: imageRecord(id),
      imageId: id,
      labelMapId: id,
      part: 'test',
      heldOut: true,
    } as const),
  });
  const labels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => i % 2);
  const truth = Float32Array.from([...labels].flatMap((value) => [1 - value, value]));
  return {
    network: {
      classes: 2,
      probabilities: (inputs: readonly Float32Array[]) => {
        now += PASS_MS;
        return Promise.resolve(inputs.map(() => truth));
      },
    },
    labels: { trained: [], heldOut: [member(1), member(2)] },
    dataset: {
      classes: [
        { index: 0, name: 'a', color: '#000000' },
        { index: 1, name: 'b', color: '#ffffff' },
      ],
      hasBackground: true,
    },
    sizePx: SIDE,
    tileOf: ({ imageId }: { readonly imageId: number }) =>
      Promise.resolve({
        ...{ imageId, name: 'a', imageClass: null, width: SIDE, height: SIDE, channels: 1, labels },
        data: new Float32Array(SIDE * SIDE),
      }),
    between: () => Promise.resolve(true),
  };
}

it('is first due at step 20, then every 50 steps while it takes no more than a fifth of the time', async () => {
  const score = new HeldOutScore();
  expect([0, 19, 20].map((step) => score.isDue({ step, trainedMs: 1e6 }))).toEqual([
    false,
    false,
    true,
  ]);
  await score.measure({ step: 20, trainedMs: 1000 }, measuring());
  expect(score.latest).toEqual({ step: 20, dice: 1, images: 0, heldOut: 2 });
  const due = (step: number, sinceMs: number) => score.isDue({ step, trainedMs: 1000 + sinceMs });
  expect([due(69, 1e6), due(70, 5 * PASS_MS - 1), due(70, 5 * PASS_MS)]).toEqual([
    false,
    false,
    true,
  ]);
  score.outdate();
  expect(due(21, 0)).toBe(true);
});
