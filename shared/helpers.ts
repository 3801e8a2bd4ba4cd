/**
 * Helpers that propose labels without a network that was trained on label maps. What one proposes is no label before a
 * person accepts it; a label map that was made from a proposal says whose it was (LabelMapRevision.helpers).
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

/** Whose proposals labels were made from, each once, in the order of HELPERS. Empty: nobody's. */
export const Helpers = z.array(Helper);

export const helpersTogether = (...all: readonly (readonly Helper[])[]): readonly Helper[] =>
  HELPERS.filter((helper) => all.some((some) => some.includes(helper)));

/** In one word each with spaces between them, as the project file and addresses hold them. */
export const helpersCode = (helpers: readonly Helper[]): string =>
  helpersTogether(helpers).join(' ');

export const HelpersCode = z
  .string()
  .transform((code) => code.split(' ').filter((word) => word !== ''))
  .pipe(Helpers);

/** "scribbles or clicks and boxes" */
export const helpersInText = (helpers: readonly Helper[]): string =>
  helpers.map((helper) => HELPER_TITLES[helper].toLowerCase()).join(' or ');
