/** Colours that people with a colour vision deficiency tell apart. Background first. */

export interface ClassPalette {
  readonly name: string;
  readonly source: string;
  /** #rrggbb, used in turn. */
  readonly colors: readonly string[];
}

export const CLASS_PALETTES: readonly ClassPalette[] = [
  {
    name: 'Okabe and Ito',
    source: 'jfly.uni-koeln.de/color',
    colors: ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#0072b2', '#d55e00', '#cc79a7'],
  },
  {
    name: 'Tol, bright',
    source: 'personal.sron.nl/~pault',
    colors: ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377'],
  },
  {
    name: 'Tol, muted',
    source: 'personal.sron.nl/~pault',
    colors: [
      '#cc6677',
      '#332288',
      '#ddcc77',
      '#117733',
      '#88ccee',
      '#882255',
      '#44aa99',
      '#999933',
      '#aa4499',
    ],
  },
];

const BACKGROUND_COLOR = '#000000';

/** Colour of the n-th class; a background has none of the palette's. */
export function colorOf(palette: ClassPalette, index: number, hasBackground: boolean): string {
  if (hasBackground && index === 0) return BACKGROUND_COLOR;
  const at = index - (hasBackground ? 1 : 0);
  return palette.colors[at % palette.colors.length] ?? BACKGROUND_COLOR;
}
