/** Texts that a person may send to others, without the name that the user's folder has in it. */

/**
 * `text` with ~ for the user's folder, in each way that programs write it: as the system does, with doubled
 * backslashes, with slashes, and in addresses of files. `home`: null where it is not known.
 */
export function withoutHome(text: string, home: string | null): string {
  // Where the folder is the root itself, it names nobody.
  if (home === null || home.length < 2) return text;
  const slashed = home.replaceAll('\\', '/');
  const address = encodeURI(slashed).replaceAll('#', '%23').replaceAll('?', '%3F');
  const forms = [home.replaceAll('\\', '\\\\'), address, slashed, home].map((form) =>
    form.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`),
  );
  // Windows takes capitals for small letters.
  return text.replaceAll(new RegExp(forms.join('|'), home.includes('\\') ? 'gi' : 'g'), '~');
}
