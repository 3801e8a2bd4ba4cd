/** The objects of one dataset, measured: asked for once, kept while the project is open, and said to be old when they are. */
import type { MeasureTable } from '../../shared/api.ts';
import { messageOf, toWireError } from '../../shared/errors.ts';
import type { Changes } from '../../shared/events.ts';
import { pixelsUrl } from '../../shared/exchange.ts';
import { TABLE_KEYS } from '../../shared/objects/measure/columns.ts';
import { commonUnit, scaleFor } from '../../shared/objects/measure/in-units.ts';
import { decodeMeasures } from '../../shared/objects/measure/table-code.ts';
import type { PixelSize } from '../../shared/pixel-size.ts';
import type { Api, CallOptions } from '../api.ts';
import {
  FIRST_ORDER,
  inOrder,
  measuredRows,
  NO_GATES,
  type RowFilters,
  type RowOrder,
  rowsPassing,
  type ShownColumn,
} from './measured-rows.ts';

interface Found {
  readonly table: MeasureTable;
  readonly values: readonly Float64Array[];
}

/** An object of an image, whichever row it has. */
export interface PickedObject {
  readonly imageId: number;
  readonly label: number;
}

export class Measurements {
  /** Run whose predictions are measured; null: labels. */
  runId = $state.raw<number | null>(null);
  found = $state.raw<Found | null>(null);
  /** Why there is nothing. */
  trouble = $state.raw<string | null>(null);
  isUnderWay = $state(false);
  /** Labels have changed since. */
  isOld = $state(false);
  inUnit = $state(true);
  filters = $state.raw<RowFilters>(NO_GATES);
  order = $state.raw<RowOrder>(FIRST_ORDER);
  picked = $state.raw<PickedObject | null>(null);
  /** Columns of the histogram and, below it, of the scatter plot. */
  across = $state('area');
  upwards = $state('eccentricity');
  /** That lengths can be shown in; null: no pixel size is known. */
  readonly unit = $derived(commonUnit(this.found?.table.images ?? []));
  readonly rows = $derived(
    this.found === null
      ? null
      : measuredRows(this.found.table, this.found.values, this.inUnit ? this.unit : null),
  );
  readonly passing = $derived(
    this.rows === null ? new Int32Array() : rowsPassing(this.rows, this.filters),
  );
  readonly shown = $derived(
    this.rows === null ? new Int32Array() : inOrder(this.rows, this.passing, this.order),
  );
  readonly pickedRow = $derived.by(() => {
    const { rows, picked } = this;
    if (rows === null || picked === null) return -1;
    const image = rows.images.findIndex(({ imageId }) => imageId === picked.imageId);
    return rows.label.findIndex((label, i) => label === picked.label && rows.image[i] === image);
  });
  readonly #api: Api;
  readonly #of: { readonly project: string; readonly datasetId: number };
  /** Counted up by each measuring: what an older one finds is not shown. */
  #asked = 0;

  constructor(api: Api, of: { readonly project: string; readonly datasetId: number }) {
    this.#api = api;
    this.#of = of;
  }

  /** Errors: none; what went wrong is `trouble`. */
  async measure(runId: number | null, options: CallOptions): Promise<void> {
    const { project } = this.#of;
    const asked = ++this.#asked;
    if (runId !== this.runId) this.found = null;
    this.runId = runId;
    this.isUnderWay = true;
    this.trouble = null;
    const wasOld = this.isOld;
    this.isOld = false;
    try {
      const table = await this.#api.call('measures.table', { ...this.#of, runId }, options);
      const address = pixelsUrl('measures', { project, table: table.tableId });
      const { bytes } = await this.#api.fetchPixels(address);
      if (asked !== this.#asked) return;
      const values = decodeMeasures(bytes, TABLE_KEYS.length + table.columns.length);
      this.found = { table, values };
      this.#keepGates(() => true);
    } catch (error) {
      if (asked !== this.#asked) return;
      const isStopped = toWireError(error).code === 'cancelled';
      this.trouble = isStopped ? 'Measuring was stopped.' : messageOf(error);
      // What is shown is what it was.
      if (wasOld && this.found !== null) this.isOld = true;
    } finally {
      if (asked === this.#asked) this.isUnderWay = false;
    }
  }

  /** Gates that some columns are for stay. */
  #keepGates(keeps: (column: ShownColumn) => boolean): void {
    const keys = new Set(this.rows?.columns.filter(keeps).map(({ key }) => key));
    const gates = this.filters.gates.filter(({ column }) => keys.has(column));
    this.filters = { ...this.filters, gates };
  }

  /** Lengths and areas in the unit, or in pixels: gates of these go, as their numbers mean something else. */
  showUnit(inUnit: boolean): void {
    this.inUnit = inUnit;
    this.#keepGates(({ kind }) => scaleFor(kind, 1) === undefined);
  }

  /** In the place of the gates of these columns; null: of none. */
  gate(columns: readonly string[], ranges: readonly (readonly [number, number] | null)[]): void {
    const others = this.filters.gates.filter(({ column }) => !columns.includes(column));
    const gates = columns.flatMap((column, i) => {
      const range = ranges[i];
      return range == null ? [] : [{ column, from: range[0], to: range[1] }];
    });
    this.filters = { ...this.filters, gates: [...others, ...gates] };
  }

  /** Brings the row of an object of the labels into sight, past the filters; where predictions were measured, labels are. */
  seek(object: PickedObject): void {
    if (this.runId !== null) {
      this.runId = null;
      this.found = null;
    }
    this.picked = object;
    if (this.pickedRow >= 0 && !this.passing.includes(this.pickedRow)) this.filters = NO_GATES;
  }

  /** Errors: those of the engine. */
  async setPixelSize(pixelSize: PixelSize | null): Promise<void> {
    await this.#api.call('measures.setPixelSize', { ...this.#of, pixelSize });
  }

  follow({
    images,
    datasets,
  }: {
    readonly images: Changes['images'] | undefined;
    readonly datasets: Changes['datasets'] | undefined;
  }): void {
    const isOfThis =
      images?.datasetId === this.#of.datasetId ||
      datasets?.updated?.includes(this.#of.datasetId) === true;
    if (isOfThis && this.found !== null) this.isOld = true;
  }
}
