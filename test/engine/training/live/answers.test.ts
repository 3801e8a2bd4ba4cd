import { expect, it } from 'vitest';
import { Answers } from '../../../../engine/training/live/answers.ts';
import { Hand } from '../../../../engine/training/live/hand.ts';
import type { LiveEvent } from '../../../../engine/training/live/messages.ts';
import type { LiveNetwork } from '../../../../engine/training/live/network.ts';
import { liveSettings } from '../../../../engine/training/live/settings.ts';
import { decodeLabelMap } from '../../../../shared/label-map.ts';
import { SIZE_PX, squaresProject } from '../squares-project.ts';

/** Reads an image row by row and labels what it was asked for. */
const slow: LiveNetwork['predict'] = async (input, area) => {
  for (let y = 0; y < input.height; y++) {
    if ('rows' in input) await input.rows(y, 1);
  }
  const { width, height } = area ?? input;
  return { width, height, data: new Uint8Array(width * height).fill(1) };
};

function played() {
  const { project, images } = squaresProject();
  const [image] = images;
  if (image === undefined) throw new Error('the project has no image');
  const said: LiveEvent[] = [];
  const hand = new Hand();
  const answers = new Answers({
    ...{ project, datasetId: image.datasetId, openImageId: null, hand },
    atOncePixels: 100,
    deliver: (event) => Promise.resolve(void said.push(event)),
  });
  const give = () =>
    answers.give({
      // Of a network, its predictions alone are asked for here.
      network: { predict: slow } as LiveNetwork,
      settings: { ...liveSettings(images), sampling: { sizePx: 16, mode: 'patches' } },
      ...{ step: 3, whyNone: '' },
    });
  return { said, hand, answers, give, imageId: image.id };
}

it('answers for what is on the screen, and leaves a large image off when nobody waits any more', async () => {
  const { said, answers, give, imageId } = played();
  const area = { left: 2, top: 4, width: 10, height: 6 };
  answers.ask({ type: 'predict', id: 1, imageId, area });
  await give();
  const [first] = said;
  const bytes = first?.type === 'prediction' ? first.bytes : new Uint8Array();
  expect(decodeLabelMap(bytes)).toMatchObject({ width: 10, height: 6 });

  answers.ask({ type: 'predict', id: 2, imageId, area: null });
  const given = give();
  setImmediate(() => answers.drop(2));
  await given;
  expect(said[1]).toMatchObject({ type: 'refused', id: 2, error: { code: 'cancelled' } });

  answers.ask({ type: 'predict', id: 3, imageId, area: { ...area, width: SIZE_PX } });
  await give();
  expect(said[2]).toMatchObject({ type: 'refused', id: 3, error: { code: 'invalid-input' } });
});

it('lets somebody who paints go before a large answer, and before nothing that is waited for', async () => {
  const { said, hand, answers, give, imageId } = played();
  const small = { left: 0, top: 0, width: 10, height: 10 };
  // Decoded before, which takes longer than a hand rests.
  answers.ask({ type: 'predict', id: 0, imageId, area: small });
  await give();
  said.pop();
  hand.moves();
  answers.ask({ type: 'predict', id: 1, imageId, area: small });
  await give();
  expect([said.length, hand.isStill]).toEqual([1, false]);
  answers.ask({ type: 'predict', id: 2, imageId, area: null });
  await give();
  expect([said.length, hand.isStill]).toEqual([2, true]);
  // One that nobody waits for any more waits for nobody.
  hand.moves();
  answers.ask({ type: 'predict', id: 3, imageId, area: null });
  answers.drop(3);
  await give();
  expect(said[2]).toMatchObject({ type: 'refused', id: 3 });
  expect(hand.isStill).toBe(false);
});
