import { describe, expect, it } from 'vitest';
import { armsOf } from '../../../../engine/study/analysis/arms.ts';
import {
  armsOfContrast,
  CONTRASTS,
  differenceOf,
  involvesRandomStart,
  seedMeans,
} from '../../../../engine/study/analysis/contrasts.ts';
import type { Transfer } from '../../../../shared/entities.ts';
import { handMadeRuns, type HandMadeArm, pretrainingsIn } from './hand-made-study.ts';

/** Runs without noise: every image of an arm has the arm's Dice, but for its difficulty. */
const exact = (arms: readonly HandMadeArm[]) =>
  armsOf(handMadeRuns({ arms, seeds: [0, 1], images: 3, seedNoise: 0, noise: 0 }));

const arm = (transfer: Transfer, dice: number, more: Partial<HandMadeArm> = {}): HandMadeArm => ({
  pretraining: transfer === 'random' || transfer === 'frozen-random' ? null : 'segmentation',
  transfer,
  dice,
  ...more,
});

/** Powers of two, so that every sum of them tells what it is made of. */
const ARMS = [
  arm('random', 0.001),
  arm('frozen-random', 0.002),
  arm('encoder', 0.004),
  arm('encoder+decoder', 0.008),
  arm('decoder', 0.016),
  arm('encoder+deep-decoder', 0.032),
  arm('frozen-encoder', 0.064),
  arm('permuted-encoder', 0.128),
  arm('encoder', 0.256, { pretraining: 'classification' }),
];

function effectOf(comparison: string, arms = exact(ARMS), pretraining = 'segmentation') {
  const contrast = CONTRASTS.find((one) => one.comparison === comparison);
  if (contrast === undefined) throw new Error(`no contrast ${comparison}`);
  const all = pretrainingsIn(arms.flatMap(({ runs }) => runs));
  const own = all.find(({ key }) => key === pretraining);
  if (own === undefined) throw new Error(`no pretraining ${pretraining}`);
  const weighted = armsOfContrast(contrast, { arms, pretraining: own, all, labels: 8 });
  const difference = differenceOf(weighted ?? []);
  return difference === null ? null : (seedMeans(difference)[0] ?? NaN) * 1000;
}

describe('a contrast', () => {
  it.each([
    ['encoder − random', 4 - 1],
    ['encoder+decoder − encoder', 8 - 4],
    ['decoder − random', 16 - 1],
    ['encoder+decoder − random', 8 - 1],
    ['encoder effect', (4 - 1) / 2 + (8 - 16) / 2],
    ['decoder effect', (16 - 1) / 2 + (8 - 4) / 2],
    ['interaction', 8 - 4 - 16 + 1],
    ['encoder+deep-decoder − encoder', 32 - 4],
    ['frozen-encoder − encoder', 64 - 4],
    ['frozen-encoder − frozen-random', 64 - 2],
    ['permuted-encoder − random', 128 - 1],
    ['encoder − permuted-encoder', 4 - 128],
    ['encoder − encoder(classification)', 4 - 256],
  ])('%s is that sum of arms', (comparison, expected) => {
    expect(effectOf(comparison)).toBeCloseTo(expected, 9);
  });

  it('has weights that add up to nothing', () => {
    for (const { terms } of CONTRASTS) {
      expect(terms.reduce((sum, { weight }) => sum + weight, 0)).toBe(0);
    }
  });

  it('is not asked of a pretraining against its own task, nor of others than it is meant for', () => {
    expect(effectOf('encoder − encoder(classification)', exact(ARMS), 'classification')).toBeNull();
    expect(effectOf('encoder − encoder(simclr)')).toBeNull();
    const many = exact([
      ...ARMS,
      arm('encoder', 0.512, { pretraining: 'simclr' }),
      arm('encoder', 0.7, { pretraining: 'multi-conrec' }),
    ]);
    expect(effectOf('encoder − encoder(simclr)', many)).toBeNull();
    expect(effectOf('encoder − encoder(simclr)', many, 'multi-conrec')).toBeCloseTo(700 - 512, 9);
  });

  it('is nothing where an arm is missing', () => {
    expect(
      effectOf('decoder − random', exact(ARMS.filter((a) => a.transfer !== 'decoder'))),
    ).toBeNull();
    expect(
      effectOf('decoder − random', exact(ARMS.filter((a) => a.transfer !== 'random'))),
    ).toBeNull();
  });

  it('involves the random start where that is one of its arms', () => {
    const such = CONTRASTS.map(({ comparison }) => comparison).filter(involvesRandomStart);
    expect(such).toEqual([
      'encoder − random',
      'decoder − random',
      'encoder+decoder − random',
      'encoder effect',
      'decoder effect',
      'interaction',
      'permuted-encoder − random',
    ]);
  });
});

describe('a difference of arms', () => {
  const pair = (a: readonly number[], b: readonly number[]) => {
    const [random, encoder] = exact([
      arm('random', 0.5, { seeds: a }),
      arm('encoder', 0.75, { seeds: b }),
    ]);
    return [
      { weight: 1, arm: encoder },
      { weight: -1, arm: random },
    ];
  };

  it('is taken seed by seed and image by image, on the seeds that both have', () => {
    const difference = differenceOf(pair([0, 1, 2], [1, 2, 3]));
    expect(difference).toMatchObject({ seeds: [1, 2], testImages: 3, tables: [{ images: 3 }] });
    expect(difference?.tables[0]?.values).toHaveLength(6);
    for (const value of difference?.tables[0]?.values ?? []) expect(value).toBeCloseTo(0.25, 12);
  });

  it('is nothing where no seed finished in both', () => {
    expect(differenceOf(pair([0, 1], [2, 3]))).toBeNull();
  });

  it('is nothing where an arm is not there, whichever', () => {
    const [encoder, random] = pair([0], [0]);
    const gone = { weight: 1, arm: undefined };
    expect(differenceOf([gone, ...(random === undefined ? [] : [random])])).toBeNull();
    expect(differenceOf([...(encoder === undefined ? [] : [encoder]), gone])).toBeNull();
    expect(differenceOf([])).toBeNull();
  });
});
