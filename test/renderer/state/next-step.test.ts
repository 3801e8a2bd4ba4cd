import { expect, it } from 'vitest';
import { nextStep, type Situation } from '../../../renderer/state/next-step.ts';

const NOTHING: Situation = { images: 24, labelled: 0, models: 0, trainings: 0, studies: 0 };
const idOf = (known: Partial<Situation>) => nextStep({ ...NOTHING, ...known })?.id ?? null;

it('leads from the first label to a study, a step at a time', () => {
  expect(idOf({ images: 0 })).toBeNull();
  expect(idOf({})).toBe('label');
  expect(idOf({ labelled: 1 })).toBe('label');
  expect(idOf({ labelled: 2 })).toBe('train');
  expect(idOf({ labelled: 8, models: 1 })).toBe('predict');
  expect(idOf({ labelled: 24, models: 1 })).toBe('study');
  expect(idOf({ labelled: 24, models: 1, studies: 1 })).toBeNull();
});

it('says nothing while a network is trained', () => {
  expect(idOf({ labelled: 8, trainings: 1 })).toBeNull();
});

it('counts in words', () => {
  expect(nextStep({ ...NOTHING, images: 1, labelled: 1 })?.text).toMatch(/^1 image is labelled\./);
  expect(nextStep({ ...NOTHING, labelled: 23, models: 1 })?.text).toContain('the 1 image without');
});
