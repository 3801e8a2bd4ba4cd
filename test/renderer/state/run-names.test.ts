import { describe, expect, it } from 'vitest';
import { runNames } from '../../../renderer/state/run-names.ts';
import type { Run } from '../../../shared/entities.ts';

/** Only what a name is made of. */
const run = (changes: { studyId?: number; seed?: number; learningRate?: number }): Run => {
  const { studyId = 1, seed = 0, learningRate = 0.002 } = changes;
  const config = { optimisation: { learningRate } };
  const arm = { kind: 'finetune', pretraining: 'segmentation', transfer: 'encoder', labels: 8 };
  return { ...arm, studyId, seed, config } as Run;
};

describe('the names of runs', () => {
  it('say arm, labels and seed', () => {
    const one = run({ seed: 2 });
    expect(runNames([one])(one)).toBe('Segmentation, encoder · 8 labels · seed 2');
  });

  it('say the learning rate where several were tried', () => {
    const [slow, fast, other] = [
      run({ learningRate: 0.0005 }),
      run({ learningRate: 0.002 }),
      run({ seed: 1 }),
    ];
    const nameOf = runNames([slow, fast, other]);
    expect(nameOf(slow)).toBe('Segmentation, encoder · 8 labels · seed 0 · learning rate 0.0005');
    expect(nameOf(fast)).toBe('Segmentation, encoder · 8 labels · seed 0 · learning rate 0.002');
    expect(nameOf(other)).toBe('Segmentation, encoder · 8 labels · seed 1');
  });

  it('do not take the same arm of two studies for two tries', () => {
    const [one, other] = [run({ learningRate: 0.001 }), run({ studyId: 2, learningRate: 0.002 })];
    expect(runNames([one, other])(one)).not.toContain('learning rate');
  });
});
