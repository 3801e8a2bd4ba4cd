import { expect, it } from 'vitest';
import { liveSettings } from '../../../../engine/training/live/settings.ts';

const images = (...sides: number[]) =>
  sides.map((widthPx) => ({ widthPx, heightPx: 40, channels: widthPx > 900 ? 3 : 1 }));

it('sees most images as they are, and a step never costs more than a step', () => {
  const of = (...sides: number[]) => {
    const { sampling, optimisation } = liveSettings(images(...sides));
    return [sampling.mode, sampling.sizePx, optimisation.batch];
  };
  expect(of()).toEqual(['resize', 64, 16]);
  expect(of(90, 90, 4000)).toEqual(['resize', 128, 8]);
  expect(of(256)).toEqual(['resize', 256, 2]);
  expect(of(257)).toEqual(['patches', 256, 2]);
  expect(of(1024)).toEqual(['patches', 256, 2]);
  expect(of(4096, 20_000)).toEqual(['patches', 256, 2]);
  expect(liveSettings(images(1000, 1000, 8)).network.inputChannels).toBe(3);
  // As many of both: the fewer channels, whichever come first.
  for (const sides of [
    [1000, 8],
    [8, 1000],
  ]) {
    expect(liveSettings(images(...sides)).network.inputChannels).toBe(1);
  }
});

it('changes views by their own spread: some of few images may be dark', () => {
  expect(liveSettings(images(256)).augment).toBe('by-spread');
});
