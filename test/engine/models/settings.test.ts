import { describe, expect, it } from 'vitest';
import { modelSchedule, workedOut } from '../../../engine/models/settings.ts';

const image = (widthPx: number, heightPx: number, channels = 1) => ({
  widthPx,
  heightPx,
  channels,
});

describe('settings worked out from the images', () => {
  it('see small images whole and large ones in patches', () => {
    const whole = workedOut({ images: [image(200, 130)], classShares: [0.3] });
    expect(whole.sampling).toEqual({ sizePx: 208, mode: 'resize' });
    const patches = workedOut({ images: [image(2048, 1024)], classShares: [0.3] });
    expect(patches.sampling).toEqual({ sizePx: 256, mode: 'patches' });
  });

  it('take a loss for rare classes where one has few of the labelled pixels', () => {
    const rare = workedOut({ images: [image(64, 64)], classShares: [0.3, 0.01] });
    expect(rare.loss.kind).toBe('cross-entropy+tversky');
    const common = workedOut({ images: [image(64, 64)], classShares: [0.3, 0.1] });
    expect(common.loss.kind).toBe('cross-entropy+dice');
  });

  it('see as many channels as the images have', () => {
    const { network } = workedOut({ images: [image(64, 64), image(64, 64, 3)], classShares: [] });
    expect(network.inputChannels).toBe(3);
  });

  it('validate at least once, and some forty times', () => {
    expect(modelSchedule(3).evaluateEvery).toBe(3);
    expect(modelSchedule(4000).evaluateEvery).toBe(100);
  });
});
