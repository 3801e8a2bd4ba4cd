/**
 * The rule by which mask values are read where neither a layout nor the user says what they mean: what is proposed, why,
 * and where that is doubtful. Classes and objects have an inside (ValueEvidence.cores); smoothed edges, the noise of JPEG
 * and stray pixels have none. Whatever could well be meant otherwise is a doubt, with the other reading beside it.
 */
import type { ImportDoubt } from '../../../shared/api.ts';
import { BACKGROUND, IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import type { MaskReading } from '../../../shared/mask-readings.ts';
import { counted, countedWith, pronounFor, verbFor } from '../../../shared/number-format.ts';
import { channelDoubts, chooseChannel } from './mask-channel.ts';
import { instead, mapped, pixelsInText, strayInText, valuesInText } from './mask-doubts.ts';
import {
  allForeground,
  blackAndWhite,
  type Draft,
  eachValue,
  toNearest,
  TWO_CLASSES,
} from './mask-drafts.ts';
import {
  anchorsOf,
  areEdges,
  areNumbered,
  areStray,
  areTwoClusters,
  brightestOf,
  edgesInBlocks,
  hardlyDiffering,
  isZero,
  LITTLE_SHARE,
  MANY_VALUES,
  pixelsOf,
  smoothedNumbers,
  whiteOf,
  withoutSteps,
  withRegions,
} from './mask-regions.ts';
import {
  type FoundValue,
  type KindOfValues,
  readValues,
  type SeenValues,
  totals,
  type ValueMapping,
} from './value-mapping.ts';

/** Classes beyond so many, numbered without gaps in every mask, may be objects. */
const FEW_CLASSES = 8;

/** What masks are taken to mean, and what of that is doubtful. */
export interface Proposal {
  readonly mapping: ValueMapping;
  readonly doubts: readonly ImportDoubt[];
}

interface Guess {
  readonly draft: Draft;
  readonly doubts: readonly ImportDoubt[];
}

const certain = (draft: Draft): Guess => ({ draft, doubts: [] });
/** Classes from all values found. `reading`: how, where the user said so. */
export function proposeMapping(
  seen: readonly SeenValues[],
  reading: MaskReading = 'auto',
): Proposal {
  const choice = chooseChannel(seen, reading);
  const masks = seen.map((mask) => readValues(mask, choice.channel));
  const found = withoutSteps(totals(masks));
  const top = found.reduce((most, f) => Math.max(most, f.kind === 'colour' ? 0 : f.value), 1);
  const asked = askedFor(reading, found, top);
  const { draft, doubts } =
    asked === null ? (guessNumbered(seen, found) ?? guess(found, masks, top)) : certain(asked);
  const why = [...(choice.why === null ? [] : [choice.why]), draft.why].join('; ');
  return {
    mapping: { ...draft, why, channel: choice.channel, top },
    doubts: reading === 'auto' ? [...channelDoubts(seen, choice.channel), ...doubts] : doubts,
  };
}

/**
 * Masks of few objects beside those of so many that their numbers can be no classes: all of them number objects. null: there
 * are none of the latter, or nothing is left open.
 */
function guessNumbered(seen: readonly SeenValues[], found: readonly FoundValue[]): Guess | null {
  const numbered = seen.filter(({ isNumbered }) => isNumbered === true).length;
  if (numbered === 0 || found.filter((f) => !isZero(f)).length < 2) return null;
  const others = totals(seen.filter(({ isNumbered }) => isNumbered !== true));
  const why = `${countedWith(numbered, 'mask', 'number')} objects beyond 65,535: all but 0 is the foreground`;
  const message = `The other masks hold ${valuesInText(others.filter((f) => !isZero(f)))}: taken for numbers of objects as well, but they may be classes.`;
  return { draft: allForeground(why), doubts: [{ message, instead: [instead('values')] }] };
}

/** null: to be guessed. */
function askedFor(reading: MaskReading, found: readonly FoundValue[], top: number): Draft | null {
  switch (reading) {
    case 'values':
      return eachValue(found);
    case 'levels':
      return toNearest(
        anchorsOf(found, top),
        'values that form regions are classes, the others go to the nearest of them',
      );
    case 'black-white':
      return blackAndWhite(
        found,
        'as you asked, what is above half of the largest value is the foreground',
      );
    case 'foreground':
      return allForeground('as you asked, all but 0 is the foreground');
    default:
      return null;
  }
}

function guess(found: readonly FoundValue[], masks: readonly KindOfValues[], top: number): Guess {
  const foreground = found.filter((f) => !isZero(f));
  const colours = found.some((f) => f.kind === 'colour');
  const isWhite = whiteOf(found);
  if (foreground.length === 0) return certain({ ...eachValue(found), classes: TWO_CLASSES });
  if (foreground.length === 1 && !colours) {
    const why = foreground.some(isWhite)
      ? `masks hold only 0 and ${foreground[0]?.name ?? ''}, so ${foreground[0]?.name ?? ''} is the foreground`
      : eachValue(found).why;
    return certain({ ...eachValue(found), why });
  }
  if (!colours && foreground.every((f) => f.value < MANY_VALUES || isWhite(f))) {
    return guessNumbers(found, masks);
  }
  return guessLevels(found, masks, top);
}

/** Small numbers, and perhaps 255. */
function guessNumbers(found: readonly FoundValue[], masks: readonly KindOfValues[]): Guess {
  const isWhite = whiteOf(found);
  const white = found.find(isWhite);
  const ids = found.filter((f) => !isZero(f) && !isWhite(f));
  if (white === undefined) return withObjectDoubt(found, masks);
  // What scribbles leave open is white, too, and then there is little that is 0.
  const zero = pixelsOf(found.filter(isZero));
  if (areStray(ids, white.pixels) && zero > LITTLE_SHARE * white.pixels) {
    const pixels = pixelsInText(pixelsOf(ids));
    return {
      draft: blackAndWhite(found, `masks are black and white but for ${pixels}`),
      doubts: [
        {
          message: `${strayInText(ids)}: taken for stray pixels, and ${white.name} for the foreground.`,
          instead: [instead('values', `each value is a class, and ${white.name} is ignored`)],
        },
      ],
    };
  }
  const { draft, doubts } = withObjectDoubt(found, masks);
  const reason = whiteDoubt(white, { found, ids, masks });
  if (reason === null) return { draft, doubts };
  const { name } = white;
  const asClass = draft.classes.length;
  return {
    draft,
    doubts: [
      {
        message: `${name} is taken for "ignore", but ${reason}.`,
        instead: [
          mapped(name, asClass, `${name} is a class of its own`),
          mapped(name, 1, `${name} is class 1, as ${ids[0]?.name ?? '1'} is`),
          mapped(name, BACKGROUND, `${name} is background`),
        ],
      },
      ...doubts,
    ],
  };
}

/** Why white may be no "ignore"; null where nothing speaks against it. */
function whiteDoubt(
  white: FoundValue,
  {
    found,
    ids,
    masks,
  }: {
    found: readonly FoundValue[];
    ids: readonly FoundValue[];
    masks: readonly KindOfValues[];
  },
): string | null {
  if (areStray([white], pixelsOf(ids)))
    return `it covers only ${pixelsInText(white.pixels)} and forms no region`;
  const holds = ({ histogram }: KindOfValues, values: readonly FoundValue[]) =>
    values.some(({ value }) => histogram.has(value));
  const withWhite = masks.filter((mask) => holds(mask, [white]));
  if (!withWhite.some((mask) => holds(mask, ids))) {
    return `no mask holds it beside ${valuesInText(ids)}: some masks may have it for the foreground`;
  }
  const zero = found.find(isZero);
  if (white.pixels > pixelsOf(ids) && (zero?.pixels ?? 0) > white.pixels) {
    return `it covers more than ${valuesInText(ids)} together`;
  }
  return null;
}

/** Each value a class of its own; doubtful where they may number objects, or some are stray pixels. */
function withObjectDoubt(found: readonly FoundValue[], masks: readonly KindOfValues[]): Guess {
  const draft = eachValue(found);
  const values = found.filter((f) => !isZero(f) && draft.entries.get(f.name) !== IGNORE);
  const doubts: ImportDoubt[] = [];
  if (values.length > FEW_CLASSES && areNumbered(masks)) {
    doubts.push({
      message: `The masks hold the values 1 to ${values.at(-1)?.name ?? ''} without gaps, each mask as many as it needs: taken for ${values.length} classes, but they may number objects.`,
      instead: [instead('foreground')],
    });
  }
  const strays = values.filter((f) => areStray([f], pixelsOf(values)));
  const smoothed = smoothedNumbers(found.filter((f) => isZero(f) || values.includes(f)));
  const thin = values.filter((f) => strays.includes(f) || smoothed.includes(f));
  if (values.length > 1 && thin.length > 0) {
    const what = thin.length > strays.length ? 'smoothed edges or noise' : 'stray pixels';
    doubts.push({
      message: `${strayInText(thin)}: perhaps ${what} and no class.`,
      instead: [instead('levels'), instead('foreground')],
    });
  }
  const blocks = edgesInBlocks(values);
  if (blocks.length > 0) {
    const pixels = pixelsInText(pixelsOf(blocks));
    doubts.push({
      message: `${valuesInText(blocks)} (${pixels}) lie between black and ${brightestOf(values)?.name ?? ''} and cover little beside it: perhaps smoothed edges that were enlarged, and no class.`,
      instead: [instead('black-white'), instead('foreground')],
    });
  }
  return { draft, doubts };
}

/** Grey levels or colours: classes, smoothed or noisy classes, or object numbers. */
function guessLevels(
  found: readonly FoundValue[],
  masks: readonly KindOfValues[],
  top: number,
): Guess {
  const colours = found.some((f) => f.kind === 'colour');
  const foreground = found.filter((f) => !isZero(f));
  const many = foreground.length > MANY_VALUES;
  const anchors = anchorsOf(found, top);
  if (!(many && areNumbered(masks)) && areEdges(found, anchors, top)) {
    return guessEdges(found, anchors);
  }
  if (!colours && areTwoClusters(foreground, top)) {
    const why = 'masks are black and white but for values nearly equal to these';
    const message = `${valuesInText(foreground)} are nearly equal, or nearly 0: taken for one foreground and its background.`;
    return {
      draft: blackAndWhite(found, why),
      doubts: [{ message, instead: [instead('values')] }],
    };
  }
  // Colours are objects where most of them are regions: those that noise made are none.
  if (many && (!colours || withRegions(foreground).length > MANY_VALUES)) {
    return guessObjects(found, { masks, anchors });
  }
  const { draft, doubts } = withObjectDoubt(found, masks);
  const close = colours || top < MANY_VALUES ? [] : hardlyDiffering(foreground, top);
  if (close.length === 0) return { draft, doubts };
  const n = close.length;
  const message = `${valuesInText(close)} ${verbFor(n, 'differ')} from 0 or ${brightestOf(foreground)?.name ?? ''} by hardly anything, as rounding makes ${pronounFor(n, 'them')}: taken for ${n === 1 ? 'a class' : 'classes'} all the same.`;
  return { draft, doubts: [{ message, instead: [instead('black-white')] }, ...doubts] };
}

function guessEdges(found: readonly FoundValue[], anchors: readonly FoundValue[]): Guess {
  const colours = found.some((f) => f.kind === 'colour');
  const edges = found.filter((f) => !anchors.includes(f));
  const meant = anchors.filter((f) => !isZero(f));
  const pixels = pixelsOf(edges);
  const share = ((100 * pixels) / pixelsOf(found)).toFixed(1);
  const others = `${counted(edges.length, colours ? 'other colour' : 'other value')} (${pixelsInText(pixels)}, ${share} %)`;
  const hasZero = anchors.some(isZero);
  const two = hasZero && meant.length === 1;
  const draft = toNearest(
    anchors,
    two
      ? `masks are black and ${colours ? (meant[0]?.name ?? '') : 'white'} with edges or noise between, and each pixel goes to the nearer of the two`
      : `${anchors.length} ${colours ? 'colours' : 'values'} form regions and are classes; others go to the nearest of them`,
  );
  const message = `${others} beside ${valuesInText(anchors)} form no regions of their own: taken for smoothed edges or noise, and given to the nearest.`;
  return {
    draft,
    doubts: [
      {
        message,
        instead: [
          instead('foreground'),
          ...(found.length <= MAX_CLASSES ? [instead('values')] : []),
        ],
      },
    ],
  };
}

function guessObjects(
  found: readonly FoundValue[],
  { masks, anchors }: { masks: readonly KindOfValues[]; anchors: readonly FoundValue[] },
): Guess {
  const foreground = found.filter((f) => !isZero(f));
  const count = foreground.length;
  const colours = found.some((f) => f.kind === 'colour');
  const [word, number] = colours ? ['colours', 'tell apart'] : ['values', 'number'];
  const draft = allForeground(
    `masks hold ${found.length} ${word}, which ${number} objects rather than classes: all but ${colours ? 'black' : '0'} are the foreground`,
  );
  const shapeless = count - withRegions(foreground).length;
  // Objects have an inside, but for the smallest; the noise of JPEG and smoothed edges have none.
  const isNoisy = 2 * shapeless > count;
  if (areNumbered(masks) && !isNoisy) return certain(draft);
  const others = [
    ...(count < MAX_CLASSES ? (['values'] as const) : []),
    ...(isNoisy && anchors.length < count ? (['levels'] as const) : []),
    ...(found.some(whiteOf(found)) ? (['black-white'] as const) : []),
  ];
  if (others.length === 0) return certain(draft);
  const may = {
    values: 'classes',
    levels: 'classes with noise or smoothed edges between',
    'black-white': 'smoothed edges of black and white',
  } as const;
  const message = `The masks hold ${count} ${word} besides ${colours ? 'black' : '0'}: taken for ${colours ? 'those' : 'the numbers'} of objects, all of them foreground, but they may be ${others.map((reading) => may[reading]).join(', or ')}.`;
  return { draft, doubts: [{ message, instead: others.map((reading) => instead(reading)) }] };
}
