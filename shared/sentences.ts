/** Pieces of sentences. */

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** a; a and b; a, b and c. */
export function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
