/** How large a study has to be to decide: the answer of `studies.power`, computed by engine/study/planning/power.ts. */
import type { ComparisonKind } from './analysis.ts';
import type { PretrainingKey } from './entities.ts';

/**
 * equivalence: to call "equivalent within δ" where there truly is no difference.
 * superiority: to see a true difference of δ (the 95 % interval excludes 0).
 */
export const POWER_GOALS = ['equivalence', 'superiority'] as const;
export type PowerGoal = (typeof POWER_GOALS)[number];

/** row: from its own interval; advice: from the interval that holds together with those of all primary questions. */
export const POWER_READINGS = ['row', 'advice'] as const;
export type PowerReading = (typeof POWER_READINGS)[number];

/** Chance of reaching the goal. */
export const POWERS = [0.8, 0.9] as const;
export type Power = (typeof POWERS)[number];

/** A study has no more seeds than this: then only more test images help, or a larger δ. */
export const MAX_PLANNED_SEEDS = 100;

export interface PowerNeed {
  readonly reading: PowerReading;
  readonly goal: PowerGoal;
  readonly power: Power;
  readonly testImages: number;
  /** Smallest number of seeds if the pilot's spread is the true one; null: more than MAX_PLANNED_SEEDS. */
  readonly seeds: number | null;
  /**
   * The same if the true spread is as large as the pilot cannot rule out (upper 80 % confidence limits): what to
   * plan with where the study must not come out undecided. Far larger after a pilot of few seeds.
   */
  readonly seedsCautious: number | null;
}

/** One comparison of the pilot. */
export interface PowerQuestion {
  readonly pretraining: PretrainingKey;
  readonly labels: number;
  readonly comparison: ComparisonKind;
  readonly pilotSeeds: number;
  /** Standard deviations of the paired differences, in Dice: between seeds, between images, beyond both. */
  readonly spread: { readonly seed: number; readonly image: number; readonly rest: number };
  /** Rows first; as advice only where it is a primary question. */
  readonly needs: readonly PowerNeed[];
}

/** What the hardest of the questions needs, and how long that takes here. */
export interface PowerPlan extends PowerNeed {
  /** The comparison that needs most. */
  readonly hardest: Pick<PowerQuestion, 'pretraining' | 'labels' | 'comparison'>;
  /** Of the whole study, all its arms and label counts; null where `seeds` is, or nothing was timed. */
  readonly seconds: number | null;
  readonly secondsCautious: number | null;
}

export interface StudyPower {
  readonly studyName: string;
  readonly delta: number;
  readonly pilot: { readonly seeds: number; readonly testImages: number };
  /** Of the study that is planned for. */
  readonly primaryQuestions: number;
  readonly questions: readonly PowerQuestion[];
  /** One a reading, goal, power and number of test images: enough for every question. */
  readonly plans: readonly PowerPlan[];
  /** One more seed of all arms and label counts, from the pilot's own runs; null where a kind of run has not finished. */
  readonly secondsPerSeed: number | null;
  /** The answer in sentences, at the first number of test images: the pilot's, unless others were asked for. */
  readonly words: readonly string[];
}
