/** What to look at where images of another kind come to a dataset that is all of one, with what training makes of them. */
import { channelsObstacle, countChannels, inputChannelsFor } from '../../shared/channels.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { counted } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';

export type ImageKind = Pick<ImageRecord, 'channels' | 'bitDepth'>;

const listed = (values: Iterable<number>) => inWords([...new Set(values)].map(String));

/** In words; `name`: of the dataset, `there`: its images. */
export function kindDoubts(
  coming: readonly ImageKind[],
  { name, there }: { readonly name: string; readonly there: readonly ImageKind[] },
): string[] {
  const doubts: string[] = [];
  const channels = new Set(there.map((image) => image.channels));
  const other = coming.filter((image) => !channels.has(image.channels));
  if (channels.size === 1 && other.length > 0) {
    const counts = countChannels([...there, ...coming]);
    const best = inputChannelsFor(counts);
    const outcome =
      channelsObstacle(counts, best) ??
      `A network of ${best} channels sees all of them: grey is repeated, nothing is left out.`;
    const found = new Set(other.map((image) => image.channels));
    doubts.push(
      `${counted(other.length, 'image')} of ${listed(found)} ${found.size === 1 && found.has(1) ? 'channel' : 'channels'}, where those of "${name}" have ${listed(channels)}. ${outcome}`,
    );
  }
  const depths = new Set(there.map((image) => image.bitDepth));
  const deeper = coming.filter((image) => !depths.has(image.bitDepth));
  if (depths.size === 1 && deeper.length > 0) {
    doubts.push(
      `${counted(deeper.length, 'image')} of ${listed(deeper.map((image) => image.bitDepth))} bits, where those of "${name}" have ${listed(depths)}. Training takes 8 bits as they are and stretches 16 and 32 between the darkest and brightest pixels of each image, so the same brightness may mean different things.`,
    );
  }
  return doubts;
}
