import { expect, it } from 'vitest';
import { groupPattern, groupTable, isTable } from '../../../engine/cli/group-by.ts';

it('a pattern tells the group by what stands for it, ending or not, and nothing of other names', () => {
  const groups = (pattern: string, ...names: string[]) => names.map(groupPattern(pattern));
  expect(groups('{group}_*', 'p7_03.png', 'p_7_03.tif', 'p7.png', '_1.png')).toEqual([
    'p7',
    'p_7',
    null,
    null,
  ]);
  expect(groups('{group}_slice*', 'a_b_slice_3.png', 'a_b.png')).toEqual(['a_b', null]);
  expect(groups('slide({group}).*', 'slide(4).x.png', 'slide4.png')).toEqual(['4', null]);
  expect(groups('*-{group}', 'x-y-Z.jpeg')).toEqual(['Z']);
  for (const wrong of ['p*', '{group}{group}', '']) expect(() => groupPattern(wrong)).toThrow();
  expect(['patients.csv', 'A.TSV', '{group}_*'].map(isTable)).toEqual([true, true, false]);
});

it('a table tells groups with any separator and with or without a heading, and names what is no image', () => {
  const names = ['a.png', 'b.png', 'c.png', 'Zoë.png'];
  const told = (text: string) => {
    const { groups, unknown } = groupTable(text, names);
    return [[...groups], unknown];
  };
  const both = [
    ['a.png', 'P 1'],
    ['b.png', 'P,2'],
  ];
  expect(told('image,group\r\na.png,P 1\r\nb,"P,2"\r\n')).toEqual([both, []]);
  expect(told('\uFEFFa\tP 1\tmore\nb.png\tP,2\n')).toEqual([both, []]);
  expect(told('name;patient\n"a.png";P 1\nb;P,2\nx.png;P 3\n')).toEqual([both, ['x.png']]);
  expect(told('Zoe\u0308.png,"the ""first"""\n')).toEqual([[['Zoë.png', 'the "first"']], []]);
  expect(() => told('a.png,1\nb.png\n')).toThrow(/Line 2 of the table names no group for "b\.png"/);
  expect(() => told('a.png,1\na,2\n')).toThrow(/two groups, 1 and 2/);
});
