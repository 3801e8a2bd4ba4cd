import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { History } from '../../../renderer/canvas/history.ts';
import { LabelEncoder } from '../../../renderer/canvas/label-encoder.ts';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { TILE_PX } from '../../../shared/tiles.ts';
import { sweptDisc } from '../../../renderer/canvas/shapes.ts';
import { imagePoint } from '../../../renderer/canvas/viewport.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';

/** Larger than a tile both ways and not a multiple of one. */
const SIZE = { width: 600, height: 300 };

const span = fc.record({
  y: fc.integer({ min: -5, max: SIZE.height + 5 }),
  x0: fc.integer({ min: -20, max: SIZE.width + 20 }),
  length: fc.integer({ min: 0, max: SIZE.width }),
  paint: fc.record({
    value: fc.constantFrom(0, 1, 2, 255),
    only: fc.constantFrom(null, 0, 1),
  }),
});
type Span = typeof span extends fc.Arbitrary<infer T> ? T : never;
const strokes = fc.array(fc.array(span, { minLength: 1, maxLength: 12 }), { maxLength: 8 });

function draw(layer: LabelLayer, history: History, spans: readonly Span[]) {
  const edit = layer.edit();
  for (const { y, x0, length, paint } of spans) edit.fillSpan(y, x0, x0 + length, paint);
  return history.commit(edit, { kind: 'record', label: 'spans' });
}

