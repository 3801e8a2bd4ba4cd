import { describe, expect, it } from 'vitest';
import { PARTS } from './parts.ts';

describe('a short part of the harness of faults', () => {
  it.each(PARTS)('finds none in $name', async (part) => {
    const cases = { seed: 1, first: 0, count: part.shortCount, say: () => undefined };
    const report = await part.run(cases);
    expect(report.faults).toEqual([]);
  });
});
