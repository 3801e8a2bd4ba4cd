/** Charts that belong together: their legend, their places beside each other, and their caption. */
import { markup, type Markup } from '../markup.ts';
import { legend, type LegendEntry } from './chart.ts';
import type { Chart } from './drawing.ts';

export interface Figure {
  /** Where a page shows several figures under one title. */
  readonly heading: string | null;
  readonly legend: readonly LegendEntry[];
  /** Charts beside each other in a page that is wide enough. */
  readonly columns: 'one' | 'two' | 'three' | 'halves';
  /** All have the same x axis, so that they are zoomed together. */
  readonly charts: readonly Chart[];
  readonly caption: Markup;
  /** Whether it fits on a printed page, so that none breaks it. */
  readonly whole: boolean;
}

/** For the report, whose style sheet knows these classes. */
export function figureMarkup({ heading, whole, columns, charts, ...figure }: Figure): Markup {
  return markup`${heading !== null && markup`<h3>${heading}</h3>`}<figure${whole && markup` class="whole"`}>${figure.legend.length > 0 && legend(figure.legend)}<div class="panels ${columns}">${charts.map((chart) => chart.draw().markup)}</div><figcaption>${figure.caption}</figcaption></figure>`;
}
