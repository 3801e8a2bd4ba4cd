/**
 * The questions a study asks, each as a weighted sum of arms whose weights add up to nothing: a
 * difference of two arms, or an effect of the 2×2 design of the two halves,
 *
 *                      random decoder   pretrained decoder
 *   random encoder        random             decoder
 *   pretrained encoder    encoder        encoder+decoder
 *
 * which averages over the other half (main effect) or asks whether the halves need each other
 * (interaction). Montgomery, Design and Analysis of Experiments, ch. 5.
 */
import type {
  AnalysedRun,
  Comparison,
  ComparisonFamily,
  ComparisonKind,
  StudiedPretraining,
} from '../../../shared/analysis.ts';
import type { PretrainingKey, PretrainingTask, Transfer } from '../../../shared/entities.ts';
import { type Arm, findArm, splitOf } from './arms.ts';
import type { SplitTable } from '../statistics/split-interval.ts';
import { mean } from '../statistics/statistics.ts';

interface Term {
  readonly weight: number;
  readonly transfer: Transfer;
  /** Whose arm: nobody's, that of the pretraining in question, or of the study's first one by this task. */
  readonly of: 'nobody' | 'own' | { readonly task: PretrainingTask };
}

interface Contrast {
  readonly comparison: ComparisonKind;
  readonly family: ComparisonFamily;
  readonly terms: readonly Term[];
  /** Asked of pretrainings by this task only; of all where not given. */
  readonly askedOf?: PretrainingTask;
}

const own = (weight: number, transfer: Transfer): Term => ({ weight, transfer, of: 'own' });
const random = (weight: number): Term => ({ weight, transfer: 'random', of: 'nobody' });
const frozenRandom = (weight: number): Term => ({
  weight,
  transfer: 'frozen-random',
  of: 'nobody',
});
const encoderOf = (weight: number, task: PretrainingTask): Term => ({
  weight,
  transfer: 'encoder',
  of: { task },
});

export const CONTRASTS: readonly Contrast[] = [
  {
    comparison: 'encoder − random',
    family: 'encoder',
    terms: [own(1, 'encoder'), random(-1)],
  },
  {
    comparison: 'encoder+decoder − encoder',
    family: 'decoder',
    terms: [own(1, 'encoder+decoder'), own(-1, 'encoder')],
  },
  {
    comparison: 'decoder − random',
    family: 'decoder',
    terms: [own(1, 'decoder'), random(-1)],
  },
  {
    comparison: 'encoder+decoder − random',
    family: 'other',
    terms: [own(1, 'encoder+decoder'), random(-1)],
  },
  {
    comparison: 'encoder effect',
    family: 'encoder',
    terms: [own(0.5, 'encoder'), random(-0.5), own(0.5, 'encoder+decoder'), own(-0.5, 'decoder')],
  },
  {
    comparison: 'decoder effect',
    family: 'decoder',
    terms: [own(0.5, 'decoder'), random(-0.5), own(0.5, 'encoder+decoder'), own(-0.5, 'encoder')],
  },
  {
    comparison: 'interaction',
    family: 'interaction',
    terms: [own(1, 'encoder+decoder'), own(-1, 'encoder'), own(-1, 'decoder'), random(1)],
  },
  {
    comparison: 'encoder+deep-decoder − encoder',
    family: 'decoder',
    terms: [own(1, 'encoder+deep-decoder'), own(-1, 'encoder')],
  },
  {
    comparison: 'frozen-encoder − encoder',
    family: 'control',
    terms: [own(1, 'frozen-encoder'), own(-1, 'encoder')],
  },
  {
    comparison: 'frozen-encoder − frozen-random',
    family: 'control',
    terms: [own(1, 'frozen-encoder'), frozenRandom(-1)],
  },
  {
    comparison: 'permuted-encoder − random',
    family: 'control',
    terms: [own(1, 'permuted-encoder'), random(-1)],
  },
  {
    comparison: 'encoder − permuted-encoder',
    family: 'control',
    terms: [own(1, 'encoder'), own(-1, 'permuted-encoder')],
  },
  {
    comparison: 'encoder − encoder(classification)',
    family: 'task',
    terms: [own(1, 'encoder'), encoderOf(-1, 'classification')],
  },
  {
    comparison: 'encoder − encoder(simclr)',
    family: 'task',
    terms: [own(1, 'encoder'), encoderOf(-1, 'simclr')],
    askedOf: 'multi-conrec',
  },
  {
    comparison: 'encoder − encoder(conrec)',
    family: 'task',
    terms: [own(1, 'encoder'), encoderOf(-1, 'conrec')],
    askedOf: 'multi-conrec',
  },
];

/** Whether a random start takes part, whose convergence then matters. */
export function involvesRandomStart(comparison: ComparisonKind): boolean {
  const terms = CONTRASTS.find((contrast) => contrast.comparison === comparison)?.terms ?? [];
  return terms.some(({ transfer }) => transfer === 'random');
}

/** The seeds of one split that finished in all arms of a difference. */
export interface DifferenceTable extends SplitTable {
  readonly split: number;
  /** Ascending; so many rows has the table. */
  readonly ofSeeds: readonly number[];
}

