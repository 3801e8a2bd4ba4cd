/** All measurements of the objects of one image, as columns. */
import type { LabelMap } from '../../label-map.ts';
import { intensityColumns, SHAPE_COLUMNS, type ShapeName } from './columns.ts';
import { hullOf } from './hull.ts';
import { createIntensityMeter } from './intensities.ts';
import { momentsOf } from './moments.ts';
import { type NumberedPixels, objectRuns, type ObjectRuns } from './object-runs.ts';
import { perimetersOf } from './perimeters.ts';

export interface MeasuredObjects {
  /** Object numbers, ascending. [objects] */
  readonly labels: Uint32Array;
  /** Class of each. [objects] */
  readonly classes: Uint8Array;
  /** By name (columns.ts), in pixels; NaN where a quantity has no value. Each [objects]. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

export interface ObjectMeasuring {
  /** Rows `top` … of the image itself, interleaved: every row once, from the top. */
  addRows(samples: Uint8Array | Uint16Array | Float32Array, top: number): void;
  result(): MeasuredObjects;
}

type ShapeColumns = Readonly<Record<ShapeName, Float64Array>>;

function shapesOf(map: NumberedPixels, runs: ObjectRuns): ShapeColumns {
  const perimeters = perimetersOf(map, runs);
  const of = Object.fromEntries(
    SHAPE_COLUMNS.map(({ name }) => [name, new Float64Array(runs.labels.length)]),
  ) as Record<ShapeName, Float64Array>;
  for (let i = 0; i < runs.labels.length; i++) {
    const m = momentsOf(runs, i);
    const hull = hullOf(runs, i);
    const perimeter = perimeters[i] ?? 0;
    of.area[i] = m.area;
    of.perimeter[i] = perimeter;
    of.equivalent_diameter_area[i] = m.equivalentDiameter;
    of.axis_major_length[i] = m.majorAxis;
    of.axis_minor_length[i] = m.minorAxis;
    of.feret_diameter_max[i] = hull.feretMax;
    of.feret_diameter_min[i] = hull.feretMin;
    of.area_convex[i] = hull.area;
    of.circularity[i] = perimeter === 0 ? NaN : (4 * Math.PI * m.area) / perimeter ** 2;
    of.solidity[i] = m.area / hull.area;
    of.eccentricity[i] = m.eccentricity;
    of.orientation[i] = m.orientation;
    of['centroid-0'][i] = m.centroidRow;
    of['centroid-1'][i] = m.centroidColumn;
    of['bbox-0'][i] = m.minRow;
    of['bbox-1'][i] = m.minColumn;
    of['bbox-2'][i] = m.maxRow;
    of['bbox-3'][i] = m.maxColumn;
    of.touches_border[i] =
      m.minRow === 0 || m.minColumn === 0 || m.maxRow === map.height || m.maxColumn === map.width
        ? 1
        : 0;
  }
  return of;
}

/**
 * @param options `channels`: of the image whose rows are added; 0: none are, and there are no intensities. `most`: objects
 * @throws AppError invalid-input: more objects than that
 */
export function measureObjects(
  { objects, classes }: { readonly objects: NumberedPixels; readonly classes: LabelMap },
  { channels, most }: { readonly channels: number; readonly most?: number },
): ObjectMeasuring {
  const runs = objectRuns(objects, most);
  const shapes = shapesOf(objects, runs);
  const meter = createIntensityMeter(runs, channels);
  return {
    addRows(samples, top) {
      meter.add(samples, top);
    },
    result() {
      const measured = meter.result();
      const columns = new Map<string, Float64Array>(Object.entries(shapes));
      for (const { name, of, channel } of intensityColumns(channels)) {
        const all = measured[of];
        columns.set(
          name,
          Float64Array.from(runs.labels, (_, i) => all[i * channels + channel] ?? NaN),
        );
      }
      const ofClass = Uint8Array.from(runs.labels, (_, i) => {
        const run = runs.first[i] ?? 0;
        return classes.data[(runs.row[run] ?? 0) * classes.width + (runs.from[run] ?? 0)] ?? 0;
      });
      return { labels: runs.labels, classes: ofClass, columns };
    },
  };
}
