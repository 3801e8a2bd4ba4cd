/**
 * The cross-entropy of rows of logits with one true column each, and its gradient: of image classes, where a label tells
 * the column, and of views, where it is the neighbouring row's and a row is no candidate for itself.
 *
 * One workgroup a row; the rows are then added in order. Nothing but the logits and a number a row is kept.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';
import { EACH, each, IS_NUMBER } from './each.ts';

const LANES = 64;

const SHAPE = 'struct Shape { rows: i32, columns: i32, scale: f32, share: f32 }';

/** What tells the true column of a row; a label that is no column: the row does not count. */
type Truth = 'labels' | 'pairs';

const truth = {
  labels: {
    binding: (at: number) => `@group(0) @binding(${at}) var<storage, read> labels: array<i32>;`,
    code: `fn column_of(row: i32) -> i32 { return labels[row]; }
fn is_candidate(row: i32, column: i32) -> bool { return true; }`,
  },
  pairs: {
    binding: () => '',
    code: `fn column_of(row: i32) -> i32 { return row ^ 1; }
fn is_candidate(row: i32, column: i32) -> bool { return row != column; }`,
  },
} as const;

/** Of each row: its loss, or 0 where it does not count; whether it counts; and largest logit and logarithm of the sum. */
const rowsOf = (kind: Truth): Kernel => {
  const after = kind === 'labels' ? 2 : 1;
  return {
    name: `graft entropy of rows, ${kind}`,
    code: `${SHAPE}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
${truth[kind].binding(1)}
@group(0) @binding(${after}) var<storage, read_write> rows: array<vec4<f32>>;
@group(0) @binding(${after + 1}) var<uniform> s: Shape;
var<workgroup> shared_numbers: array<f32, ${LANES}>;
${truth[kind].code}
${IS_NUMBER}
${entryPoint(LANES)}
  let row = ${GROUP_NUMBER};
  if (row >= s.rows) { return; }
  let own = i32(lane);
  var most = -3.4e38;
  for (var c = own; c < s.columns; c += ${LANES}) {
    let logit = logits[row * s.columns + c] * s.scale;
    if (is_candidate(row, c) && logit > most) { most = logit; }
  }
  shared_numbers[own] = most;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { shared_numbers[own] = max(shared_numbers[own], shared_numbers[own + step]); }
    workgroupBarrier();
  }
  most = shared_numbers[0];
  workgroupBarrier();
  var total = 0.0;
  for (var c = own; c < s.columns; c += ${LANES}) {
    if (!is_candidate(row, c)) { continue; }
    let apart = logits[row * s.columns + c] * s.scale - most;
    // The exponential of some drivers makes a number of what is none.
    if (is_number(apart)) { total += exp(apart); } else { total = apart; break; }
  }
  shared_numbers[own] = total;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { shared_numbers[own] += shared_numbers[own + step]; }
    workgroupBarrier();
  }
  if (own == 0) {
    total = shared_numbers[0];
    var log_total = total;
    if (is_number(total)) { log_total = log(total); }
    let column = column_of(row);
    var found = vec4(0.0, 0.0, most, log_total);
    if (column >= 0 && column < s.columns) {
      found.x = log_total - (logits[row * s.columns + column] * s.scale - most);
      found.y = 1.0;
    }
    rows[row] = found;
  }
}`,
  };
};

/** The mean over the rows that count, times the share; and what one row's loss changes in it. */
const FINISH: Kernel = {
  name: 'graft entropy of all rows',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> slope: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
var<workgroup> sums: array<vec2<f32>, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  var sum = vec2<f32>();
  for (var row = own; row < s.rows; row += ${LANES}) { sum += rows[row].xy; }
  sums[own] = sum;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { sums[own] += sums[own + step]; }
    workgroupBarrier();
  }
  if (own == 0) {
    let each_row = s.share / max(1.0, sums[0].y);
    slope[0] = each_row;
    loss[0] = sums[0].x * each_row;
  }
}`,
};

/**
 * The gradient in the logits. Of pairs the logits are a product of vectors with themselves, so what a logit changes and
 * what its mirror image changes are asked for together.
 */
const backOf = (kind: Truth): Kernel => {
  const after = kind === 'labels' ? 5 : 4;
  const one = (row: string, column: string) => `slope_at(${row}, ${column})`;
  return {
    name: `graft entropy of rows back, ${kind}`,
    code: `${SHAPE}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> slope: array<f32>;