describe('a label layer', () => {
  test('does to its tiles what the same spans do to a flat array', () => {
    fc.assert(
      fc.property(strokes, (drawn) => {
        const layer = new LabelLayer(SIZE.width, SIZE.height);
        const history = new History();
        const flat = new Uint8Array(SIZE.width * SIZE.height);
        for (const spans of drawn) {
          draw(layer, history, spans);
          for (const { y, x0, length, paint } of spans) {
            if (y < 0 || y >= SIZE.height) continue;
            for (let x = Math.max(0, x0); x < Math.min(SIZE.width, x0 + length); x++) {
              const at = y * SIZE.width + x;
              if (paint.only === null || flat[at] === paint.only) flat[at] = paint.value;
            }
          }
        }
        expect(Buffer.compare(layer.toLabelMap().data, flat)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('tells exactly which tiles changed, and where', () => {
    const layer = new LabelLayer(SIZE.width, SIZE.height);
    const seen: [number, unknown][][] = [];
    layer.onDirty((dirty) => seen.push([...dirty]));
    const edit = layer.edit();
    edit.fillSpan(255, 250, 260, { value: 1, only: null });
    edit.fillSpan(254, 252, 254, { value: 1, only: null });
    edit.flush();
    expect(seen).toEqual([
      [
        [0, { x0: 250, y0: 254, x1: 256, y1: 256 }],
        [1, { x0: 256, y0: 255, x1: 260, y1: 256 }],
      ],
    ]);
    edit.flush();
    edit.commit();
    expect(seen).toHaveLength(1);
  });

  test('every map survives decoding and incremental encoding', () => {
    fc.assert(
      fc.property(strokes, strokes, (before, after) => {
        const layer = new LabelLayer(SIZE.width, SIZE.height);
        const history = new History();
        const encoder = new LabelEncoder(layer);
        for (const spans of before) draw(layer, history, spans);
        encoder.advance(() => true);
        encoder.bytes();
        for (const spans of after) draw(layer, history, spans);
        const bytes = encoder.bytes();
        const map = layer.toLabelMap();
        expect(Buffer.compare(bytes, encodeLabelMap(map))).toBe(0);
        expect(Buffer.compare(decodeLabelMap(bytes).data, map.data)).toBe(0);
        const again = LabelLayer.decode(bytes);
        expect(Buffer.compare(again.toLabelMap().data, map.data)).toBe(0);
        expect(again.ownBytes).toBe(layer.ownBytes);
      }),
      { numRuns: 30 },
    );
  });

  test('16,384² opens from its code without holding its pixels', () => {
    const side = 16_384;
    const source = new LabelLayer(side, side, 3);
    const edit = source.edit();
    for (let y = 5000; y < 5400; y++) edit.fillSpan(y, 7000, 7900, { value: 1, only: null });
    edit.commit();
    const layer = LabelLayer.decode(new LabelEncoder(source).bytes());
    expect(layer.get(7000, 5000)).toBe(1);
    expect(layer.get(6999, 5000)).toBe(3);
    expect(layer.get(side - 1, side - 1)).toBe(3);
    expect(layer.ownBytes).toBeLessThan(20 * TILE_PX * TILE_PX);
  });

  test('there is one edit at a time', () => {
    const layer = new LabelLayer(10, 10);
    const edit = layer.edit();
    expect(() => layer.edit()).toThrow(/Finish the stroke/);
    expect(() => layer.apply(new Uint8Array())).toThrow(/Finish the stroke/);
    edit.commit();
    layer.edit().revert();
  });
});

describe('the history', () => {
  test('a stroke then undo is the identity, and redo brings it back', () => {
    fc.assert(
      fc.property(strokes, fc.array(span, { minLength: 1, maxLength: 12 }), (before, last) => {
        const layer = new LabelLayer(SIZE.width, SIZE.height);
        const history = new History();
        for (const spans of before) draw(layer, history, spans);
        const start = layer.toLabelMap().data;
        const changed = draw(layer, history, last);
        const end = layer.toLabelMap().data;
        expect(changed).toBe(Buffer.compare(start, end) !== 0);
        if (!changed) return;
        history.undo();
        expect(Buffer.compare(layer.toLabelMap().data, start)).toBe(0);
        history.redo();
        expect(Buffer.compare(layer.toLabelMap().data, end)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('any walk through undo, redo and new strokes shows the state that belongs to each position', () => {
    const step = fc.oneof(
      fc.constant('undo' as const),
      fc.constant('redo' as const),
      fc.array(span, { minLength: 1, maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const layer = new LabelLayer(SIZE.width, SIZE.height);
        const history = new History();
        const states = [layer.toLabelMap().data];
        for (const action of steps) {
          if (action === 'undo') history.undo();
          else if (action === 'redo') history.redo();
          else if (draw(layer, history, action)) {
            states.splice(history.position, Infinity, layer.toLabelMap().data);
          }
          expect(history.entries).toHaveLength(states.length - 1);
          const expected = states[history.position] ?? new Uint8Array();
          expect(Buffer.compare(layer.toLabelMap().data, expected)).toBe(0);
        }
        history.goTo(0);
        expect(Buffer.compare(layer.toLabelMap().data, states[0] ?? new Uint8Array())).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('reverting or restarting an edit leaves every pixel as it was', () => {
    fc.assert(
      fc.property(strokes, fc.array(span, { minLength: 1 }), (before, abandoned) => {
        const layer = new LabelLayer(SIZE.width, SIZE.height);
        const history = new History();
        for (const spans of before) draw(layer, history, spans);
        const start = layer.toLabelMap().data;
        const edit = layer.edit();
        for (const { y, x0, length, paint } of abandoned) edit.fillSpan(y, x0, x0 + length, paint);
        edit.restart();
        expect(Buffer.compare(layer.toLabelMap().data, start)).toBe(0);
        for (const { y, x0, length, paint } of abandoned) edit.fillSpan(y, x0, x0 + length, paint);
        edit.revert();
        expect(Buffer.compare(layer.toLabelMap().data, start)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('the oldest entries make room when the limit is reached', () => {
    const layer = new LabelLayer(100, 100);
    const history = new History({ maxBytes: 1000 });
    for (let y = 0; y < 10; y++) {
      draw(layer, history, [{ y, x0: 0, length: 50, paint: { value: 1, only: null } }]);
    }
    expect(history.bytes).toBeLessThanOrEqual(1000);
    expect(history.entries.length).toBeGreaterThan(1);
    expect(history.entries.length).toBeLessThan(10);
    history.goTo(0);
    expect(layer.get(0, 0)).toBe(1);
    expect(layer.get(0, 9)).toBe(0);
  });

  test('500 strokes of 200 px on 4096² stay within 300 MB and can all be undone', () => {
    const side = 4096;
    const layer = new LabelLayer(side, side);
    const history = new History();
    for (let stroke = 0; stroke < 500; stroke++) {
      const edit = layer.edit();
      const y = (stroke * 977) % side;
      sweptDisc(
        imagePoint((stroke * 131) % 1500, y),
        imagePoint(2000 + ((stroke * 389) % 2096), side - y),
        {
          radius: 100,
          visit: (row, x0, x1) =>
            edit.fillSpan(row, x0, x1, { value: 1 + (stroke % 7), only: null }),
        },
      );
      history.commit(edit, { kind: 'record', label: 'Brush' });
    }
    expect(history.entries).toHaveLength(500);
    expect(history.bytes + layer.ownBytes).toBeLessThan(300e6);
    history.goTo(0);
    expect(layer.ownBytes).toBe(0);
  });

  test('a change under the policy `forget` ends the history', () => {
    const layer = new LabelLayer(100, 100);
    const history = new History();
    draw(layer, history, [{ y: 1, x0: 0, length: 50, paint: { value: 1, only: null } }]);
    const edit = layer.edit();
    edit.replaceAll(new LabelLayer(100, 100, 2));
    expect(history.commit(edit, { kind: 'forget' })).toBe(true);
    expect(history.canUndo).toBe(false);
    expect(history.bytes).toBe(0);
    expect(layer.get(50, 50)).toBe(2);
  });
});
