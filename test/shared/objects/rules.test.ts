import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IGNORE } from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { componentsOf } from '../../../shared/objects/components.ts';
import { decodeObjectMap, encodeObjectMap } from '../../../shared/objects/object-map.ts';
import {
  brokenRule,
  carriedOver,
  keptObject,
  makesObjects,
  withoutGround,
} from '../../../shared/objects/rules.ts';

const [WIDTH, HEIGHT] = [7, 5];
const PIXELS = WIDTH * HEIGHT;
const size = { width: WIDTH, height: HEIGHT };

const aClassMap = fc
  .array(fc.constantFrom(0, 0, 1, 1, 2, IGNORE), { minLength: PIXELS, maxLength: PIXELS })
  .map((values) => Uint8Array.from(values));
const aGround = fc.record({ hasBackground: fc.boolean() });

/** Objects that keep the rules on a class map, several of them apart in pieces. */
const someObjects = (classes: Uint8Array, ground: { hasBackground: boolean }, seed: number) =>
  Uint32Array.from(classes, (value, i) =>
    makesObjects(value, ground) && (i * 7 + seed) % 5 > 0 ? 10 * value + ((i * seed) % 3) + 1 : 0,
  );

const classCode = (data: Uint8Array) => encodeLabelMap({ ...size, data });
const objectCode = (data: Uint32Array) => encodeObjectMap({ ...size, data });

describe('where classes and objects meet', () => {
  test('whatever is painted over labels, their objects keep the rules, and pixels that kept their class their number', () => {
    fc.assert(
      fc.property(
        aClassMap,
        fc.array(aClassMap, { minLength: 1, maxLength: 4 }),
        aGround,
        fc.integer({ min: 0, max: 1000 }),
        (first, edits, ground, seed) => {
          let classes = first;
          let objects = someObjects(first, ground, seed);
          expect(
            brokenRule({ objects: objectCode(objects), classes: classCode(classes) }, ground),
          ).toBeNull();
          for (const after of edits) {
            const expected = objects.map((object, i) =>
              keptObject(object, { before: classes[i] ?? 0, after: after[i] ?? 0 }),
            );
            const code = carriedOver({
              objects: objectCode(objects),
              before: classCode(classes),
              after: classCode(after),
            });
            if (code === null) expect(expected.some((object) => object > 0)).toBe(false);
            else {
              expect(decodeObjectMap(code)).toEqual({ ...size, data: expected });
              expect(brokenRule({ objects: code, classes: classCode(after) }, ground)).toBeNull();
            }
            classes = after;
            objects = expected;
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('painting in the same class keeps the number, another class, erasing and ignoring take it away', () => {
    expect(keptObject(4, { before: 2, after: 2 })).toBe(4);
    for (const after of [0, 1, IGNORE]) expect(keptObject(4, { before: 2, after })).toBe(0);
  });

  test('ignored pixels belong to no object, background to none where there is one', () => {
    expect(makesObjects(IGNORE, { hasBackground: false })).toBe(false);
    expect(makesObjects(0, { hasBackground: true })).toBe(false);
    expect(makesObjects(0, { hasBackground: false })).toBe(true);
    expect(makesObjects(1, { hasBackground: true })).toBe(true);
  });

  test('what may belong to no object is taken out, whatever numbers lie there', () => {
    fc.assert(
      fc.property(aClassMap, aGround, (classes, ground) => {
        const data = Uint32Array.from({ length: PIXELS }, (_, i) => (classes[i] ?? 0) + 1);
        const codes = { objects: objectCode(data), classes: classCode(classes) };
        const code = withoutGround(codes, ground);
        const kept = data.map((object, i) => (makesObjects(classes[i] ?? 0, ground) ? object : 0));
        if (code === null) expect(kept.every((object) => object === 0)).toBe(true);
        else expect(decodeObjectMap(code).data).toEqual(kept);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    [[1, 1, 0], [0, 1, 1], 'object 1 lies on the background'],
    [[1, 0, 0], [IGNORE, 1, 1], 'object 1 lies on ignored pixels'],
    [[5, 0, 5], [1, 1, 2], 'object 5 is of the classes 1 and 2'],
  ])('objects %j on classes %j are refused: %s', (objects, classes, reason) => {
    const codes = {
      objects: encodeObjectMap({ width: 3, height: 1, data: Uint32Array.from(objects) }),
      classes: encodeLabelMap({ width: 3, height: 1, data: Uint8Array.from(classes) }),
    };
    expect(brokenRule(codes, { hasBackground: true })).toBe(reason);
  });

  test('maps of two sizes are refused', () => {
    const codes = {
      objects: encodeObjectMap({ width: 3, height: 1, data: new Uint32Array(3) }),
      classes: encodeLabelMap({ width: 1, height: 3, data: new Uint8Array(3) }),
    };
    expect(brokenRule(codes, { hasBackground: true })).toContain('3×1 px, the label map 1×3');
  });
});

describe('connected components', () => {
  test('touch by a side or a corner, by class, numbered as rows meet them', () => {
    const map = {
      width: 5,
      height: 3,
      data: Uint8Array.of(1, 0, 2, 2, 0, 0, 1, 2, 0, 1, 0, 0, 0, IGNORE, 1),
    };
    expect([...componentsOf(map, { hasBackground: true }).data]).toEqual([
      ...[1, 0, 2, 2, 0],
      ...[0, 1, 2, 0, 3],
      ...[0, 0, 0, 0, 3],
    ]);
  });

  test('keep the rules on every map, and class 0 makes objects where it is no background', () => {
    fc.assert(
      fc.property(aClassMap, aGround, (classes, ground) => {
        const objects = componentsOf({ ...size, data: classes }, ground);
        const codes = { objects: encodeObjectMap(objects), classes: classCode(classes) };
        expect(brokenRule(codes, ground)).toBeNull();
        classes.forEach((value, i) =>
          expect((objects.data[i] ?? 0) > 0).toBe(makesObjects(value, ground)),
        );
      }),
      { numRuns: 40 },
    );
  });
});
