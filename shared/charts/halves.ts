/**
 * The answer as a picture: a network's two halves, each marked keep, drop, no difference, or can't tell.
 * One picture a pretraining and label count; cells are never pooled, so none can hide another.
 */
import { type Answer, cellAdvice } from '../advice.ts';
import type { Comparison, ComparisonKind, StudyAnalysis, Verdict } from '../analysis.ts';
import type { PretrainingKey } from '../entities.ts';
import { markup, type Markup } from '../markup.ts';
import { signed } from '../number-format.ts';
import { chartElement } from './chart.ts';
import type { Chart } from './drawing.ts';

export type HalfState = 'keep' | 'drop' | 'same' | 'unclear' | 'untested';

export interface Half {
  readonly state: HalfState;
  /** Two or three words: "Keep it". */
  readonly advice: string;
  /** The difference it rests on; empty where untested. */
  readonly effect: string;
}

export interface Halves {
  readonly encoder: Half;
  readonly decoder: Half;
}

const UNTESTED: Half = { state: 'untested', advice: 'Not tested', effect: '' };

const TOO_LITTLE: Readonly<Partial<Record<Verdict, Pick<Half, 'state' | 'advice'>>>> = {
  hurts: { state: 'drop', advice: 'Leave it out' },
  equivalent: { state: 'same', advice: 'No difference' },
  'equivalent, small but detectable': { state: 'same', advice: 'Tiny difference' },
};

/**
 * Encoder: E − random. Decoder: what it adds to the encoder, E+D − E. As advised (advice.ts): a half that gains too
 * little by itself, or is not decided, is kept where both together help.
 */
export function halvesOf(
  {
    comparisons,
    delta,
    pretrainings,
  }: Pick<StudyAnalysis, 'comparisons' | 'delta' | 'pretrainings'>,
  cell: { readonly pretraining: PretrainingKey; readonly labels: number },
): Halves {
  const rows = comparisons.filter(
    (one) => one.pretraining === cell.pretraining && one.labels === cell.labels,
  );
  const advice = cellAdvice(rows, delta);
  const find = (kind: ComparisonKind) => rows.find(({ comparison }) => comparison === kind);
  // Both help together, whatever is known of this half by itself.
  const isKeptTogether = advice.words.startsWith('keep both halves');
  const half = (answer: Answer, row: Comparison | undefined): Half => {
    if (row === undefined || answer === 'absent') return UNTESTED;
    const effect = signed(row.effect);
    if (answer === 'unasked') return { state: 'untested', advice: 'Not asked', effect };
    if (answer === 'gains') return { state: 'keep', advice: 'Keep it', effect };
    if (isKeptTogether) return { state: 'keep', advice: 'Keep both', effect };
    if (answer === 'open') return { state: 'unclear', advice: 'Can’t tell yet', effect };
    const known = TOO_LITTLE[row.together?.verdict ?? row.verdict];
    return { ...(known ?? { state: 'same', advice: 'Can be skipped' }), effect };
  };
  const encoder = half(advice.encoder, find('encoder − random'));
  const decoder = find('encoder+decoder − encoder');
  const own = pretrainings.find(({ key }) => key === cell.pretraining);
  if (decoder === undefined && own?.trains.includes('decoder') !== true)
    return {
      encoder,
      decoder: { ...UNTESTED, advice: 'Not pretrained' },
    };
  return { encoder, decoder: half(advice.decoder, decoder) };
}

// ───────────────────────────── drawing ─────────────────────────────

const WIDTH = 222;
const HEIGHT = 112;
const MIDDLE_Y = 36;
const BAR_WIDTH = 13;
const BAR_STEP = 19;
/** Outside in; the encoder owns the bottleneck. */
const ENCODER_BARS = [64, 50, 37, 25, 15];
const DECODER_BARS = [25, 37, 50, 64];

