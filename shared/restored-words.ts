/** What is said of images that came out of the bin under another name. */
import { pronounFor, nounFor, verbFor } from './number-format.ts';

const NAMED = 3;

/** One sentence for all of them; empty where none has another name. */
export function restoredWords(
  renamed: readonly { readonly name: string; readonly now: string }[],
): string {
  if (renamed.length === 0) return '';
  const named = renamed.slice(0, NAMED).map(({ name, now }) => `${name} is called ${now} now`);
  const more = renamed.length - named.length;
  const all = more === 0 ? named : [...named, `${more} more have other names`];
  return `${all.join(', ')}: ${pronounFor(renamed.length, 'their')} ${nounFor(renamed.length, 'name')} ${verbFor(renamed.length, 'were')} taken.`;
}
