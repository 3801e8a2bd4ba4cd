/** Label counts as people type them. */
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
