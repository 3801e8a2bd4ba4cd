/** What an export left out, in words: for the engine, the command line and the window. */
import type { ExportLeftOut } from './api.ts';
import { counted } from './number-format.ts';

/** Empty: nothing was left out. */
export const leftOutWords = ({ excluded, otherParts, unlabelled }: ExportLeftOut): string[] => [
  ...(excluded > 0 ? [counted(excluded, 'excluded image')] : []),
  ...(otherParts > 0 ? [`${counted(otherParts, 'image')} of other parts`] : []),
  ...(unlabelled > 0 ? [`${counted(unlabelled, 'image')} without labels`] : []),
];
