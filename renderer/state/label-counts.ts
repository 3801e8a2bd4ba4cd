/** Lists of numbers as people type them: label counts, learning rates. */
import type { LabelCount } from '../../shared/entities.ts';

/** "4, 16, all" → [4, 16, 'all']; null where it cannot be read. */
export function parseLabelCounts(text: string): LabelCount[] | null {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  const counts = words.map((word): LabelCount | null => {
    if (word.toLowerCase() === 'all') return 'all';
    const count = Number(word);
    return Number.isInteger(count) && count > 0 ? count : null;
  });
  return counts.length === 0 || counts.includes(null)
    ? null
    : counts.filter((count) => count !== null);
}

/** "0.0005, 2e-3" → [0.0005, 0.002]; null where it cannot be read. */
export function parseLearningRates(text: string): [number, ...number[]] | null {
  const [first, ...others] = text
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map(Number);
  if (first === undefined) return null;
  const valid = [first, ...others].every((rate) => rate > 0 && rate < 1);
  return valid ? [first, ...others] : null;
}
