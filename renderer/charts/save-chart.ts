/** Saves a drawn chart as a file that stands by itself: light colours, no variables, no style sheet, its legend with it. */
import { type LegendEntry, swatch } from '../../shared/charts/chart.ts';
import type { Drawing } from '../../shared/charts/drawing.ts';
import { AppError } from '../../shared/errors.ts';
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
  'text-anchor',
] as const;
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
  host.style.cssText = `position:fixed;left:-10000px;width:${width}px;color-scheme:light;--chart-paper:#ffffff`;
  host.append(copy);
  document.body.append(host);
  const below = drawLegend(copy, chart);
  for (const element of [copy, ...copy.querySelectorAll<SVGElement>('*')]) {
    const style = getComputedStyle(element);
    for (const property of PROPERTIES) {
      element.style.setProperty(property, style.getPropertyValue(property));
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

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[\\/:*?"<>|]+/g, ' ');
  link.click();
  URL.revokeObjectURL(link.href);
}

const textOf = (chart: SavedChart) => new XMLSerializer().serializeToString(standalone(chart));

export function saveSvg(chart: SavedChart, name: string): void {
  download(new Blob([textOf(chart)], { type: 'image/svg+xml' }), `${name}.svg`);
}

export async function savePng(chart: SavedChart, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(chart))}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * PNG_SCALE, image.height * PNG_SCALE);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  download(await canvas.convertToBlob({ type: 'image/png' }), `${name}.png`);
}
