import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  atLeastOne,
  ofProcessor,
  port,
  positive,
  valueMapping,
} from '../../../engine/cli/arguments.ts';

describe('--map', () => {
  it('takes values, ranges, several values of one class, colours and spaces', () => {
    expect(valueMapping('1=1,2=0,3=ignore')).toEqual({ '1': 1, '2': 0, '3': 255 });
    expect(valueMapping('1-3=1, 5,7 = 2 , 9 - 10 =ignored')).toEqual({
      ...{ '1-3': 1, '5': 2, '7': 2, '9-10': 255 },
    });
    expect(valueMapping('#FF0000=2')).toEqual({ '#ff0000': 2 });
    expect(valueMapping('4=1,4=1')).toEqual({ '4': 1 });
  });

  it.each<[string, RegExp]>([
    ['cell=1', /"cell" is no mask value/],
    ['', /"" is no mask value/],
    ['1=1,', /"" is no mask value/],
    ['1=', /"1=" names no class/],
    ['1=cell', /"1=cell" names no class/],
    ['1=256', /names no class/],
    ['1=-1', /names no class/],
    ['1=1.5', /names no class/],
    ['1=1e1', /names no class/],
    ['1.5=1', /"1.5" is no mask value/],
    ['-3=1', /"-3" is no mask value/],
    ['9-3=1', /ends before it begins/],
    ['1-99999=1', /goes beyond 65535/],
    ['1=2=3', /more than one "="/],
    ['1=1,2', /"2" has no "=" and class/],
    ['1-5=1,3=2', /gives the mask value 3 a second class/],
    ['#12=1', /"#12" is no mask value/],
  ])('refuses "%s" in words', (text, message) => {
    expect(() => valueMapping(text)).toThrow(message);
  });
});

it('numbers that have to be above 0 say so', () => {
  expect([atLeastOne('3'), positive('0.5')]).toEqual([3, 0.5]);
  expect(() => atLeastOne('0')).toThrow('It takes a whole number above 0.');
  expect(() => positive('0')).toThrow('It takes a number above 0.');
  expect(() => positive('soon')).toThrow('It takes a number.');
});

it('a port is one that there can be', () => {
  expect([port('0'), port('65535')]).toEqual([0, 65_535]);
  expect(() => port('65536')).toThrow('It takes a whole number up to 65535.');
});

it('takes as many threads or runs side by side as the computer computes at once', () => {
  const most = availableParallelism();
  expect(ofProcessor(String(most))).toBe(most);
  expect(() => ofProcessor(String(most + 1))).toThrow(
    /^This computer computes \d+ threads? at once/,
  );
  expect(() => ofProcessor('0')).toThrow(/above 0/);
});