interface HalfPaint {
  readonly fill: string;
  readonly opacity: number;
  readonly stroke: string;
  readonly dash: string;
}

const PAINT: Readonly<Record<HalfState, HalfPaint>> = {
  keep: { fill: 'var(--half-keep)', opacity: 1, stroke: 'var(--half-keep)', dash: 'none' },
  drop: { fill: 'var(--half-drop)', opacity: 0.1, stroke: 'var(--half-drop)', dash: '3 2.5' },
  same: { fill: 'var(--half-same)', opacity: 0.4, stroke: 'var(--half-same)', dash: 'none' },
  unclear: { fill: 'var(--half-unclear)', opacity: 0.5, stroke: 'var(--half-same)', dash: '3 2.5' },
  untested: { fill: 'none', opacity: 0, stroke: 'var(--half-unclear)', dash: '2 3' },
};

/** Strokes of the badges, in a circle of radius 9 around 0, 0. */
const BADGE_STROKES: Readonly<Record<Exclude<HalfState, 'untested'>, string>> = {
  keep: 'M-4 0.4L-1.2 3.4L4.2 -3',
  drop: 'M-3 -3L3 3M3 -3L-3 3',
  same: 'M-3.6 -1.8H3.6M-3.6 1.8H3.6',
  unclear: 'M-2.6 -2A2.7 2.7 0 1 1 0.9 0.4Q0 0.9 0 2M0 4.2V4.3',
};

export function halvesChart({ title, halves }: { title: string; halves: Halves }): Chart {
  const size = { width: WIDTH, height: HEIGHT };
  const plot = { left: 0, right: WIDTH, top: 0, bottom: HEIGHT };
  const drawing = { ...size, plot, markup: drawHalves(title, halves), axis: null, readings: null };
  return { title, ...size, draw: () => drawing };
}

function drawHalves(title: string, { encoder, decoder }: Halves): Markup {
  const description = `Encoder: ${spoken(encoder)} Decoder: ${spoken(decoder)}`;
  return chartElement({ width: WIDTH, height: HEIGHT }, { title, description }, [
    markup`<line class="rule" x1="104" x2="128" y1="${MIDDLE_Y}" y2="${MIDDLE_Y}"/>`,
    drawHalf(encoder, { name: 'Encoder', left: 9, bars: ENCODER_BARS, centre: 53.5 }),
    drawHalf(decoder, { name: 'Decoder', left: 133, bars: DECODER_BARS, centre: 168 }),
  ]);
}

function spoken({ advice, effect }: Half): string {
  return effect === '' ? `${advice}.` : `${advice} (${effect}).`;
}

function drawHalf(
  { state, advice, effect }: Half,
  place: {
    readonly name: string;
    readonly left: number;
    readonly bars: readonly number[];
    readonly centre: number;
  },
): Markup {
  const paint = PAINT[state];
  const bars = place.bars.map(
    (height, i) =>
      markup`<rect x="${place.left + i * BAR_STEP}" y="${MIDDLE_Y - height / 2}" width="${BAR_WIDTH}" height="${height}" rx="2" fill="${paint.fill}" fill-opacity="${paint.opacity}" stroke="${paint.stroke}" stroke-dasharray="${paint.dash}"/>`,
  );
  return markup`${bars}${badge(state, place.centre, MIDDLE_Y)}<text class="middle small" x="${place.centre}" y="86">${place.name}${effect === '' ? '' : ` ${effect}`}</text><text class="middle strong large" x="${place.centre}" y="105">${advice}</text>`;
}

function badge(state: HalfState, x: number, y: number): Markup | null {
  if (state === 'untested') return null;
  return markup`<g transform="translate(${x} ${y})"><circle r="10.5" fill="var(--chart-paper)" stroke="${PAINT[state].stroke}" stroke-width="1.5"/><path d="${BADGE_STROKES[state]}" fill="none" stroke="${PAINT[state].stroke}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></g>`;
}
