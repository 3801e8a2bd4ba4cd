/** Why an image is suggested, in one line. */
import { fixed } from '../../shared/number-format.ts';
import type { Suggestion } from './suggest.ts';

/** Shares of the largest distance from which on an image is called unlike, or different. */
const UNLIKE = 0.75;
const DIFFERENT = 0.4;
/** Ranks among the predicted images from which on, or up to which, the network is called unsure, or sure. */
const UNSURE = 0.75;
const SURE = 0.25;

function differenceWords({ difference, nearest }: Suggestion): string {
  if (nearest === 'typical') return 'the most typical of all: nothing is labelled yet';
  const what = nearest === 'before' ? 'the images before it' : 'what is labelled';
  if (difference >= UNLIKE) return `unlike ${nearest === 'before' ? what : 'anything labelled'}`;
  return difference >= DIFFERENT ? `differs from ${what}` : `much like ${what}`;
}

function uncertaintyWords({ uncertainty, unsureRank }: Suggestion): string | null {
  if (uncertainty === null || unsureRank === null) return null;
  const value = fixed(uncertainty, 2);
  if (unsureRank >= UNSURE) return `the network is unsure (${value})`;
  const sure = unsureRank <= SURE ? 'sure' : 'fairly sure';
  return `the network is ${sure} (${value})`;
}

export function reasonOf(suggestion: Suggestion): string {
  const words = [differenceWords(suggestion), uncertaintyWords(suggestion)];
  return words.filter((one) => one !== null).join('; ');
}
