/**
 * A chart that can be drawn again, and what can be read in a drawing of it. The report takes the markup; the window
 * also shows the reading at the pointer and draws other stretches of the x axis.
 */
import type { Markup } from '../markup.ts';
import type { SeriesStyle } from './arm-style.ts';
import type { Range, Scale } from './scale.ts';

/** Plotting area in the units of the drawing. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface DrawOptions {
  /** In units of the drawing, in which text is 12 high; else as the chart was planned. */
  readonly width?: number;
  /** Charts of rows are as high as their rows. */
  readonly height?: number;
  /** Stretch of the x axis; null or left out for the whole. */
  readonly view?: Range | null;
  /** Whether the title is part of the drawing; it is where nothing is said. */
  readonly heading?: boolean;
}

export interface Chart {
  readonly title: string;
  /** What it is planned for. */
  readonly width: number;
  readonly height: number;
  readonly draw: (options?: DrawOptions) => Drawing;
}

export interface Drawing {
  readonly markup: Markup;
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  /** The x axis as drawn over the width of the plot, and all of it; null where there is nothing to zoom into. */
  readonly axis: { readonly scale: Scale; readonly whole: Range } | null;
  /** null for a picture without values. */
  readonly readings: Readings | null;
}

export interface Readings {
  /** One reading an x value, or one a row. */
  readonly along: 'x' | 'rows';
  /** Middle of each reading in that direction, ascending; outside the plot where it is not in view. */
  readonly positions: readonly number[];
  /** Height of a row; 0 along x. */
  readonly rowHeight: number;
  readonly read: (index: number) => Reading | null;
}

/** What a chart says at one place. */
export interface Reading {
  readonly heading: string;
  readonly entries: readonly ReadingEntry[];
  /** In a sentence below. */
  readonly note: string | null;
  /** Where its values are in the drawing. */
  readonly marks: readonly { readonly x: number; readonly y: number; readonly colour: string }[];
}

export interface ReadingEntry {
  readonly style: SeriesStyle;
  readonly label: string;
  readonly value: string;
  /** null where there is none. */
  readonly interval: string | null;
}

/** A reading for those who listen. */
export function spokenReading({ heading, entries, note }: Reading): string {
  const values = entries.map(({ label, value, interval }) =>
    [`${label} ${value}`, interval].filter((part) => part !== null).join(' '),
  );
  return [`${heading}: ${values.join('; ')}.`, note].filter((part) => part !== null).join(' ');
}
