import { expect, it } from 'vitest';
import { otherCard, otherDriver } from '../../../../engine/training/webgpu/same-card.ts';
import type { Adapter } from '../../../../shared/entities.ts';

const began: Adapter = {
  ...{ name: 'Card', maker: 'intel', architecture: 'gen-12lp', driver: 'driver 1' },
  ...{ backend: 'vulkan', isSoftware: false, features: [] },
};

it('a run goes on with its own card alone, and its log names a driver that has changed', () => {
  expect(otherCard(began, began)).toBe(null);
  expect(otherDriver(began, began)).toBe(null);
  for (const now of [{ ...began, maker: 'amd' }, { ...began, architecture: 'xe' }, undefined]) {
    expect(otherCard(began, now)?.message).toMatch(/another card has that name now.*put the card/);
  }
  const updated = { ...began, driver: 'driver 2' };
  expect(otherCard(began, updated)).toBe(null);
  expect(otherDriver(began, updated)).toContain('was "driver 1" when the run began');
});
