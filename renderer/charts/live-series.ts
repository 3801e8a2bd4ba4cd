/** A curve that grows. */
import type { MarkerShape } from '../../shared/charts/arm-style.ts';

export interface LiveSeries {
  readonly label: string;
  /** A CSS colour; variables are looked up where the chart stands. */
  readonly colour: string;
  /** stroke-dasharray of the report, `none` or lengths. */
  readonly dash: string;
  readonly width?: number;
  /** Where it is drawn as the report draws it. */
  readonly marker?: MarkerShape;
  /** (x, y), ascending in x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}
