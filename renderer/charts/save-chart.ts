/** Saves a drawn chart as a file that stands by itself: light colours, no variables, no style sheet. */
import { AppError } from '../../shared/errors.ts';

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

/** A copy with computed colours written into it, on white paper. */
function standalone(chart: SVGSVGElement): SVGSVGElement {
  const copy = chart.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) throw new AppError('internal', 'The chart is no drawing.');
  const { width, height } = chart.viewBox.baseVal;
  const host = document.createElement('div');
  host.className = 'charts';
  host.style.cssText = `position:fixed;left:-10000px;width:${width}px;color-scheme:light;--chart-paper:#ffffff`;
  host.append(copy);
  document.body.append(host);
  for (const element of [copy, ...copy.querySelectorAll<SVGElement>('*')]) {
    const style = getComputedStyle(element);
    for (const property of PROPERTIES) {
      element.style.setProperty(property, style.getPropertyValue(property));
    }
  }
  host.remove();
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN] as const;
  (['x', 'y', 'width', 'height'] as const).forEach((name, i) =>
    paper.setAttribute(name, String(box[i])),
  );
  paper.setAttribute('fill', '#ffffff');
  copy.prepend(paper);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
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

const textOf = (chart: SVGSVGElement) => new XMLSerializer().serializeToString(standalone(chart));

export function saveSvg(chart: SVGSVGElement, name: string): void {
  download(new Blob([textOf(chart)], { type: 'image/svg+xml' }), `${name}.svg`);
}

export async function savePng(chart: SVGSVGElement, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(chart))}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * PNG_SCALE, image.height * PNG_SCALE);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  download(await canvas.convertToBlob({ type: 'image/png' }), `${name}.png`);
}
