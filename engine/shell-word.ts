/** A word of a command as a shell takes it: as it is where that can be, else in double quotes, which all shells know. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  if (/^[\w./:=@%+,-]+$/.test(text)) return text;
  // Backslashes are what paths of Windows are made of, and "!" means something to an interactive bash alone.
  const isSpecial = platform === 'win32' ? /["$`]/ : /["$`\\!]/;
  return isSpecial.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`;
}
