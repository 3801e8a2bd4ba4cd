/** What the preview of an import or an addition says, in lines. */
import type { ImportDoubt, ImportPreview } from '../../shared/api.ts';
import { IGNORE } from '../../shared/entities.ts';
import { counted } from '../../shared/number-format.ts';

/** What to look at, each with the other readings and their flags. */
export const doubtLines = (doubts: readonly ImportDoubt[]): string[] =>
  doubts.flatMap(({ message, instead }) => [
    `  doubtful: ${message}`,
    ...instead.map(({ words, flag }) => `    instead: ${flag} (${words})`),
  ]);

/** What becomes of each value, with the name that a list beside the masks gives it. */
export const valueLines = (
  { values, classes }: Pick<ImportPreview, 'values' | 'classes'>,
  valueNames: Readonly<Record<string, string>> = {},
): string[] =>
  values.map(({ value, key, pixels, becomes }) => {
    const name = key === null ? undefined : valueNames[key];
    const found = name === undefined ? value : `${value} (${name})`;
    const to = classes.find(({ index }) => index === becomes)?.name ?? '?';
    return `  mask value ${found}: ${counted(pixels, 'pixel')} → ${becomes === IGNORE ? 'ignore' : `class ${becomes} (${to})`}`;
  });
