/**
 * Saves a drawn chart as a file that stands by itself: light colours, no variables, no style sheet, its legend with it. A
 * PNG has the window's font. An SVG names it: its text stays text, and where the font is not installed another takes its
 * place.
 */
import windowFont from 'inter-ui/variable/InterVariable.woff2?url';
import { type LegendEntry, swatch } from '../../shared/charts/chart.ts';
import type { Drawing } from '../../shared/charts/drawing.ts';
import { AppError } from '../../shared/errors.ts';
import { saveFile } from '../ui/save-file.ts';
import { fragmentOf } from './drawn.ts';

export interface SavedChart {
  readonly drawing: Drawing;
  /** Of the figure that the chart stands in. */
  readonly legend: readonly LegendEntry[];
}

/** Everything a chart's look is made of. */
const PROPERTIES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'stroke-linecap',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'font-variant-numeric',
  'font-feature-settings',
  'text-anchor',
] as const;
/** The window's font, by its names here and where it is installed, then what looks most like it. */
const FONTS = "InterVariable, 'Inter Variable', Inter, 'Helvetica Neue', Arial, sans-serif";
const PNG_SCALE = 3;
const MARGIN = 12;

/** Of the legend, in units of the drawing. */
const LEGEND = { gap: 12, row: 20, swatch: 34, space: 7, between: 20 } as const;
/** Fonts of other programs are wider than the window's. */
const FONT_ALLOWANCE = 1.08;

const SVG = 'http://www.w3.org/2000/svg';

/** Draws a legend below a chart that must be part of the page. Returns the height it takes. */
function drawLegend(copy: SVGSVGElement, { drawing, legend }: SavedChart): number {
  const { width, height } = drawing;
  let [x, rows] = [0, 0];
  for (const { label, style } of legend) {
    const sample = fragmentOf(swatch(style)).firstElementChild;
    if (sample === null) continue;
    const text = document.createElementNS(SVG, 'text');
    text.setAttribute('class', 'ink');
    text.textContent = label;
    copy.append(text);
    const wide = LEGEND.swatch + LEGEND.space + FONT_ALLOWANCE * text.getComputedTextLength();
    if (rows === 0 || x + wide > width) [x, rows] = [0, rows + 1];
    const y = height + LEGEND.gap + (rows - 1) * LEGEND.row;
    const group = document.createElementNS(SVG, 'g');
    group.setAttribute('transform', `translate(${x} ${y})`);
    group.append(...sample.childNodes);
    copy.append(group);
    text.setAttribute('x', String(x + LEGEND.swatch + LEGEND.space));
    text.setAttribute('y', String(y + 10));
    x += wide + LEGEND.between;
  }
  return rows === 0 ? 0 : LEGEND.gap + rows * LEGEND.row;
}

/** With computed colours written into it, on white paper. */
function standalone(chart: SavedChart): SVGSVGElement {
  const copy = fragmentOf(chart.drawing.markup).firstElementChild;
  if (!(copy instanceof SVGSVGElement)) throw new AppError('internal', 'The chart is no drawing.');
  const { width, height } = chart.drawing;
  const host = document.createElement('div');
  host.className = 'charts';
  host.style.cssText = `position:fixed;left:-10000px;width:${width}px;color-scheme:light;--chart-paper:#ffffff;font-family:${FONTS}`;
  host.append(copy);
  document.body.append(host);
  const below = drawLegend(copy, chart);
  for (const element of [copy, ...copy.querySelectorAll<SVGElement>('*')]) {
    const style = getComputedStyle(element);
    for (const property of PROPERTIES) {
      element.style.setProperty(property, style.getPropertyValue(property));
      // It may name a variable of the window, which other programs do not know.
      element.removeAttribute(property);
    }
  }
  host.remove();
  const paper = document.createElementNS(SVG, 'rect');
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + below + 2 * MARGIN] as const;
  (['x', 'y', 'width', 'height'] as const).forEach((name, i) =>
    paper.setAttribute(name, String(box[i])),
  );
  paper.setAttribute('fill', '#ffffff');
  copy.prepend(paper);
  copy.setAttribute('xmlns', SVG);
  copy.setAttribute('viewBox', box.join(' '));
  copy.setAttribute('width', String(box[2]));
  copy.setAttribute('height', String(box[3]));
  return copy;
}

const textOf = (chart: SVGSVGElement) => new XMLSerializer().serializeToString(chart);

const NO_FONT = new AppError('internal', 'The font of the window could not be read.');

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () =>
      typeof reader.result === 'string' ? resolve(reader.result) : reject(NO_FONT);
    reader.onerror = () => reject(NO_FONT);
    reader.readAsDataURL(blob);
  });
}

/** A drawing that is an image sees none of the page's fonts, so it brings the window's along. */
async function fontStyle(): Promise<SVGStyleElement> {
  const font = await dataUrl(await (await fetch(windowFont)).blob());
  const style = document.createElementNS(SVG, 'style');
  style.textContent = `@font-face{font-family:InterVariable;font-weight:100 900;src:url(${font})}`;
  return style;
}

export function saveSvg(chart: SavedChart, name: string): void {
  saveFile(new Blob([textOf(standalone(chart))], { type: 'image/svg+xml' }), `${name}.svg`);
}

export async function savePng(chart: SavedChart, name: string): Promise<void> {
  const copy = standalone(chart);
  copy.prepend(await fontStyle());
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(copy))}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * PNG_SCALE, image.height * PNG_SCALE);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  saveFile(await canvas.convertToBlob({ type: 'image/png' }), `${name}.png`);
}
