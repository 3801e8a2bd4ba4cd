/** Which masks of a network are offered, and in which order: none twice, and one of nearly everything last. */
import type { PredictionRegion } from '../../shared/api.ts';
import { maskOf } from './frame.ts';
import type { Candidate } from './messages.ts';

const MOST_MASKS = 3;
/** Masks that overlap more (IoU) are one: nobody sees the difference. */
const ALIKE = 0.95;
/**
 * A mask of more than this share of the region comes last: what is meant by a click is hardly ever all that there is, which
 * networks are sure of where objects are small.
 */
const ALL_OF_IT = 0.9;

export interface OfferedMask extends Candidate {
  /** In the region (shared/mask-runs.ts). */
  readonly runs: readonly number[];
  readonly area: number;
}

function areAlike(a: Float32Array, b: Float32Array): boolean {
  let [both, either] = [0, 0];
  a.forEach((value, i) => {
    const [here, there] = [value > 0, (b[i] ?? 0) > 0];
    if (here && there) both++;
    if (here || there) either++;
  });
  return either > 0 && both / either > ALIKE;
}

/** `candidates`: those that serve best first. Masks that hold nothing are left out. */
export function offeredMasks(
  candidates: readonly Candidate[],
  region: PredictionRegion,
): OfferedMask[] {
  const found: OfferedMask[] = [];
  for (const candidate of candidates) {
    if (found.length === MOST_MASKS) break;
    if (found.some(({ logits }) => areAlike(logits, candidate.logits))) continue;
    const { runs, area } = maskOf(candidate.logits, region);
    if (area > 0) found.push({ ...candidate, runs, area });
  }
  const isAll = ({ area }: OfferedMask) => area > ALL_OF_IT * region.width * region.height;
  return [...found.filter((one) => !isAll(one)), ...found.filter(isAll)];
}
