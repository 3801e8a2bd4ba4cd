/** The mappings that can be proposed for mask values. Which of them is, and why, is mask-values.ts. */
import { BACKGROUND, IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import { classColor, namedClasses } from '../class-colors.ts';
import { maskValueName } from '../mask-evidence.ts';
import { brightestOf, isZero, MANY_VALUES, whiteOf } from './mask-regions.ts';
import type { FoundValue, ValueMapping } from './value-mapping.ts';

export type Draft = Omit<ValueMapping, 'channel' | 'top'>;

const FOREGROUND_NAME = 'foreground';
export const TWO_CLASSES = namedClasses(['background', FOREGROUND_NAME]);
const [background] = TWO_CLASSES;

const zeroNames = ['0', maskValueName('colour', 0)];
const zeroEntries = (found: readonly FoundValue[]) =>
  zeroNames
    .filter((name) => name === '0' || found.some((f) => f.kind === 'colour'))
    .map((name) => [name, BACKGROUND] as const);

function classesFor(values: readonly FoundValue[]) {
  const single = values.length === 1;
  return values.slice(0, MAX_CLASSES - 1).map(({ kind, name }, i) => ({
    index: i + 1,
    name: single && kind !== 'colour' ? FOREGROUND_NAME : `class ${name}`,
    color: kind === 'colour' ? name : classColor(i + 1),
  }));
}

/** These values are classes in their order, and 0 or black the background. */
function classesOf(
  values: readonly FoundValue[],
  rest: { found: readonly FoundValue[]; ignored?: readonly FoundValue[]; why: string } & Pick<
    Draft,
    'otherwise'
  >,
): Draft {
  const foreground = values.filter((f) => !isZero(f));
  const classes = classesFor(foreground);
  return {
    entries: new Map([
      ...zeroEntries(rest.found),
      ...classes.map(({ index }) => [foreground[index - 1]?.name ?? '', index] as const),
      ...(rest.ignored ?? []).map(({ name }) => [name, IGNORE] as const),
    ]),
    classes: [...(background === undefined ? [] : [background]), ...classes],
    why: rest.why,
    otherwise: rest.otherwise,
  };
}

/** 255 beside small class numbers means "ignore"; beside grey levels, such as 0, 128, 255, it is a class. */
export function eachValue(found: readonly FoundValue[]): Draft {
  const indexed = found.every((f) => f.kind === 'index');
  const isWhite = whiteOf(found);
  const others = found.filter((f) => !isZero(f) && !isWhite(f));
  const ignored =
    others.length > 0 &&
    (indexed || others.every((f) => f.kind !== 'colour' && f.value < MANY_VALUES))
      ? found.filter(isWhite)
      : [];
  const colours = found.some((f) => f.kind === 'colour');
  return classesOf(
    found.filter((f) => !ignored.includes(f)),
    {
      found,
      ignored,
      why: `each ${colours ? 'colour' : 'value'} is a class of its own${ignored.length > 0 ? `, and ${ignored[0]?.name ?? ''} beside them is ignored` : ''}`,
      otherwise: 'ignore',
    },
  );
}

export const allForeground = (why: string): Draft => ({
  entries: new Map(zeroNames.map((name) => [name, BACKGROUND] as const)),
  classes: TWO_CLASSES,
  why,
  otherwise: 'foreground',
});

/** Two values: 0, and the one farthest from it; all others go to the nearer. */
export function blackAndWhite(found: readonly FoundValue[], why: string): Draft {
  const brightest = brightestOf(found);
  if (brightest === undefined) return eachValue(found);
  return classesOf([brightest], { found, why, otherwise: 'nearest' });
}

export function toNearest(anchors: readonly FoundValue[], why: string): Draft {
  return classesOf(anchors, { found: anchors, why, otherwise: 'nearest' });
}
