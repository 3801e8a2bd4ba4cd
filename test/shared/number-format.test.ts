import { describe, expect, it } from 'vitest';
import {
  counted,
  countedWith,
  duration,
  fixed,
  gibibytes,
  minuteUtc,
  percentUnderWay,
  pValue,
  score,
  scoreInterval,
  signed,
  signedInterval,
  verbFor,
} from '../../shared/number-format.ts';

describe('numbers for readers', () => {
  it('gives scores three decimals and differences their sign', () => {
    expect(score(0.8124)).toBe('0.812');
    expect(signed(0.018)).toBe('+0.018');
    expect(signed(-0.0021)).toBe('−0.002');
    expect(signed(0)).toBe('0.000');
  });

  it('has no negative zero', () => {
    expect(signed(-0.0004)).toBe('0.000');
    expect(signed(0.0004)).toBe('0.000');
    expect(fixed(-0.04, 1)).toBe('0.0');
  });

  it('shows a dash for what cannot be computed', () => {
    expect(score(Number.NaN)).toBe('–');
    expect(signed(Number.NaN)).toBe('–');
    expect(pValue(Number.NaN)).toBe('–');
    expect(signedInterval([Number.NaN, 1])).toBe('–');
    expect(duration(Number.NaN)).toBe('–');
  });

  it('writes intervals in brackets', () => {
    expect(scoreInterval([0.7, 0.75])).toBe('[0.700, 0.750]');
    expect(signedInterval([-0.004, 0.031])).toBe('[−0.004, +0.031]');
  });

  it('says of small p values only that they are small', () => {
    expect(pValue(0.0004)).toBe('< 0.001');
    expect(pValue(0.0625)).toBe('0.063');
  });

  it('words durations from seconds to hours, without sixty seconds or minutes', () => {
    expect([0.44, 59.4, 59.6, 365, 3599.7, 7799].map(duration)).toEqual([
      '0.4 s',
      '59 s',
      '1 min 00 s',
      '6 min 05 s',
      '1 h 00 min',
      '2 h 10 min',
    ]);
  });

  it('words counts, memory and dates', () => {
    expect([counted(1, 'seed'), counted(5, 'seed')]).toEqual(['1 seed', '5 seeds']);
    const verbs = ['are', 'were', 'have', 'do', 'lie'];
    expect(verbs.map((verb) => verbFor(1, verb))).toEqual(['is', 'was', 'has', 'does', 'lies']);
    expect(verbs.map((verb) => verbFor(0, verb))).toEqual(verbs);
    expect(countedWith(1, 'mask', 'were')).toBe('1 mask was');
    expect(countedWith(2, 'mask', 'were')).toBe('2 masks were');
    expect(gibibytes(8 * 2 ** 30)).toBe('8.0 GiB');
    expect(minuteUtc('2026-11-23T08:07:42+01:00')).toBe('2026-11-23 07:07 UTC');
    expect(minuteUtc('yesterday')).toBe('yesterday');
  });
});

it('never says that all is done of what is under way', () => {
  expect(percentUnderWay(0, 0)).toBe('0 %');
  expect(percentUnderWay(93, 150)).toBe('62 %');
  expect(percentUnderWay(150, 150)).toBe('99 %');
  expect(percentUnderWay(151, 150)).toBe('99 %');
});
