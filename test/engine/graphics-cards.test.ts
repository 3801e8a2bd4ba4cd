import { expect, it } from 'vitest';
import { isCardWorthIt, strongestCard } from '../../engine/graphics-cards.ts';

it('takes the first card that is one, and only where it does a tenth more than the processor', () => {
  const software = { name: 'SwiftShader', isSoftware: true };
  const card = { name: 'card', isSoftware: false };
  expect(strongestCard([software, card, { name: 'weaker', isSoftware: false }])).toBe(card);
  expect(strongestCard([software])).toBeUndefined();
  expect(isCardWorthIt({ onCard: 10.9, onProcessor: 10 })).toBe(false);
  expect(isCardWorthIt({ onCard: 11.1, onProcessor: 10 })).toBe(true);
});
