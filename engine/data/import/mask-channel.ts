/** Which channel of masks with alpha holds the mask: their colours, or alpha where the colours say nothing. */
import type { ImportDoubt } from '../../../shared/api.ts';
import type { MaskReading } from '../../../shared/mask-readings.ts';
import { instead, pixelsInText } from './mask-doubts.ts';
import type { SeenValues, ValueMapping } from './value-mapping.ts';

type Channel = ValueMapping['channel'];

/** `why`: in words, where it is alpha. */
export function chooseChannel(
  seen: readonly SeenValues[],
  reading: MaskReading,
): { readonly channel: Channel; readonly why: string | null } {
  if (reading === 'alpha')
    return { channel: 'alpha', why: 'as you asked, the alpha channel is the mask' };
  if (reading === 'auto' && saysNothing(seen)) {
    return { channel: 'alpha', why: 'the alpha channel is the mask' };
  }
  return { channel: 'colour', why: null };
}

/** Whether all masks have alpha and one and the same colour, and only alpha tells pixels apart. */
function saysNothing(seen: readonly SeenValues[]): boolean {
  const colours = new Set<string>();
  const opacities = new Set<number>();
  for (const { kind, histogram, alpha } of seen) {
    if (alpha === null) return false;
    for (const value of histogram.keys()) colours.add(`${kind} ${value}`);
    for (const value of alpha.histogram.keys()) opacities.add(value);
  }
  return colours.size === 1 && opacities.size > 1;
}

/** What is doubtful about the channel: alpha that tells apart what the colours do not, read or left out. */
export function channelDoubts(seen: readonly SeenValues[], channel: Channel): ImportDoubt[] {
  if (channel === 'alpha') {
    const message =
      'The masks have one colour throughout, and only their alpha channel tells pixels apart: it is taken for the mask.';
    return [{ message, instead: [instead('colour')] }];
  }
  const hidden = seen.reduce((sum, { alpha }) => sum + (alpha?.hidden ?? 0), 0);
  if (hidden === 0) return [];
  const message = `${pixelsInText(hidden)} of the masks are transparent and have the colour of pixels that are not: read by their colours, alpha is left out.`;
  return [{ message, instead: [instead('alpha')] }];
}
