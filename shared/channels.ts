/**
 * Which channels of an image a network sees. An image's channels are what its file holds but alpha, which the decoder
 * leaves out: none of them is ever taken for alpha here, and none is left out unless an older project did so.
 */
import { counted, nounFor, verbFor } from './number-format.ts';

/** Images of one count of channels. */
export interface ChannelCount {
  readonly channels: number;
  readonly images: number;
}

/**
 * luma: RGB to grey; repeat: grey into each of three; first: the first channels only, the others are left out;
 * luma of the first: the same, made grey.
 */
export type ChannelConversion = 'as it is' | 'luma' | 'repeat' | 'first' | 'luma of the first';

/** How images of `from` channels come to a network of `to`, with all that they show; null where they cannot. */
export function fullConversion(from: number, to: number): ChannelConversion | null {
  if (from === to) return 'as it is';
  if (from === 3 && to === 1) return 'luma';
  return from === 1 && to === 3 ? 'repeat' : null;
}

/**
 * The same, with what Graft left out before: the last of two and of four channels, which it took for alpha. Nothing new
 * is planned so; a run that was trained so goes on and predicts so.
 */
export function channelConversion(from: number, to: number): ChannelConversion | null {
  const full = fullConversion(from, to);
  if (full !== null) return full;
  if ((from === 2 && to === 1) || (from === 4 && to === 3)) return 'first';
  return from === 4 && to === 1 ? 'luma of the first' : null;
}

/** Whether a conversion leaves the last channel out. */
const leavesOut = (how: ChannelConversion | null): boolean =>
  how === 'first' || how === 'luma of the first';

/** Input channels of a network that is to see all of these images: as many as the images have at most. */
export const inputChannelsFor = (counts: readonly Pick<ChannelCount, 'channels'>[]): number =>
  counts.reduce((most, { channels }) => Math.max(most, channels), 1);

/** "12 images have 2 channels and 3 have 4" */
function channelCountsInText(counts: readonly ChannelCount[]): string {
  const parts = counts.map(({ channels, images }, i) => {
    const noun = i > 0 ? '' : ` ${nounFor(images, 'image')}`;
    const what = i > 0 ? '' : ` ${nounFor(channels, 'channel')}`;
    return `${images}${noun} ${verbFor(images, 'have')} ${channels}${what}`;
  });
  return [parts.slice(0, -1).join(', '), ...parts.slice(-1)].filter((p) => p !== '').join(' and ');
}

/** Images, or counts of them, by their number of channels: fewest channels first. */
export function countChannels(
  images: Iterable<{ readonly channels: number; readonly images?: number }>,
): ChannelCount[] {
  const sums = new Map<number, number>();
  for (const { channels, images: count = 1 } of images) {
    sums.set(channels, (sums.get(channels) ?? 0) + count);
  }
  return [...sums]
    .map(([channels, count]) => ({ channels, images: count }))
    .sort((a, b) => a.channels - b.channels);
}

/** Why no network of so many input channels sees all that these images show, and what to do; null where one does. */
export function channelsObstacle(
  counts: readonly ChannelCount[],
  inputChannels: number,
): string | null {
  const misfits = counts.filter(({ channels }) => fullConversion(channels, inputChannels) === null);
  if (misfits.length === 0) return null;
  const best = inputChannelsFor(counts);
  const fits = counts.every(({ channels }) => fullConversion(channels, best) !== null);
  const unseen = misfits.some(({ channels }) => channels > inputChannels);
  const remedy = fits
    ? `Let it see ${best} (--channels ${best}).`
    : 'No network sees all of them: save them with the same channels, or import those of each kind as a dataset of its own.';
  return `${channelCountsInText(counts)}, and the network takes ${inputChannels}: ${unseen ? 'channels would be left out' : 'only grey and RGB are converted into each other'}. ${remedy}`;
}

/**
 * What a network of so many input channels does not see of images as they are, in words. Empty where it sees all.
 */
export function unseenInText(
  images: Iterable<{ readonly channels: number }>,
  inputChannels: number,
): string[] {
  return countChannels(images).flatMap(({ channels, images: count }) => {
    const how = channelConversion(channels, inputChannels);
    const words = [
      ...(leavesOut(how) ? [`channel ${channels} is left out`] : []),
      ...(how === 'luma' || how === 'luma of the first' ? ['colours are made grey'] : []),
    ];
    if (words.length === 0) return [];
    return [`Not seen by the network, in ${counted(count, 'image')}: ${words.join(', ')}.`];
  });
}

/** Key in Dataset.origin: images whose alpha channel, which no network sees, was not opaque when they were imported. */
const TRANSPARENT_IMAGES = 'transparentImages';

export const transparencyOrigin = (images: number): Record<string, number> =>
  images === 0 ? {} : { [TRANSPARENT_IMAGES]: images };

/** `where`: ' of "cells"'. */
export const transparencyOf = (images: number, where = ''): string =>
  `Not seen by the network: the transparency (alpha channel) of ${counted(images, 'image')}${where}.`;

/** What no network sees of datasets, in words: transparency that was left out at their import. Each dataset once. */
export function transparencyInText(
  datasets: Iterable<{ readonly name: string; readonly origin: Readonly<Record<string, unknown>> }>,
): string[] {
  const notes = [...datasets].flatMap(({ name, origin }) => {
    const images = origin[TRANSPARENT_IMAGES];
    if (typeof images !== 'number' || images === 0) return [];
    return [transparencyOf(images, ` of "${name}"`)];
  });
  return [...new Set(notes)];
}
