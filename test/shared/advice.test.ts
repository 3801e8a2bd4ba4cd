import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advisedVerdict, verdictOf } from '../../engine/study/analysis/verdict.ts';
import { headlineOf } from '../../engine/study/analysis/headline.ts';
import { cellAdvice, findingOf } from '../../shared/advice.ts';
import type { Comparison, ComparisonKind, Interval } from '../../shared/analysis.ts';
import { halvesOf } from '../../shared/charts/halves.ts';
import { togetherWords } from '../../shared/charts/study-words.ts';

const DELTA = 0.02;
const SEEDS = [0, 1, 2, 3, 4];

/** Half the width of the single 95 % interval, how much wider the one that holds together is (null: exploratory). */
interface Row {
  readonly effect: number;
  readonly half: number;
  readonly wider: number | null;
}

function rowOf(comparison: ComparisonKind, { effect, half, wider }: Row): Comparison {
  const around = (by: number): Interval => [effect - by, effect + by];
  const [ci95, ci90] = [around(half), around(0.8 * half)];
  const verdict = verdictOf({ ci95, ci90, seeds: SEEDS }, DELTA);
  const wide =
    wider === null ? null : { ci95: around(half * wider), ci90: around(0.85 * half * wider) };
  return {
    ...{ pretraining: 'segmentation', labels: 8, comparison, family: 'other', effect, ci95, ci90 },
    ...{ ci95Bootstrap: ci95, p: 1, pHolm: 1, seeds: SEEDS, testImages: 9, perSeed: [] },
    ...{ variance: null, wilcoxonP: 1, nonInferiorToSkip: null, verdict, words: '' },
    together:
      wide === null
        ? null
        : {
            ...wide,
            verdict: advisedVerdict({ ...wide, seeds: SEEDS }, { single: verdict, delta: DELTA }),
          },
  };
}

const E = 'encoder − random';
const D = 'encoder+decoder − encoder';
const BOTH = 'encoder+decoder − random';
const ALONE = 'decoder − random';

const row = fc.record({
  effect: fc.double({ min: -0.06, max: 0.06, noNaN: true }),
  half: fc.double({ min: 0.001, max: 0.04, noNaN: true }),
  wider: fc.option(fc.double({ min: 1, max: 3, noNaN: true }), { freq: 5 }),
});
/** Any rows, each there or not, not even adding up: no table may be contradicted. */
const tables = fc
  .record({
    ...{ [E]: fc.option(row, { freq: 8 }), [D]: fc.option(row, { freq: 8 }) },
    ...{ [BOTH]: fc.option(row, { freq: 8 }), [ALONE]: fc.option(row) },
    ...{ 'encoder effect': fc.option(row), 'decoder effect': fc.option(row) },
  })
  .map((rows) =>
    Object.entries(rows).flatMap(([kind, one]) =>
      one === null
        ? []
        : [rowOf(kind as ComparisonKind, kind.endsWith('effect') ? { ...one, wider: null } : one)],
    ),
  );

