import { describe, expect, it } from 'vitest';
import { estimatedMs } from '../../../../engine/training/webgpu/submissions.ts';
import {
  dividedGroups,
  type Groups,
  LONGEST_KERNEL_MS,
} from '../../../../engine/training/webgpu/workgroups.ts';
import { createRandom } from '../../../../shared/random.ts';

/** So many operations that a kernel is estimated to take that long. */
const taking = (ms: number) => {
  const msOf = (operations: number) => estimatedMs({ bytes: 0, operations });
  return { bytes: 0, operations: (1e9 * (ms - msOf(0))) / (msOf(1e9) - msOf(0)) };
};

/** How often each workgroup is computed, by its place. */
function computed(groups: Groups, parts: ReturnType<typeof dividedGroups>): Uint8Array {
  const [x, y, z] = groups;
  const times = new Uint8Array(x * y * z);
  for (const { first, count } of parts) {
    for (let k = first[2]; k < first[2] + count[2]; k++) {
      for (let j = first[1]; j < first[1] + count[1]; j++) {
        for (let i = first[0]; i < first[0] + count[0]; i++) {
          const at = (k * y + j) * x + i;
          times[at] = (times[at] ?? 0) + 1;
        }
      }
    }
  }
  return times;
}

describe('the workgroups of a kernel', () => {
  it('are dispatched at once where that is short', () => {
    const parts = dividedGroups([300, 2, 5], taking(0.99 * LONGEST_KERNEL_MS));
    expect(parts).toEqual([{ first: [0, 0, 0], count: [300, 2, 5], share: 1 }]);
  });

  it('are each computed once, in parts that are short, or single ones', () => {
    const random = createRandom(1, 'workgroups');
    for (let i = 0; i < 100; i++) {
      const groups: Groups = [1 + random.below(40), 1 + random.below(6), 1 + random.below(30)];
      const ms = LONGEST_KERNEL_MS * 2 ** random.uniform(-1, 9);
      const parts = dividedGroups(groups, taking(ms));
      expect(computed(groups, parts).every((times) => times === 1)).toBe(true);
      for (const { count, share } of parts) {
        const all = count[0] * count[1] * count[2];
        expect(share).toBeCloseTo(all / (groups[0] * groups[1] * groups[2]), 12);
        if (all > 1) expect(share * ms).toBeLessThanOrEqual(LONGEST_KERNEL_MS * (1 + 1e-9));
      }
    }
  });

  it('are divided as little as need be', () => {
    expect(dividedGroups([999, 1, 1], taking(3 * LONGEST_KERNEL_MS))).toHaveLength(3);
    expect(dividedGroups([999, 1, 1], taking(3.01 * LONGEST_KERNEL_MS))).toHaveLength(4);
    // Three are too few along the longest side.
    expect(dividedGroups([3, 2, 1], taking(6 * LONGEST_KERNEL_MS))).toHaveLength(6);
  });
});
