import { expect, it } from 'vitest';
import { restoredWords } from '../../shared/restored-words.ts';

it('says in one sentence which restored images are called otherwise, however many they are', () => {
  const renamed = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${i}.png`, now: `${i} (2).png` }));
  expect(restoredWords([])).toBe('');
  expect(restoredWords(renamed(1))).toBe('0.png is called 0 (2).png now: its name was taken.');
  expect(restoredWords(renamed(40))).toBe(
    '0.png is called 0 (2).png now, 1.png is called 1 (2).png now, 2.png is called 2 (2).png now, 37 more have other names: their names were taken.',
  );
});
