/** What the study of the sample project says of each half, by labelled images; compared with it in test/engine/sample.test.ts. */
import type { Halves } from '../../shared/charts/halves.ts';

export const SAMPLE_HALVES: readonly { readonly labels: number; readonly halves: Halves }[] = [
  {
    labels: 4,
    halves: {
      encoder: { state: 'keep', advice: 'Keep it', effect: '+0.079' },
      decoder: { state: 'unclear', advice: 'Can’t tell yet', effect: '+0.019' },
    },
  },
  {
    labels: 16,
    halves: {
      encoder: { state: 'unclear', advice: 'Can’t tell yet', effect: '+0.024' },
      decoder: { state: 'unclear', advice: 'Can’t tell yet', effect: '+0.007' },
    },
  },
];
