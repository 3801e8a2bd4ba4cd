/** The report's style sheet: one column of text, wide enough for its charts; light and dark; A4 in print. */
import { chartStyles } from '../../../shared/charts/chart.ts';
import { markup, trusted, type Markup } from '../../../shared/markup.ts';

const LIGHT = `
  color-scheme: light;
  --paper: #ffffff; --ink: #1d2430; --muted: #5d6673; --rule: #e1e5ea; --panel: #f6f8fa; --link: #00639c;
  --helps: #00694d; --helps-bg: #e0f3ec; --hurts: #a64600; --hurts-bg: #fcebdf; --same: #465262; --same-bg: #e9edf2;
  --open: #5d6673; --caution: #8a5a00; --caution-bg: #fdf4dd;`;
const DARK = `
  color-scheme: dark;
  --paper: #14181e; --ink: #e8ebf0; --muted: #a0a9b6; --rule: #2d343e; --panel: #1b2129; --link: #7cc4f2;
  --helps: #6fdcb8; --helps-bg: #12362c; --hurts: #f7a877; --hurts-bg: #40240f; --same: #c0c9d4; --same-bg: #2a323d;
  --open: #a0a9b6; --caution: #f0cb7a; --caution-bg: #352a10;`;

const PAGE = trusted(`
:root { ${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif; counter-reset: figure table; }
main, body > header, body > footer { max-width: 860px; margin: 0 auto; padding: 0 24px; }
body > header { padding-top: 44px; }
body > footer { padding-top: 18px; padding-bottom: 56px; margin-top: 64px; color: var(--muted); font-size: 13px; border-top: 1px solid var(--rule); max-width: 812px; padding-left: 0; padding-right: 0; }
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 17px; font-weight: 600; }
h2 { font-size: 23px; letter-spacing: -0.01em; margin-bottom: 8px; }
h3 { font-size: 15px; margin: 26px 0 6px; }
p { margin: 0 0 12px; max-width: 68ch; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 2px; }
section { margin-top: 64px; }
sup { font-size: 0.75em; line-height: 0; }
.eyebrow { font-size: 13px; color: var(--muted); margin: 0 0 4px; }
.context { color: var(--muted); margin: 4px 0 0; font-size: 14.5px; max-width: none; text-wrap: pretty; }
nav { margin-top: 14px; font-size: 13.5px; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
#verdict { margin-top: 26px; padding-top: 26px; border-top: 1px solid var(--rule); }
.headline { font-size: 27px; line-height: 1.28; font-weight: 650; letter-spacing: -0.015em; margin: 0 0 12px; max-width: none; text-wrap: pretty; }
.headline.long { font-size: 22px; line-height: 1.36; font-weight: 600; }
.subline { font-size: 15px; line-height: 1.5; margin: 0 0 6px; text-wrap: pretty; max-width: 54em; }
figure + .subline { margin-top: 18px; }
.lead { color: var(--muted); margin-bottom: 16px; }
.cautions { margin: 18px 0 0; padding: 10px 16px; background: var(--caution-bg); border-left: 3px solid var(--caution); border-radius: 0 6px 6px 0; font-size: 14.5px; }
.cautions ul { margin: 2px 0 0; padding-left: 18px; }
.cautions strong { color: var(--caution); }
.cautions p { margin: 0; }
figure { margin: 18px 0 0; }
figcaption, caption { color: var(--muted); font-size: 13.5px; line-height: 1.45; text-align: left; max-width: 76ch; text-wrap: pretty; }
figcaption { margin-top: 12px; }
caption { padding: 0 0 8px; caption-side: top; }
figcaption::before { counter-increment: figure; content: 'Figure ' counter(figure) '. '; font-weight: 600; color: var(--ink); }
caption::before { counter-increment: table; content: 'Table ' counter(table) '. '; font-weight: 600; color: var(--ink); }
.halves { display: grid; gap: 10px 14px; align-items: center; }
.halves.narrow { grid-template-columns: minmax(96px, 128px) repeat(2, minmax(0, 1fr)); }
.halves.of-3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.halves.of-4 { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.halves .head, .halves .phone, .halves .name { font-size: 13.5px; color: var(--muted); text-align: center; }
.halves .name { margin-bottom: 10px; }
.halves .name b { color: var(--ink); }
.halves .row { font-weight: 600; font-size: 15px; overflow-wrap: anywhere; }
.halves .row small { font-weight: 400; color: var(--muted); font-size: 13px; }
.halves.narrow .row small { display: block; }
.halves.wide .row { grid-column: 1 / -1; margin-top: 4px; }
.halves.gallery { grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); }
.halves .cell { background: var(--panel); border-radius: 10px; padding: 14px 8px 6px; }
.halves .cell svg { max-width: 244px; margin: 0 auto; }
.glossary { margin: 20px 0 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 290px), 1fr)); gap: 12px 36px; font-size: 14px; line-height: 1.45; }
.glossary dt { font-weight: 600; }
.glossary dd { margin: 0; color: var(--muted); }
.scroll { overflow-x: auto; margin-top: 22px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 13px; font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 400; }
tbody.group th[scope='rowgroup'] { font-weight: 600; padding-top: 16px; border-bottom-color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
.number.gap { padding-left: 10px; }
table.dense { font-size: 13px; }
table.dense th, table.dense td { padding-right: 11px; }
table.dense th:last-child, table.dense td:last-child { padding-right: 0; }
thead .number { white-space: normal; }
.verdicts .verdict { width: 112px; }
.verdicts .difference { width: 1%; }
.verdicts .labels { width: 1%; font-weight: 600; white-space: nowrap; }
.verdicts .small { display: block; margin-top: 2px; }
.small { font-size: 0.93em; }
.nowrap { white-space: nowrap; }
.range { color: var(--muted); white-space: nowrap; }
.effect { font-weight: 600; white-space: nowrap; }
.claim { display: block; min-width: 15em; }
.formula { font-weight: 400; color: var(--muted); margin-left: 6px; }
.muted { color: var(--muted); }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 0.93em; font-weight: 600; border: 1px solid transparent; white-space: nowrap; line-height: 1.4; }
.badge.helps { color: var(--helps); background: var(--helps-bg); }
.badge.hurts { color: var(--hurts); background: var(--hurts-bg); }
.badge.same { color: var(--same); background: var(--same-bg); }
.badge.open { color: var(--open); border: 1px dashed var(--open); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0; padding: 0; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; white-space: nowrap; }
.swatch { flex: none; vertical-align: -1px; }
td .swatch, th .swatch { margin-right: 8px; }
.panels { display: grid; gap: 26px 24px; margin-top: 18px; }
.panels.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
.panels.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); }
.examples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 26px 28px; margin-top: 14px; }
.example h4 { margin: 0 0 6px; font-size: 14px; line-height: 1.35; }
.example h4 small { font-weight: 400; color: var(--muted); }
.triples { display: grid; grid-template-columns: 58px repeat(3, minmax(0, 1fr)); gap: 6px; font-size: 12.5px; align-items: center; }
.triples .head { color: var(--muted); }
.triples .rank b { display: block; font-variant-numeric: tabular-nums; }
.triples .rank { color: var(--muted); line-height: 1.35; }
.triples .rank b { color: var(--ink); }
.triples img, .strip img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--panel); outline: 1px solid var(--rule); outline-offset: -1px; border-radius: 3px; image-rendering: pixelated; }
.strip { display: flex; gap: 6px; }
.strip figure { flex: 1 1 0; max-width: 33%; margin: 0; }
.strip figcaption { color: var(--muted); font-size: 12.5px; }
.caption { margin: 0 0 8px; color: var(--muted); font-size: 12.5px; }
details { border-bottom: 1px solid var(--rule); padding: 8px 0; font-size: 14px; }
details:first-of-type { border-top: 1px solid var(--rule); }
summary { cursor: pointer; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 20px; }
summary::before { content: '▸'; color: var(--muted); margin-right: -10px; }
details[open] summary::before { content: '▾'; }
summary span:first-of-type { flex: 1; font-weight: 600; }
summary span:last-of-type { color: var(--muted); font-variant-numeric: tabular-nums; }
details table { margin: 10px 0 8px; font-size: 13px; }
details th, details td { padding-top: 3px; padding-bottom: 3px; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 18px; margin: 0; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.notes li { margin-bottom: 6px; max-width: 68ch; overflow-wrap: anywhere; }
@media screen and (max-width: 620px) {
  .halves.wide, .halves.narrow { grid-template-columns: 1fr !important; }
  .halves .head { display: none; }
  .headline { font-size: 23px; }
  .headline.long { font-size: 19px; }
}
@media screen and (min-width: 621px) { .halves .phone { display: none; } }
@page { size: A4; margin: 15mm 14mm; }
@media print {
  body { font-size: 10.5pt; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, body > header, body > footer { max-width: none; padding-left: 0; padding-right: 0; }
  body > header { padding-top: 0; }
  nav, .halves .phone { display: none; }
  section { margin-top: 30px; }
  .headline { font-size: 17pt; }
  .headline.long { font-size: 14.5pt; }
  .subline { font-size: 10pt; }
  h2, h3, .legend, .lead, caption, thead, tbody.group > tr:first-child { break-after: avoid; }
  .lead, .legend, figcaption, caption { break-inside: avoid; }
  figcaption { break-before: avoid; }
  .panels.two, .examples { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .panels.three { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 20px 14px; }
  body > footer { margin-top: 24px; padding-bottom: 0; break-inside: avoid; }
  figure.whole, .panels > *, .halves, .example, tr, .glossary, .cautions, .chart { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  table { font-size: 9pt; }
  p { orphans: 3; widows: 3; max-width: none; }
  figcaption, caption { max-width: none; }
  .triples img { max-height: 30mm; }
  a { color: inherit; text-decoration: none; }
}
`);

export const reportStyles: Markup = markup`${chartStyles}${PAGE}`;
