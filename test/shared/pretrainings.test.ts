import { describe, expect, it } from 'vitest';
import { PretrainingPlan } from '../../shared/entities.ts';
import { pretrainingInText, pretrainingKey, pretrainingTitle } from '../../shared/pretrainings.ts';

const optimisation = { steps: 1, batch: 1, schedule: 'cosine', evaluateEvery: 1 };
const keyOf = (plan: object) =>
  pretrainingKey(PretrainingPlan.parse({ transfers: ['encoder'], ...plan }));

describe('a pretraining', () => {
  it('goes by its own name, else by its task, else by the number of its encoder', () => {
    expect(keyOf({ task: 'autoencoder', optimisation })).toBe('autoencoder');
    expect(keyOf({ task: 'autoencoder', optimisation, name: 'longer' })).toBe('longer');
    expect(keyOf({ encoderId: 7 })).toBe('encoder 7');
    expect(keyOf({ encoderId: 7, name: 'ImageNet' })).toBe('ImageNet');
  });

  it('has the title of its task; a name of its own is never changed', () => {
    expect(pretrainingTitle('segmentation')).toBe('Segmentation');
    expect(pretrainingInText('segmentation')).toBe('segmentation');
    expect(pretrainingTitle('ImageNet')).toBe('ImageNet');
    expect(pretrainingInText('ImageNet')).toBe('ImageNet');
  });
});
