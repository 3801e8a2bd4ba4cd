import { describe, expect, it } from 'vitest';
import { analyseStudy } from '../../../../engine/study/analysis/analyse.ts';
import { familyOf } from '../../../../engine/study/analysis/families.ts';
import type { StudiedPretraining } from '../../../../shared/analysis.ts';
import type { PretrainingTask } from '../../../../shared/entities.ts';
import { handMadeRuns, type HandMadeArm } from './hand-made-study.ts';

const pretraining = (key: string, task: PretrainingTask | null): StudiedPretraining => ({
  key,
  task,
  trains: task === null ? [] : ['encoder'],
});
const encoder = (key: string, dice: number, more: Partial<HandMadeArm> = {}): HandMadeArm => ({
  pretraining: key,
  transfer: 'encoder',
  dice,
  ...more,
});

const CLASSIFICATION = pretraining('classification', 'classification');

/** Families of a study of these encoders, beside classification at .76 with 8 and with 32 labels. */
const familiesOf = (
  arms: readonly HandMadeArm[],
  pretrainings: readonly StudiedPretraining[],
  classification: readonly HandMadeArm[] = [
    encoder('classification', 0.76, { labels: 32 }),
    encoder('classification', 0.76),
  ],
) =>
  analyseStudy({
    runs: handMadeRuns({ arms: [...classification, ...arms] }),
    pretrainings: [CLASSIFICATION, ...pretrainings],
    delta: 0.02,
    seedForBootstrap: 1,
    budgetSteps: 400,
  }).families;

describe('families of pretraining tasks', () => {
  it('have no member whose task nobody knows', () => {
    expect(familyOf(pretraining('brought in', null))).toBeNull();
    expect(familyOf(CLASSIFICATION)).toBe('classification');
    expect(familiesOf([encoder('brought in', 0.9)], [pretraining('brought in', null)])).toEqual([]);
  });

  it('are judged label count by label count, from few to many, and each by its own members', () => {
    const families = familiesOf(
      [
        encoder('segmentation', 0.76, { labels: 32 }),
        encoder('segmentation', 0.86),
        encoder('autoencoder', 0.66, { labels: 32 }),
        encoder('autoencoder', 0.86),
      ],
      [pretraining('segmentation', 'segmentation'), pretraining('autoencoder', 'autoencoder')],
      [
        // The study brings up 32 labels first.
        { pretraining: null, transfer: 'random', dice: 0.7, labels: 32 },
        encoder('classification', 0.76, { labels: 32 }),
        encoder('classification', 0.76),
      ],
    );
    expect(families.map((row) => [row.family, row.labels, row.verdict, row.unanimous])).toEqual([
      ['segmentation', 8, 'helps', true],
      ['segmentation', 32, 'equivalent', true],
      ['reconstruction', 8, 'helps', true],
      ['reconstruction', 32, 'hurts', true],
    ]);
    for (const { words } of families) expect(words).not.toContain('Each of them');
  });

  it('average those members that have finished', () => {
    const [eight, many] = familiesOf(
      [
        encoder('autoencoder', 0.86),
        encoder('denoising', 0.82),
        encoder('denoising', 0.82, { labels: 32 }),
      ],
      [pretraining('autoencoder', 'autoencoder'), pretraining('denoising', 'denoising')],
    );
    expect(eight).toMatchObject({ labels: 8, pretrainings: ['autoencoder', 'denoising'] });
    expect(eight?.effect).toBeCloseTo(0.08, 2);
    expect(eight?.words).toMatch(
      /^Reconstruction \(autoencoder, denoising\) .*on average .*better\. Each of them by itself as well\.$/,
    );
    expect(many).toMatchObject({ labels: 32, pretrainings: ['denoising'] });
    expect(many?.effect).toBeCloseTo(0.06, 2);
    expect(many?.words).toMatch(/^Reconstruction \(denoising\) against .*better\.$/);
  });

  it('are named in full where several members stand for one, whatever the first is called', () => {
    const [row] = familiesOf(
      [encoder('segmentation', 0.86), encoder('longer', 0.86)],
      [pretraining('segmentation', 'segmentation'), pretraining('longer', 'segmentation')],
    );
    expect(row?.words).toMatch(/^Segmentation \(segmentation, longer\) against classification/);
  });

  it('need classification at the same label count', () => {
    const families = familiesOf(
      [encoder('segmentation', 0.86), encoder('segmentation', 0.86, { labels: 32 })],
      [pretraining('segmentation', 'segmentation')],
      [encoder('classification', 0.76)],
    );
    expect(families.map(({ labels }) => labels)).toEqual([8]);
  });

  it('correct for the rows that were tested, and for no others', () => {
    const families = familiesOf(
      [
        encoder('segmentation', 0.86),
        encoder('segmentation', 0.86, { labels: 32, seeds: [0] }),
        encoder('autoencoder', 0.86),
      ],
      [pretraining('segmentation', 'segmentation'), pretraining('autoencoder', 'autoencoder')],
    );
    expect(families.map(({ verdict, p, pHolm }) => [verdict, p, pHolm])).toEqual([
      ['helps', 0.0625, 0.125],
      ['not tested', 1, 1],
      ['helps', 0.0625, 0.125],
    ]);
  });
});