/** A weighted sum of the Dice of arms, on the seeds that finished in all of them. */
export interface Difference {
  /** One a split, ascending: a single one as a rule. */
  readonly tables: readonly DifferenceTable[];
  /** Of all tables, ascending. */
  readonly seeds: readonly number[];
  /** Each counted once. */
  readonly testImages: number;
}

/** Mean over images of each seed, in the order of `seeds`. */
export function seedMeans({ tables, seeds }: Difference): number[] {
  const means = new Map(
    tables.flatMap(({ ofSeeds, images, values }) =>
      ofSeeds.map(
        (seed, s) => [seed, mean(values.subarray(s * images, (s + 1) * images))] as const,
      ),
    ),
  );
  return seeds.map((seed) => means.get(seed) ?? NaN);
}

/** Of each test image, mean over the seeds that were tested on it. */
export function imageMeans({ tables }: Difference): number[] {
  const ofImage = new Map<number, number[]>();
  for (const { imageIds, images, values } of tables) {
    values.forEach((value, at) => {
      const image = imageIds[at % images] ?? NaN;
      const own = ofImage.get(image);
      if (own === undefined) ofImage.set(image, [value]);
      else own.push(value);
    });
  }
  return [...ofImage.values()].map(mean);
}

/** Of each split; undefined where there is one, which a comparison does not mention. */
export const splitMeans = ({ tables }: Difference): Comparison['perSplit'] =>
  tables.length > 1
    ? tables.map(({ split, values }) => ({ split, effect: mean(values) }))
    : undefined;

/** An arm as a difference takes it in; undefined where it has not finished. */
export interface WeightedArm {
  readonly weight: number;
  readonly arm: Arm | undefined;
}

interface WeightedRun {
  readonly weight: number;
  readonly run: AnalysedRun;
}

/** null where an arm is missing, or no seed finished in all. */
export function differenceOf(weighted: readonly WeightedArm[]): Difference | null {
  const arms = weighted.flatMap(({ weight, arm }) => (arm === undefined ? [] : [{ weight, arm }]));
  const [first] = arms;
  if (first === undefined || arms.length < weighted.length) return null;
  const rows = first.arm.runs.flatMap((one) => {
    const runs = arms.flatMap(({ weight, arm }): WeightedRun[] => {
      const run = arm.runs.find(({ seed }) => seed === one.seed);
      return run === undefined ? [] : [{ weight, run }];
    });
    return runs.length < arms.length ? [] : [{ seed: one.seed, split: splitOf(one), runs }];
  });
  if (rows.length === 0) return null;
  const tables = [...Map.groupBy(rows, ({ split }) => split)]
    .toSorted(([a], [b]) => a - b)
    .map(([split, own]) => tableOf(split, own));
  return {
    tables,
    seeds: rows.map(({ seed }) => seed).toSorted((a, b) => a - b),
    testImages: new Set(tables.flatMap(({ imageIds }) => imageIds)).size,
  };
}

function tableOf(
  split: number,
  rows: readonly { readonly seed: number; readonly runs: readonly WeightedRun[] }[],
): DifferenceTable {
  const imageIds = rows[0]?.runs[0]?.run.images.map(({ imageId }) => imageId) ?? [];
  return {
    split,
    ofSeeds: rows.map(({ seed }) => seed),
    seeds: rows.length,
    images: imageIds.length,
    imageIds,
    trainImages: rows[0]?.runs[0]?.run.split?.trainImages ?? 0,
    // Where arms of several label counts take part, what the largest was trained on holds the others' images.
    trainedOn: rows.map(({ runs }) =>
      runs
        .map(({ run }) => run.split?.trainedOn ?? [])
        .reduce((most, one) => (one.length > most.length ? one : most)),
    ),
    values: Float64Array.from(
      rows.flatMap(({ runs }) =>
        imageIds.map((_, i) =>
          runs.reduce((sum, { weight, run }) => sum + weight * (run.images[i]?.dice ?? NaN), 0),
        ),
      ),
    ),
  };
}

/** The arms of a contrast for one pretraining and label count; null where it is not asked of it. */
export function armsOfContrast(
  { terms, askedOf }: Contrast,
  context: {
    readonly arms: readonly Arm[];
    readonly pretraining: StudiedPretraining;
    readonly all: readonly StudiedPretraining[];
    readonly labels: number;
  },
): WeightedArm[] | null {
  const { arms, pretraining, all, labels } = context;
  if (askedOf !== undefined && pretraining.task !== askedOf) return null;
  const keyOf = ({ of }: Term): PretrainingKey | null | undefined => {
    if (of === 'nobody') return null;
    if (of === 'own') return pretraining.key;
    // One classification against another says nothing about other tasks.
    if (pretraining.task === of.task) return undefined;
    return all.find(({ task }) => task === of.task)?.key;
  };
  return terms.map((term) => {
    const key = keyOf(term);
    const arm = key === undefined ? undefined : findArm(arms, key, term.transfer, labels);
    return { weight: term.weight, arm };
  });
}
