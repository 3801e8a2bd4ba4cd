/** A curve that grows. */
export interface LiveSeries {
  readonly label: string;
  /** A CSS colour; variables are looked up where the chart stands. */
  readonly colour: string;
  /** stroke-dasharray of the report, `none` or lengths. */
  readonly dash: string;
  readonly width?: number;
  /** (x, y), ascending in x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}