describe('what a study advises', () => {
  it('contradicts no row of its table, neither in words nor in the picture of the halves', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const { words, contrary } = cellAdvice(rows, DELTA);
        const verdict = (kind: ComparisonKind) =>
          rows.find((one) => one.comparison === kind)?.verdict;
        const says = (pattern: RegExp) => pattern.test(words);
        const helps = (...kinds: ComparisonKind[]) =>
          kinds.some((kind) => verdict(kind) === 'helps');
        const isKnown = (kind: ComparisonKind, is: boolean, claimed: RegExp) => {
          if (says(claimed)) expect(helps(kind), `${words} / ${kind}`).toBe(is);
        };
        // That something helps is said where its row says so, that it gains too little only where it does not.
        isKnown(E, true, /keep the encoder|the encoder helps and/);
        isKnown(
          E,
          false,
          /skip the encoder|skip both|encoder (alone )?gains too little|neither the encoder nor/,
        );
        isKnown(
          D,
          true,
          /decoder (on top of it|on top of the encoder) helps|does the decoder on top|decoder helps on top/,
        );
        isKnown(
          D,
          false,
          /skip the decoder|skip both halves, each|each (half )?adds|decoder adds too little/,
        );
        isKnown(BOTH, true, /they help|both of them help|both halves together help,/);
        isKnown(
          BOTH,
          false,
          /skip both|(both|they) (together )?gain too little|nor both together gain/,
        );
        isKnown(ALONE, true, /(without the encoder the decoder|^the decoder alone) helps/);
        isKnown(ALONE, false, /the decoder alone gains too little/);
        if (says(/keep both/)) expect(verdict(BOTH) ?? 'absent').not.toMatch(/hurts|equivalent/);
        // Nor does the 2×2 deny it.
        if (says(/skip the encoder|skip both/)) expect(helps('encoder effect')).toBe(false);
        if (says(/skip the decoder|skip both halves, each/))
          expect(helps('decoder effect')).toBe(false);
        if (says(/keep the encoder/)) expect(verdict('encoder effect')).not.toBe('hurts');
        // What is not decided, and yet decided by a row alone, is named beside it.
        for (const one of rows) {
          const { together } = one;
          const all = together === null ? 'exploratory' : findingOf({ ...one, ...together }, DELTA);
          if (all === 'inconclusive' && one.verdict === 'helps') expect(contrary).toContain(one);
          // Nor is a row called open in the very column that advice is read from.
          if (all === 'inconclusive' && one.comparison === BOTH)
            expect(words).not.toMatch(/gain too little to matter|nor both together/);
        }
        const isOpen = (kind: ComparisonKind) =>
          rows.some(
            (one) =>
              one.comparison === kind &&
              one.together !== null &&
              findingOf({ ...one, ...one.together }, DELTA) === 'inconclusive',
          );
        if (says(/skip the encoder|encoder (alone )?gains too little|neither the encoder nor/))
          expect(isOpen(E)).toBe(false);
        if (says(/skip the decoder|decoder adds too little/)) expect(isOpen(D)).toBe(false);
        const { encoder, decoder } = halvesOf(
          { comparisons: rows, delta: DELTA, pretrainings: [] },
          { pretraining: 'segmentation', labels: 8 },
        );
        if (encoder.advice === 'Keep both' || decoder.advice === 'Keep both') {
          expect(helps(BOTH)).toBe(true);
        }
        if (encoder.advice === 'Keep it') expect(helps(E)).toBe(true);
        if (decoder.advice === 'Keep it') expect(helps(D)).toBe(true);
        for (const [half, kinds] of [
          [encoder, [E, 'encoder effect']],
          [decoder, [D, 'decoder effect']],
        ] as const) {
          if (half.state === 'same' || half.state === 'drop') expect(helps(...kinds)).toBe(false);
        }
      }),
      { numRuns: 2000, seed: 13 },
    );
  });

  it('tells the interval by which a gain is too small, where the wider one beside it reaches δ', () => {
    const little = rowOf(BOTH, { effect: -0.013, half: 0.022, wider: 1.72 });
    expect(little.together?.ci95[1]).toBeGreaterThan(DELTA);
    const [first, numbers] = headlineOf([little], { delta: DELTA, primaryQuestions: 12 });
    expect(first).toMatch(/^Both halves together gain too little to matter/);
    expect(numbers).toBe(
      'Segmentation pretraining changes test Dice by: both over a random start −0.013 [−0.051, +0.025] with 8 labels, by the 90 % interval less than δ = 0.02.',
    );
    expect(togetherWords(little, DELTA)).toBe('gains less than δ');
  });

  it('does not skip two halves that help together', () => {
    const small = { effect: 0.012, half: 0.005, wider: 1.2 };
    const rows = [rowOf(E, small), rowOf(D, small), rowOf(BOTH, { ...small, effect: 0.024 })];
    expect(cellAdvice(rows, DELTA).words).toBe(
      'keep both halves together, each adds too little to matter but both of them help',
    );
    const halves = halvesOf(
      { comparisons: rows, delta: DELTA, pretrainings: [] },
      { pretraining: 'segmentation', labels: 8 },
    );
    expect([halves.encoder.advice, halves.decoder.advice]).toEqual(['Keep both', 'Keep both']);
  });

  it('names rows that say more by themselves than all questions together', () => {
    const alone = rowOf(E, { effect: 0.03, half: 0.02, wider: 2 });
    const headline = headlineOf([alone], { delta: DELTA, primaryQuestions: 26 });
    expect(headline[0]).toBe(
      'Whether the encoder helps is not decided (segmentation pretraining, with 8 labels).',
    );
    expect(headline.slice(2)).toEqual([
      'This advice holds for all 26 primary questions at once: in 95 of 100 such studies none of it is wrong.',
      'Taken by itself, one row of the table says more than is advised, which among so many may be luck: “Does the encoder help?” segmentation with 8 labels: helps [+0.010, +0.050].',
    ]);
  });

  it('keeps out of advice what was no primary question', () => {
    const rows = [
      rowOf(E, { effect: 0.05, half: 0.01, wider: null }),
      rowOf(D, { effect: 0, half: 0.01, wider: 1 }),
    ];
    expect(cellAdvice(rows, DELTA).words).toBe(
      'skip the decoder; the encoder alone was no primary question',
    );
  });
});
