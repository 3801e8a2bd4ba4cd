/** Files that an operating system leaves beside those of its user, in folders and in archives: they are nobody's images or labels. */

/** What Finder, Explorer, the NAS of Synology and QNAP, and Linux trash cans write; names with a dot in front besides. */
const NAMES: ReadonlySet<string> = new Set([
  '__macosx',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  'icon\r',
  '$recycle.bin',
  'system volume information',
  '@eadir',
  '@recycle',
  '#recycle',
]);

/** Whether one name, of a file or of a folder, is such a one. */
export const isSystemName = (name: string): boolean =>
  name.startsWith('.') || NAMES.has(name.toLowerCase());

/** Whether a path leads to such a file, or through such a folder: of an archive, with either slash. */
export const isSystemPath = (path: string): boolean =>
  path.split(/[/\\]/).some((name) => name !== '.' && name !== '..' && isSystemName(name));
