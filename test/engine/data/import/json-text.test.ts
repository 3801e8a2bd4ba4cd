import { describe, expect, test } from 'vitest';
import { parseJsonText } from '../../../../engine/data/import/json-text.ts';

describe('JSON as tools write it', () => {
  test('what Python writes for numbers that are none is read as not finite, outside of strings alone', () => {
    expect(
      parseJsonText('{"a": NaN, "b": [1, -Infinity, Infinity], "NaN": "x NaN \\" NaN"}'),
    ).toEqual({
      ok: true,
      value: { a: Infinity, b: [1, Infinity, Infinity], NaN: 'x NaN " NaN' },
    });
  });

  test.each<[string, number, number, string | null]>([
    ['{"images": [', 1, 13, null],
    ['', 1, 1, null],
    ['{"a": 1,\n "b": oops}', 2, 7, 'oops'],
    ['[1, 2,]', 1, 7, ']'],
    ['{"a" 1}', 1, 6, '1'],
    ['{"a": 1} x', 1, 10, 'x'],
    ['{"a": [1}', 1, 9, '}'],
    ["{'a': 1}", 1, 2, "'a'"],
    ['[1 2]', 1, 4, '2'],
    ['[01]', 1, 2, '01'],
    ['[NaN, nan]', 1, 7, 'nan'],
    ['["a\nb"]', 1, 2, '"a'],
    ['["abc', 1, 6, null],
    [`${'['.repeat(100_000)}}`, 1, 100_001, '}'],
  ])('%# tells where it stops being JSON', (text, line, column, found) => {
    expect(parseJsonText(text)).toEqual({ ok: false, fault: { line, column, found } });
  });
});