@group(0) @binding(3) var<storage, read> outer: array<f32>;
${truth[kind].binding(4)}
@group(0) @binding(${after}) var<storage, read_write> written: array<f32>;
@group(0) @binding(${after + 1}) var<uniform> s: Shape;
${truth[kind].code}
${IS_NUMBER}
fn slope_at(row: i32, column: i32) -> f32 {
  if (rows[row].y == 0.0 || !is_candidate(row, column)) { return 0.0; }
  let log_p = logits[row * s.columns + column] * s.scale - rows[row].z - rows[row].w;
  var p = log_p;
  if (is_number(log_p)) { p = exp(log_p); }
  return p - select(0.0, 1.0, column == column_of(row));
}
${EACH}
  if (at >= s.rows * s.columns) { return; }
  let row = at / s.columns;
  let column = at - row * s.columns;
  let found = ${kind === 'labels' ? one('row', 'column') : `${one('row', 'column')} + ${one('column', 'row')}`};
  written[at] = outer[0] * slope[0] * s.scale * found;
}`,
  };
};

export interface RowEntropy {
  /** [] */
  readonly loss: TensorInfo;
  /** [rows, 4] and [1], for going back. */
  readonly rows: TensorInfo;
  readonly slope: TensorInfo;
}

export interface RowEntropyOptions {
  /** What logits are multiplied by. */
  readonly scale: number;
  /** What the mean over the rows is multiplied by. */
  readonly share: number;
}

const uniformOf = ([rows = 1, columns = 1]: readonly number[], options: RowEntropyOptions) => [
  ...[rows, columns, { float: options.scale }, { float: options.share }],
];

/** logits [rows, columns]; labels int32 [rows], or null: [2n, 2n], of pairs of neighbouring rows. */
export function rowEntropy(
  backend: WebGPUBackend,
  options: RowEntropyOptions,
  [logits, labels]: readonly [logits: TensorInfo, labels: TensorInfo | null],
): RowEntropy {
  const [count = 1] = logits.shape;
  const uniform = uniformOf(logits.shape, options);
  const [rows] = dispatchInfos(backend, {
    kernel: rowsOf(labels === null ? 'pairs' : 'labels'),
    inputs: labels === null ? [logits] : [logits, labels],
    outputs: [{ shape: [count, 4] }],
    uniform,
    workgroups: inRows(count),
  }) as [TensorInfo];
  const [loss, slope] = dispatchInfos(backend, {
    kernel: FINISH,
    inputs: [rows],
    outputs: [{ shape: [] }, { shape: [1] }],
    uniform,
    workgroups: [1, 1, 1],
  }) as [TensorInfo, TensorInfo];
  return { loss, rows, slope };
}

/** The gradient in the logits, times dLoss []; of pairs with that of its mirror image added. */
export function rowEntropyBack(
  backend: WebGPUBackend,
  options: RowEntropyOptions,
  {
    logits,
    labels,
    rows,
    slope,
    dLoss,
  }: Omit<RowEntropy, 'loss'> & {
    readonly logits: TensorInfo;
    readonly labels: TensorInfo | null;
    readonly dLoss: TensorInfo;
  },
): TensorInfo {
  return each(backend, {
    kernel: backOf(labels === null ? 'pairs' : 'labels'),
    inputs: [logits, rows, slope, dLoss, ...(labels === null ? [] : [labels])],
    shape: logits.shape,
    uniform: uniformOf(logits.shape, options),
  });
}
