/** The measured objects of a dataset as the page Objects knows them: gates, units, rows, and when they are old. */
import { describe, expect, it } from 'vitest';
import type { Api } from '../../../renderer/api.ts';
import { Measurements } from '../../../renderer/state/measurements.svelte.ts';
import type { MeasuredImage, MeasureTable } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { encodeMeasures } from '../../../shared/objects/measure/table-code.ts';

const image = (imageId: number): MeasuredImage => ({
  ...{ imageId, name: `${imageId}.png`, widthPx: 16, heightPx: 16, labelMapId: 1 },
  ...{ from: 'components', objects: 2, classes: [] },
  ...{ pixelSize: { size: 0.5, unit: 'um' }, pixelSizeFrom: 'typed' },
});

/** Two objects in each of two images: image, label, class, area, eccentricity. */
const VALUES = [
  [0, 0, 1, 1],
  [1, 2, 1, 2],
  [1, 1, 1, 1],
  [8, 12, 8, 12],
  [0.5, 0.2, 0.5, 0.2],
].map((column) => Float64Array.from(column));

const TABLE: MeasureTable = {
  ...{ tableId: 3, images: [image(5), image(6)], objects: 4, unmeasured: 0, notes: [] },
  columns: [
    { name: 'area', title: 'Area', kind: 'area' },
    { name: 'eccentricity', title: 'Eccentricity', kind: 'ratio' },
  ],
};

/** An engine that measures this, unless `fails` says why not. */
function measured() {
  const engine: { fails: AppError | null } = { fails: null };
  const api = {
    call: () => (engine.fails === null ? Promise.resolve(TABLE) : Promise.reject(engine.fails)),
    fetchPixels: () => Promise.resolve({ bytes: encodeMeasures(VALUES) }),
  };
  const of = { project: '/p.graft', datasetId: 1 };
  const measurements = new Measurements(api as unknown as Api, of);
  const areas = () => {
    const column = measurements.rows?.columns.find(({ key }) => key === 'area');
    return [...measurements.shown].map((row) => column?.values[row]);
  };
  return { engine, measurements, areas };
}

describe('measured objects', () => {
  it('are shown in the order that is asked for, within the gates, and the one that was picked is found', async () => {
    const { measurements, areas } = measured();
    await measurements.measure(null, {});
    expect([measurements.isUnderWay, measurements.trouble]).toEqual([false, null]);
    measurements.showUnit(false);
    expect(areas()).toEqual([8, 12, 8, 12]);
    measurements.order = { column: 'area', isDescending: true };
    expect(areas()).toEqual([12, 12, 8, 8]);
    measurements.gate(['area'], [[10, 20]]);
    expect(areas()).toEqual([12, 12]);
    measurements.picked = { imageId: 6, label: 2 };
    expect(measurements.pickedRow).toBe(3);
    measurements.gate(['area'], [null]);
    expect(areas()).toHaveLength(4);
  });

  it('keep gates that mean the same when the unit is another one, and drop the others', async () => {
    const { measurements, areas } = measured();
    await measurements.measure(null, {});
    expect(measurements.unit).toBe('um');
    expect(areas()).toEqual([2, 3, 2, 3]);
    measurements.gate(
      ['area', 'eccentricity'],
      [
        [2, 2.5],
        [0, 1],
      ],
    );
    expect(areas()).toEqual([2, 2]);
    measurements.showUnit(false);
    expect(measurements.filters.gates.map(({ column }) => column)).toEqual(['eccentricity']);
    expect(areas()).toEqual([8, 12, 8, 12]);
  });

  it('are old once labels change, and stay so where measuring fails', async () => {
    const { measurements, engine } = measured();
    await measurements.measure(null, {});
    measurements.follow({ images: { datasetId: 2 }, datasets: undefined });
    expect(measurements.isOld).toBe(false);
    measurements.follow({ images: { datasetId: 1 }, datasets: undefined });
    expect(measurements.isOld).toBe(true);
    engine.fails = new AppError('internal', 'The disk does not answer.');
    await measurements.measure(null, {});
    expect([measurements.isOld, measurements.trouble]).toEqual([true, 'The disk does not answer.']);
    expect(measurements.shown).toHaveLength(4);
    engine.fails = new AppError('cancelled', 'Stopped.');
    await measurements.measure(null, {});
    expect(measurements.trouble).toBe('Measuring was stopped.');
    engine.fails = null;
    await measurements.measure(null, {});
    expect([measurements.isOld, measurements.trouble]).toEqual([false, null]);
  });

  it('of another source are not shown under its name while it is measured', async () => {
    const { measurements } = measured();
    await measurements.measure(null, {});
    const first = measurements.measure(7, {});
    expect([measurements.found, measurements.runId]).toEqual([null, 7]);
    const second = measurements.measure(null, {});
    await Promise.all([first, second]);
    expect([measurements.found === null, measurements.runId]).toEqual([false, null]);
    expect(measurements.isUnderWay).toBe(false);
  });
});
