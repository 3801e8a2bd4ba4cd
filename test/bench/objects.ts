/**
 * What objects cost: 4096² with 10,000 of them that touch in pairs. Import of a mask that numbers them, connecting, splitting,
 * measuring and opening the table, opening them in a window, saving; the size of the project and the strokes of a brush with
 * and without them. While the engine works, its thread is asked every 20 ms: what it computes between two answers, in
 * milliseconds of processor time, is how long a window would wait for it on an idle machine.
 *
 * usage: objects.ts [--side 4096] [--objects 10000] [--strokes 200]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { objectsOf } from '../../engine/data/objects-of.ts';
import { createEngine } from '../../engine/engine.ts';
import { History } from '../../renderer/canvas/history.ts';
import { LabelLayer } from '../../renderer/canvas/label-layer.ts';
import { ObjectLayer } from '../../renderer/canvas/object-layer.ts';
import { sweptDisc } from '../../renderer/canvas/shapes.ts';
import { imagePoint } from '../../renderer/canvas/viewport.ts';
import {
  FIRST_ORDER,
  inOrder,
  measuredRows,
  NO_GATES,
  rowsPassing,
} from '../../renderer/state/measured-rows.ts';
import { TABLE_KEYS } from '../../shared/objects/measure/columns.ts';
import { decodeMeasures } from '../../shared/objects/measure/table-code.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    side: { type: 'string', default: '4096' },
    objects: { type: 'string', default: '10000' },
    strokes: { type: 'string', default: '200' },
  },
});
const side = Number(flags.side);
const wanted = Number(flags.objects);

/** Pairs of discs that touch, on a grid. */
function numbered(): Uint16Array {
  const data = new Uint16Array(side * side);
  const pairs = Math.ceil(wanted / 2);
  const columns = Math.ceil(Math.sqrt(pairs));
  const cell = side / columns;
  const radius = 0.21 * cell;
  for (let pair = 0, number = 0; pair < pairs; pair++) {
    const [cx, cy] = [((pair % columns) + 0.5) * cell, (Math.floor(pair / columns) + 0.5) * cell];
    for (const dx of [-0.95 * radius, 0.95 * radius]) {
      number++;
      for (let y = Math.ceil(cy - radius); y <= cy + radius; y++) {
        for (let x = Math.ceil(cx + dx - radius); x <= cx + dx + radius; x++) {
          const isInside = (x - cx - dx) ** 2 + (y - cy) ** 2 <= radius ** 2;
          if (isInside && x >= 0 && y >= 0 && x < side && y < side) data[y * side + x] = number;
        }
      }
    }
  }
  return data;
}

const rows: Row[] = [];
const ASKED_EVERY_MS = 20;
/** Of this process with its threads; decoders have their own. */
async function timed<T>(what: string, work: () => Promise<T> | T): Promise<T> {
  const before = process.memoryUsage().rss;
  let [most, longest] = [before, 0];
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10);
  let asked = process.threadCpuUsage();
  const ask = () => {
    const { user, system } = process.threadCpuUsage(asked);
    longest = Math.max(longest, (user + system) / 1000);
    asked = process.threadCpuUsage();
  };
  const asking = setInterval(ask, ASKED_EVERY_MS);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  ask();
  clearInterval(look);
  clearInterval(asking);
  const { user, system } = process.cpuUsage(cpu);
  rows.push({
    ...{ what, value: seconds, unit: 's', cpuSeconds: (user + system) / 1e6 },
    peakMb: Math.max(0, Math.max(most, process.memoryUsage().rss) - before) / 1e6,
    longestMs: longest,
  });
  return result;
}

/** Strokes of 100 px, each committed; milliseconds a stroke. */
function strokes(layer: LabelLayer, history: History): number {
  const random = createRandom(1, 'strokes');
  const start = performance.now();
  for (let i = 0; i < Number(flags.strokes); i++) {
    const [x, y] = [side * random.next(), side * random.next()];
    const edit = layer.edit();
    sweptDisc(imagePoint(x, y), imagePoint(x + 100, y + 20), {
      radius: 10,
      visit: (row, x0, x1) => edit.fillSpan(row, x0, x1, { value: 2, only: null }),
    });
    history.commit(edit, { kind: 'record', label: 'Brush' });
  }
  return (performance.now() - start) / Number(flags.strokes);
}

const folder = mkdtempSync(join(tmpdir(), 'graft-objects-'));
const engine = createEngine();
try {
  mkdirSync(join(folder, 'data', 'images'), { recursive: true });
  mkdirSync(join(folder, 'data', 'masks'));
  const data = numbered();
  const grey = Uint8Array.from(data, (number) => (number === 0 ? 20 : 200));
  writeFileSync(
    join(folder, 'data', 'images', 'a.png'),
    encode({ width: side, height: side, channels: 1, depth: 8, data: grey }),
  );
  writeFileSync(
    join(folder, 'data', 'masks', 'a.png'),
    encode({ width: side, height: side, channels: 1, depth: 16, data }),
  );
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const { db } = engine.project(project);
  const { datasetId } = await timed('import', () =>
    engine.call('datasets.import', { project, name: 'd', path: join(folder, 'data') }),
  );
  const current = () => db.datasets.images(datasetId)[0]?.labelMapId ?? 0;
  const first = current();
  const stored = db.labelMaps.objects(first)?.length ?? 0;
  const labels = db.labelMaps.bytes(first)?.length ?? 0;
  const size = (what: string, bytes: number) => rows.push({ what, value: bytes / 1e6, unit: 'MB' });
  size('label map', labels);
  size('its objects', stored);
  size('project', db.storage.pages().fileBytes);
  await timed('read objects', () => objectsOf(db, first));
  await timed('connect', () =>
    engine.call('objects.tellApart', { project, datasetId, how: 'components' }),
  );
  const split = await timed('split', () =>
    engine.call('objects.tellApart', { project, datasetId, how: 'split' }),
  );
  rows.push({
    what: `objects after splitting the ${split.objectsBefore} that were connected; ${wanted} were drawn`,
    ...{ value: split.objectsAfter, unit: '' },
  });
  const table = await timed('measure', () => engine.call('measures.table', { project, datasetId }));
  const shown = await timed('open the table', () => {
    const bytes = Uint8Array.from(engine.project(project).measures.get(table.tableId) ?? []);
    const values = decodeMeasures(bytes, TABLE_KEYS.length + table.columns.length);
    const found = measuredRows(table, values, null);
    const passing = rowsPassing(found, NO_GATES);
    return { found, passing, order: inOrder(found, passing, FIRST_ORDER) };
  });
  await timed('sort the table', () =>
    inOrder(shown.found, shown.passing, { column: 'area', isDescending: true }),
  );
  const code = db.labelMaps.objects(current()) ?? new Uint8Array();
  const layer = await timed('open in a window', () => ObjectLayer.decode(code));
  await timed('find where each lies', () => layer.places.size);
  await timed('encode for saving', () => layer.bytes());
  const label = () => LabelLayer.decode(db.labelMaps.bytes(current()) ?? new Uint8Array());
  const plain = strokes(label(), new History());
  const own = label();
  const history = new History();
  history.accompany(own, layer);
  const both = strokes(own, history);
  rows.push({ what: 'a stroke without objects', value: plain, unit: 'ms' });
  rows.push({ what: 'a stroke with objects', value: both, unit: 'ms' });
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}
report('objects', rows);
