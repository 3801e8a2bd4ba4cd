/**
 * Helpers that propose labels without a network that was trained on label maps. What one proposes is no label before a
 * person accepts it; a label map that was made from a proposal says whose it was (LabelMapRevision.helper).
 */
import { z } from 'zod';

export const HELPERS = ['scribbles', 'click', 'cut'] as const;
export const Helper = z.enum(HELPERS);
export type Helper = z.infer<typeof Helper>;

/** What a helper is called where its proposals are listed. */
export const HELPER_TITLES: Readonly<Record<Helper, string>> = {
  scribbles: 'Scribbles',
  click: 'Clicks and boxes',
  cut: 'Cutting out',
};

/** "scribbles or clicks and boxes" */
export const helpersInText = (helpers: readonly Helper[]): string =>
  helpers.map((helper) => HELPER_TITLES[helper].toLowerCase()).join(' or ');
