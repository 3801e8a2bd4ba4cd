/** How an arm looks and what it is called, in every chart and table: colour, dash and marker go together. */
import type { PretrainingKey, Transfer } from '../entities.ts';
import { markup, type Markup } from '../markup.ts';
import { pretrainingTitle } from '../pretrainings.ts';
import { TRANSFER_FACTS } from '../transfers.ts';

export type MarkerShape =
  | 'circle'
  | 'square'
  | 'diamond'
  | 'triangle-up'
  | 'triangle-down'
  | 'plus'
  | 'cross'
  | 'hexagon';

export interface SeriesStyle {
  /** A CSS colour; those of arms are variables of chartStyles. */
  readonly colour: string;
  /** stroke-dasharray. */
  readonly dash: string;
  readonly marker: MarkerShape;
}

/** An arm is known by these two. */
export interface ArmIdentity {
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
}

const TRANSFER_STYLES: Readonly<Record<Transfer, SeriesStyle>> = {
  random: { colour: 'var(--arm-random)', dash: '2 3', marker: 'circle' },
  encoder: { colour: 'var(--arm-encoder)', dash: 'none', marker: 'square' },
  'encoder+decoder': { colour: 'var(--arm-both)', dash: '8 3', marker: 'diamond' },
  decoder: { colour: 'var(--arm-decoder)', dash: '8 3 2 3', marker: 'triangle-down' },
  'frozen-encoder': { colour: 'var(--arm-frozen)', dash: '4 2', marker: 'triangle-up' },
  'encoder+deep-decoder': { colour: 'var(--arm-deep)', dash: '12 2 2 2', marker: 'hexagon' },
  'permuted-encoder': { colour: 'var(--arm-permuted)', dash: '1 2', marker: 'cross' },
  'frozen-random': { colour: 'var(--arm-still)', dash: '6 2 1 2', marker: 'plus' },
};

/** Where several tasks' encoders are compared: shades of the encoder's blue, each with a dash of its own … */
const TASK_SHADES: readonly Pick<SeriesStyle, 'colour' | 'dash'>[] = [
  { colour: 'var(--task-1)', dash: 'none' },
  { colour: 'var(--task-2)', dash: '6 3' },
  { colour: 'var(--task-3)', dash: '2 2' },
  { colour: 'var(--task-4)', dash: '8 3 2 3' },
];
/** … and twice as many markers, so that a table of all tasks has no two alike. */
const TASK_MARKERS: readonly MarkerShape[] = [
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'circle',
  'hexagon',
  'plus',
  'cross',
];

export function transferStyle(transfer: Transfer): SeriesStyle {
  return TRANSFER_STYLES[transfer];
}

/** `index` counts the tasks of one study. */
export function taskStyle(index: number): SeriesStyle {
  const round = Math.floor(index / TASK_MARKERS.length);
  const shade = TASK_SHADES[(index + round) % TASK_SHADES.length];
  const marker = TASK_MARKERS[index % TASK_MARKERS.length];
  if (shade === undefined || marker === undefined) return TRANSFER_STYLES.encoder;
  return { ...shade, marker };
}

export function transferName(transfer: Transfer): string {
  return TRANSFER_FACTS[transfer].name;
}

/** "Random start", "Frozen random encoder", "Segmentation, encoder + decoder". */
export function armName({ pretraining, transfer }: ArmIdentity): string {
  const name = transferName(transfer);
  if (pretraining === null) return name.charAt(0).toUpperCase() + name.slice(1);
  return `${pretrainingTitle(pretraining)}, ${name}`;
}

/** A filled marker about 2·r wide, ringed in the colour of the paper so that neighbours stay apart. */
export function marker({ colour, marker: shape }: SeriesStyle, x: number, y: number, r: number) {
  const paint = markup`fill="${colour}" stroke="var(--chart-paper)" stroke-width="1.2"`;
  if (shape === 'circle') return markup`<circle cx="${x}" cy="${y}" r="${r}" ${paint}/>`;
  return markup`<path d="${markerPath(shape, x, y, r)}" ${paint}/>`;
}

/** Sized so that all shapes look equally large. */
function markerPath(
  shape: Exclude<MarkerShape, 'circle'>,
  x: number,
  y: number,
  r: number,
): Markup {
  switch (shape) {
    case 'square': {
      const h = r * 0.9;
      return markup`M${x - h} ${y - h}H${x + h}V${y + h}H${x - h}Z`;
    }
    case 'diamond': {
      const h = r * 1.3;
      return markup`M${x} ${y - h}L${x + h} ${y}L${x} ${y + h}L${x - h} ${y}Z`;
    }
    case 'triangle-up': {
      const h = r * 1.2;
      return markup`M${x} ${y - h}L${x + h} ${y + h * 0.8}H${x - h}Z`;
    }
    case 'plus': {
      const [a, b] = [r * 0.4, r * 1.1];
      return markup`M${x - a} ${y - b}H${x + a}V${y - a}H${x + b}V${y + a}H${x + a}V${y + b}H${x - a}V${y + a}H${x - b}V${y - a}H${x - a}Z`;
    }
    case 'cross': {
      const [a, b] = [r * 0.55, r * 1.05];
      return markup`M${x} ${y - a}L${x + a} ${y - b}L${x + b} ${y - a}L${x + a} ${y}L${x + b} ${y + a}L${x + a} ${y + b}L${x} ${y + a}L${x - a} ${y + b}L${x - b} ${y + a}L${x - a} ${y}L${x - b} ${y - a}L${x - a} ${y - b}Z`;
    }
    case 'hexagon': {
      const [a, b] = [r * 0.55, r * 1.1];
      return markup`M${x - a} ${y - r}H${x + a}L${x + b} ${y}L${x + a} ${y + r}H${x - a}L${x - b} ${y}Z`;
    }
    case 'triangle-down': {
      const h = r * 1.2;
      return markup`M${x} ${y + h}L${x + h} ${y - h * 0.8}H${x - h}Z`;
    }
  }
}
