/** What all charts share: the style sheet, the outer element, axes and legends. Charts are text; nothing here touches a document. */
import { type Markup, markup, trusted } from '../markup.ts';
import { marker, type SeriesStyle } from './arm-style.ts';
import type { Box } from './drawing.ts';
import { tickLabel, type Scale } from './scale.ts';

/**
 * Okabe and Ito's colour-blind-safe palette (jfly.uni-koeln.de/color), lightened where the paper is dark: where the
 * page's `color-scheme` is.
 */
const COLOURS = `
  --chart-paper: light-dark(#ffffff, #14181e); --chart-ink: light-dark(#1d2430, #e8ebf0);
  --chart-muted: light-dark(#5d6673, #a0a9b6); --chart-rule: light-dark(#e1e5ea, #2d343e);
  --chart-band: light-dark(#e9eef5, #222b37);
  --arm-random: light-dark(#555b63, #b9c0c9); --arm-encoder: light-dark(#0072b2, #56b4e9);
  --arm-both: light-dark(#d55e00, #e69f00); --arm-decoder: light-dark(#b5589a, #d98bb9);
  --arm-frozen: light-dark(#009e73, #2fc39a); --arm-deep: light-dark(#9c6200, #f0c674);
  --arm-permuted: light-dark(#6a5acd, #a99cf0); --arm-still: light-dark(#8a7f5c, #d8cfa8);
  --task-1: light-dark(#0072b2, #56b4e9); --task-2: light-dark(#4aa8e0, #a8dcf8);
  --task-3: light-dark(#003a5c, #2b83bd); --task-4: light-dark(#7a93a8, #8ba3b8);
  --half-keep: light-dark(#009e73, #22b58b); --half-drop: light-dark(#d55e00, #ee7a30);
  --half-same: #8793a3; --half-unclear: light-dark(#c9d0d9, #46505d);`;

/** To be put once into the page that shows charts. What differs from mark to mark is an attribute of it: policies refuse styles in markup. */
export const chartStyles: Markup = trusted(`
:root { ${COLOURS} }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart text { font-family: inherit; font-size: 12px; fill: var(--chart-muted); font-variant-numeric: tabular-nums; }
.chart .strong { fill: var(--chart-ink); font-weight: 600; }
.chart .ink { fill: var(--chart-ink); }
.chart .small { font-size: 11px; }
.chart .large { font-size: 13px; }
.chart .middle { text-anchor: middle; }
.chart .end { text-anchor: end; }
.chart .rule { stroke: var(--chart-rule); stroke-width: 1; }
.chart .zero { stroke: var(--chart-muted); stroke-width: 1; }
.chart .band { fill: var(--chart-band); }
.chart .series { fill: none; stroke-linejoin: round; stroke-linecap: butt; }
.chart .spread { stroke: none; fill-opacity: 0.13; }
`);

/** An image to assistive technology: `title` names it, `description` says what it shows in a sentence. */
export function chartElement(
  size: { readonly width: number; readonly height: number },
  text: { readonly title: string; readonly description: string },
  content: readonly (Markup | null | false)[],
): Markup {
  return markup`<svg class="chart" role="img" viewBox="0 0 ${size.width} ${size.height}" aria-label="${text.title}. ${text.description}"><desc>${text.description}</desc>${content}</svg>`;
}

/** Horizontal rules with their values on the left. */
export function yAxis(scale: Scale, box: Box): Markup {
  return markup`${scale.ticks.map(
    (tick) =>
      markup`<line class="rule" x1="${box.left}" x2="${box.right}" y1="${scale.at(tick)}" y2="${scale.at(tick)}"/><text class="end" x="${box.left - 7}" y="${scale.at(tick) + 4}">${tickLabel(tick, scale.ticks)}</text>`,
  )}`;
}

/** Values under the plotting area, with the axis' name below them. */
export function xAxis(scale: Scale, box: Box, name: string): Markup {
  return markup`<line class="zero" x1="${box.left}" x2="${box.right}" y1="${box.bottom}" y2="${box.bottom}"/>${scale.ticks.map(
    (tick) =>
      markup`<line class="zero" x1="${scale.at(tick)}" x2="${scale.at(tick)}" y1="${box.bottom}" y2="${box.bottom + 4}"/><text class="middle" x="${scale.at(tick)}" y="${box.bottom + 17}">${tickLabel(tick, scale.ticks)}</text>`,
  )}<text class="middle" x="${(box.left + box.right) / 2}" y="${box.bottom + 35}">${name}</text>`;
}

export interface LegendEntry {
  readonly label: string;
  readonly style: SeriesStyle;
}

/** A list of line samples with their names, for the page around the charts; needs `.legend` styles of the page. */
export function legend(entries: readonly LegendEntry[]): Markup {
  return markup`<ul class="legend">${entries.map(
    ({ label, style }) => markup`<li>${swatch(style)}${label}</li>`,
  )}</ul>`;
}

/** A short line with its marker, as in the charts. */
export function swatch(style: SeriesStyle): Markup {
  return markup`<svg class="swatch" width="34" height="12" viewBox="0 0 34 12" aria-hidden="true"><line x1="1" x2="33" y1="6" y2="6" stroke="${style.colour}" stroke-width="2" stroke-dasharray="${style.dash}"/>${marker(style, 17, 6, 4)}</svg>`;
}
