/** What is said of single masks, and of all of them together, once it is known how their values are read. */
import type {
  ImportAlternative,
  ImportDoubt,
  ImportIssue,
  ImportPreview,
} from '../../../shared/api.ts';
import { BACKGROUND, type Dataset, type Part } from '../../../shared/entities.ts';
import {
  emptyPart,
  type PartLabels,
  PART_NAMES,
  scoredClasses,
  unscored,
} from '../../../shared/foreground.ts';
import { inWords } from '../../../shared/sentences.ts';
import { alphaNotes } from '../alpha.ts';
import { mapped } from './mask-doubts.ts';
import {
  type GivenMapping,
  type SeenValues,
  unknownValues,
  unmatchedKeys,
  type ValueMapping,
} from './value-mapping.ts';
import { noneHolds, pronounFor } from '../../../shared/number-format.ts';

const LISTED = 5;

/** Values that are no class, and alpha that is left out. */
export function maskIssues(path: string, mask: SeenValues, mapping: ValueMapping): ImportIssue[] {
  const issues: ImportIssue[] = [];
  if (mapping.channel === 'colour' && mask.alpha !== null) {
    const { transparent } = mask.alpha;
    const severity = transparent === 0 ? 'info' : 'change';
    issues.push(
      ...alphaNotes(transparent).map((message) => ({ path, severity, message }) as const),
    );
  }
  const unknown = unknownValues(mask, mapping);
  if (unknown.length === 0) return issues;
  const listed = unknown.slice(0, LISTED).map(({ value, pixels }) => `${value} (${pixels} px)`);
  const more = unknown.length > LISTED ? ` and ${unknown.length - LISTED} more` : '';
  const message = `values without a class are ignored: ${listed.join(', ')}${more}. Map them to classes if they mean something.`;
  return [...issues, { path, severity: 'change', message }];
}

/** The commonest of several values, as the background. */
function commonest(values: ImportPreview['values']): ImportAlternative[] {
  if (values.length < 2) return [];
  const { key, value } = values.reduce((most, one) => (one.pixels > most.pixels ? one : most));
  return key === null ? [] : [mapped(key, BACKGROUND, `${value} is the background`)];
}

/** Label maps to be that hold nothing to learn or to score, or no background at all. `part`: null without a split. */
export function emptyMasks(
  labels: readonly { readonly part: Part | null; readonly values: readonly number[] }[],
  { hasBackground, values: found }: Pick<ImportPreview, 'hasBackground' | 'values'>,
): ImportDoubt[] {
  if (labels.length === 0) return [];
  const doubt = (message: string): ImportDoubt => ({ message, instead: [] });
  const placed = labels.flatMap(({ part, values }): PartLabels[] =>
    part === null ? [] : [{ part, values }],
  );
  const together = labels.map(({ values }): PartLabels => ({ part: 'train', values }));
  const empty =
    emptyPart(together, hasBackground) === null
      ? emptyPart(placed, hasBackground)
      : { part: null, count: labels.length };
  if (empty !== null) {
    const which = empty.part === null ? '' : `${PART_NAMES[empty.part]} `;
    return [
      doubt(
        `${noneHolds(empty.count, `${which}mask`)} but ${unscored(hasBackground)}: there is nothing to learn from them. Look at their values; masks that were scaled, saved as JPEG or taken from another folder look like this.`,
      ),
    ];
  }
  if (!hasBackground || labels.some(({ values }) => values.includes(BACKGROUND))) return [];
  const message = 'No mask holds any background: every pixel is foreground or ignored.';
  return [{ message, instead: commonest(found) }];
}

/** Values that the user maps and that no mask holds. */
export function unmatchedIssues(
  path: string,
  given: GivenMapping,
  seen: readonly SeenValues[],
  mapping: ValueMapping,
): ImportIssue[] {
  const keys = unmatchedKeys(given, seen, mapping);
  if (keys.length === 0) return [];
  const message = `no mask that was looked at holds ${inWords(keys)}: what you map ${pronounFor(keys.length, 'them')} to changes nothing`;
  return [{ path, severity: 'change', message }];
}

/** Classes that a layout or the user names and that no mask holds. */
export function absentIssues(
  path: string,
  dataset: Pick<Dataset, 'classes' | 'hasBackground'>,
  labels: readonly { readonly values: readonly number[] }[],
): ImportIssue[] {
  const present = new Set(labels.flatMap(({ values }) => values));
  const scored = new Set(scoredClasses(dataset));
  const absent = dataset.classes.filter(({ index }) => scored.has(index) && !present.has(index));
  if (labels.length === 0 || absent.length === 0) return [];
  const names = absent.map(({ index, name }) => `${index} ${name}`).join(', ');
  return [{ path, severity: 'info', message: `no mask that was looked at holds: ${names}` }];
}
