import { describe, expect, test } from 'vitest';
import type { MaskKind } from '../../../../engine/data/decode-mask.ts';
import {
  applyMapping,
  describeValues,
  proposeMapping,
  type SeenValues,
  unknownValues,
  userMapping,
} from '../../../../engine/data/import/mask-values.ts';

const seen = (kind: MaskKind, counts: Record<number, number>): SeenValues => ({
  kind,
  histogram: new Map(Object.entries(counts).map(([value, n]) => [Number(value), n])),
});

const range = (from: number, to: number) =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [from + i, 1]));

const proposal = (...masks: SeenValues[]) => {
  const mapping = proposeMapping(masks);
  return {
    entries: Object.fromEntries(mapping.entries),
    names: mapping.classes.map((c) => c.name),
    otherwise: mapping.otherwise,
    why: mapping.why,
  };
};

describe('classes from the values found', () => {
  test('0 and 255 alone: 255 is the foreground, in grey and in index masks', () => {
    for (const kind of ['grey', 'index'] as const) {
      expect(proposal(seen(kind, { 0: 5, 255: 3 }))).toMatchObject({
        entries: { 0: 0, 255: 1 },
        names: ['background', 'foreground'],
      });
    }
  });

  test('255 beside class ids is ignored', () => {
    expect(proposal(seen('index', { 0: 5, 1: 1, 2: 1 }), seen('index', { 255: 3 }))).toMatchObject({
      entries: { 0: 0, 1: 1, 2: 2, 255: 255 },
      names: ['background', 'class 1', 'class 2'],
    });
    expect(proposal(seen('grey', { 0: 5, 1: 1, 255: 1 }))).toMatchObject({
      entries: { 0: 0, 1: 1, 255: 255 },
      names: ['background', 'foreground'],
    });
  });

  test('255 beside grey levels is a class of its own', () => {
    expect(proposal(seen('grey', { 0: 5, 128: 1, 255: 1 }))).toMatchObject({
      entries: { 0: 0, 128: 1, 255: 2 },
    });
  });

  test('gaps between values are closed', () => {
    expect(proposal(seen('index', { 0: 1, 4: 1, 9: 1 })).entries).toEqual({ 0: 0, 4: 1, 9: 2 });
  });

  test('black and white with grey edges is cut in the middle', () => {
    const edges = { ...range(1, 20), 0: 500, 255: 500 };
    const mapping = proposeMapping([seen('grey', edges)]);
    expect(mapping.otherwise).toBe('nearer');
    expect(
      describeValues([seen('grey', { 0: 500, 100: 1, 127: 1, 128: 2, 255: 5 })], mapping),
    ).toEqual([
      { value: '0', pixels: 500, becomes: 0 },
      { value: '100…127', pixels: 2, becomes: 0 },
      { value: '128', pixels: 2, becomes: 1 },
      { value: '255', pixels: 5, becomes: 1 },
    ]);
  });

  test('many grey values number objects: all are the foreground', () => {
    const mapping = proposeMapping([seen('grey', range(0, 100)), seen('grey', { 4000: 2 })]);
    expect(mapping.why).toContain('102 values, which number objects');
    const objects = seen('grey', { 0: 1, 7: 2, 60_000: 3 });
    expect(unknownValues(objects, mapping)).toEqual([]);
    expect(describeValues([objects], mapping)).toEqual([
      { value: '0', pixels: 1, becomes: 0 },
      { value: '7…60000', pixels: 5, becomes: 1 },
    ]);
  });

  test('colours are classes in their own colour, black is the background', () => {
    const mapping = proposeMapping([seen('colour', { 0: 4, 0xff0000: 1, 0x00ff00: 2 })]);
    expect(Object.fromEntries(mapping.entries)).toMatchObject({
      '#000000': 0,
      '#00ff00': 1,
      '#ff0000': 2,
    });
    expect(mapping.classes.map((c) => c.color)).toEqual(['#000000', '#00ff00', '#ff0000']);
  });

  test('without any mask there is a foreground to label with', () => {
    expect(proposal().names).toEqual(['background', 'foreground']);
  });
});

describe('applying a mapping', () => {
  test('unknown values become ignore and are counted', () => {
    const mapping = userMapping({ '1': 2, '3': 255 }, []);
    const mask = {
      width: 3,
      height: 2,
      kind: 'index' as const,
      values: Uint8Array.of(0, 1, 1, 3, 9, 9),
      histogram: new Map([
        [0, 1],
        [1, 2],
        [3, 1],
        [9, 2],
      ]),
      notes: [],
    };
    expect([...applyMapping(mask, mapping).data]).toEqual([0, 2, 2, 255, 255, 255]);
    expect(unknownValues(mask, mapping)).toEqual([{ value: '9', pixels: 2 }]);
    expect(mapping.classes.map((c) => c.name)).toEqual(['background', 'class 1', 'class 2']);
  });

  test('a user may map colours in any case, and black too', () => {
    const mapping = userMapping({ '#FF0000': 1, '0': 1 }, []);
    expect(unknownValues(seen('colour', { 0xff0000: 1, 0: 1 }), mapping)).toEqual([]);
    expect(mapping.entries.get('0')).toBe(1);
  });
});
