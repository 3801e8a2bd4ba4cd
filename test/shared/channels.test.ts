import { describe, expect, it } from 'vitest';
import {
  channelConversion,
  channelsObstacle,
  countChannels,
  fullConversion,
  inputChannelsFor,
  transparencyInText,
  transparencyOrigin,
  unseenInText,
} from '../../shared/channels.ts';

const images = (...channels: number[]) => channels.map((c) => ({ channels: c }));

describe('the channels that a network sees', () => {
  it('are by default all that the images have, the most of any of them', () => {
    for (const channels of [1, 2, 3, 4, 5, 7]) {
      expect(inputChannelsFor(images(channels))).toBe(channels);
      expect(channelsObstacle(countChannels(images(channels)), channels)).toBeNull();
    }
    expect(inputChannelsFor(images(1, 3))).toBe(3);
    expect(inputChannelsFor([])).toBe(1);
  });

  it('are made of others only between grey and RGB', () => {
    expect(fullConversion(3, 1)).toBe('luma');
    expect(fullConversion(1, 3)).toBe('repeat');
    for (const [from, to] of [
      [2, 1],
      [4, 3],
      [4, 1],
      [2, 3],
      [1, 2],
      [3, 4],
      [5, 3],
    ] as const) {
      expect(fullConversion(from, to), `${from} → ${to}`).toBeNull();
    }
  });

  it('are those of older runs where these go on, and that is said', () => {
    expect(channelConversion(2, 1)).toBe('first');
    expect(channelConversion(4, 3)).toBe('first');
    expect(channelConversion(4, 1)).toBe('luma of the first');
    expect(channelConversion(5, 3)).toBeNull();
    expect(unseenInText(images(2, 2, 1), 1)).toEqual([
      'Not seen by the network, in 2 images: channel 2 is left out.',
    ]);
    expect(unseenInText(images(4), 1)).toEqual([
      'Not seen by the network, in 1 image: channel 4 is left out, colours are made grey.',
    ]);
    expect(unseenInText(images(1, 3), 3)).toEqual([]);
  });

  it('are chosen anew where a network leaves some out, or the images are told apart', () => {
    const counts = countChannels(images(4, 4));
    expect(channelsObstacle(counts, 3)).toMatch(/left out\. Let it see 4 \(--channels 4\)\.$/);
    expect(channelsObstacle(countChannels(images(2, 4)), 4)).toMatch(/No network sees all of them/);
  });

  it('hold no transparency, which is said of each dataset once', () => {
    const dataset = { name: 'cells', origin: transparencyOrigin(2) };
    expect(transparencyInText([dataset, dataset, { name: 'other', origin: {} }])).toEqual([
      'Not seen by the network: the transparency (alpha channel) of 2 images of "cells".',
    ]);
  });
});
