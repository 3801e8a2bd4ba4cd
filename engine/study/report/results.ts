/**
 * results.json: everything the study found, for programs. A documented, versioned shape; fields are
 * only ever added within a version. Numbers that cannot be computed are null.
 */
import { z } from 'zod';
import type { AnalysedRun, ReportData } from '../../../shared/analysis.ts';
import { OBJECT_MEASURES } from '../../../shared/objects/object-scores.ts';
import { EngineInfo, PretrainingKey, PretrainingTask, Transfer } from '../../../shared/entities.ts';

/** null: cannot be computed, such as a standard deviation over one seed. */
const Measure = z.number().nullable();
const Interval = z.tuple([Measure, Measure]);
const Arm = { pretraining: PretrainingKey.nullable(), transfer: Transfer, labels: z.int() };

const ResultsRun = z.object({
  ...Arm,
  seed: z.int(),
  /** Number of the split, from 0; left out where the study has one. */
  split: z.int().optional(),
  status: z.enum(['done', 'failed']),
  testImages: z.int(),
  /** Means over the test images, best-validation checkpoint; null where the run failed. */
  testDice: Measure,
  testIou: Measure,
  /** Pixels of the original images. */
  testHd95: Measure,
  testBoundaryF1: Measure,
  /** Mean test Dice of the last checkpoint. */
  testDiceLast: Measure,
  /** Of the run; chosen by validation Dice where the study tried several. */
  learningRate: Measure,
  steps: Measure,
});
export type ResultsRun = z.infer<typeof ResultsRun>;

/** Labels of the target that pretraining has seen and a label count does not count; left out where there are none. */
const ExtraLabels = z.int().optional();

/** Field by field as in shared/analysis.ts, where each is described. */
const ResultsVerdict = z.object({
  pretraining: PretrainingKey,
  labels: z.int(),
  extraLabels: ExtraLabels,
  comparison: z.string(),
  family: z.string(),
  effect: Measure,
  ci95: Interval,
  ci90: Interval,
  ci95Bootstrap: Interval,
  p: Measure,
  pHolm: Measure,
  seeds: z.array(z.int()),
  testImages: z.int(),
  perSeed: z.array(Measure),
  perSplit: z.array(z.object({ split: z.int(), effect: Measure })).optional(),
  variance: z.object({ seed: Measure, image: Measure, rest: Measure }).nullable(),
  wilcoxonP: Measure,
  nonInferiorToSkip: z.boolean().nullable(),
  verdict: z.string(),
  /** Of primary questions: intervals and verdict that hold together, which headline and claims rest on. */
  together: z.object({ ci95: Interval, ci90: Interval, verdict: z.string() }).nullable(),
  words: z.string(),
});

const ResultsFamily = z.object({
  family: z.string(),
  labels: z.int(),
  pretrainings: z.array(z.string()),
  effect: Measure,
  ci95: Interval,
  ci90: Interval,
  p: Measure,
  pHolm: Measure,
  seeds: z.array(z.int()),
  splits: z.int().optional(),
  testImages: z.int(),
  verdict: z.string(),
  unanimous: z.boolean(),
  words: z.string(),
});

const ResultsClass = z.object({
  classIndex: z.int(),
  images: z.int(),
  dice: Measure,
  iou: Measure,
  setDice: Measure,
  setIou: Measure,
});

const ResultsArm = z.object({
  ...Arm,
  extraLabels: ExtraLabels,
  seeds: z.array(z.int()),
  splits: z.int().optional(),
  failed: z.int(),
  testImages: z.int(),
  dice: Measure,
  diceCi95: Interval,
  diceSd: Measure,
  iou: Measure,
  hd95: Measure,
  boundaryF1: Measure,
  diceLast: Measure,
  dicePerSeed: z.array(Measure),
  setIou: Measure,
  classes: z.array(ResultsClass),
  empty: z.object({ images: z.int(), falseAlarms: z.number() }).nullable(),
});

/** Where objects of test images were told apart: field by field as in shared/analysis.ts. */
const ResultsObjects = z.object({
  runs: z.int(),
  missing: z.int(),
  arms: z.array(
    z.object({
      ...Arm,
      measure: z.enum(OBJECT_MEASURES),
      testImages: z.int(),
      mean: Measure,
      ci95: Interval,
    }),
  ),
  differences: z.array(
    z.object({
      pretraining: PretrainingKey,
      labels: z.int(),
      comparison: z.string(),
      measure: z.enum(OBJECT_MEASURES),
      effect: Measure,
      ci95: Interval,
      seeds: z.array(z.int()),
    }),
  ),
});

export const ResultsFile = z.object({
  format: z.literal('graft-results'),
  version: z.literal(1),
  graft: z.string(),
  createdAt: z.string(),
  study: z.object({ name: z.string(), context: z.string() }),
  /** The engine of the study's runs; the first of `engines` where there were several, null where none ran. */
  engine: EngineInfo.nullable(),
  engines: z.array(EngineInfo),
  machine: z.object({ cpu: z.string(), cores: z.int(), memoryBytes: z.number(), os: z.string() }),
  trainingSeconds: Measure,
  wallSeconds: Measure,
  /** Equivalence margin in Dice, fixed before the study ran. */
  delta: z.number(),
  /** Of the target: so many splits were tested on. Left out before there could be several. */
  splits: z.int().optional(),
  /** Fewer than five seeds, or than five of several splits: intervals are indicative only. */
  indicative: z.boolean(),
  headline: z.array(z.string()),
  /** Primary questions: so many intervals hold together. */
  primaryQuestions: z.int(),
  /** One a paired comparison. */
  verdicts: z.array(ResultsVerdict),
  /** One a family of tasks and label count, against the encoder from classification. */
  families: z.array(ResultsFamily),
  /** One a fine-tuning run. */
  runs: z.array(ResultsRun),
  /** One an arm and label count, over its seeds. */
  arms: z.array(ResultsArm),
  /** The scored classes by the numbers that `arms` has them by. */
  classes: z.array(z.object({ index: z.int(), name: z.string() })),
  convergence: z.array(
    z.object({
      ...Arm,
      medianStep: Measure,
      reached: z.int(),
      seeds: z.int(),
      ofSingleBest: z.object({ medianStep: Measure, reached: z.int() }),
      earlyArea: Measure,
    }),
  ),
  curves: z.array(
    z.object({
      ...Arm,
      points: z.array(z.object({ step: z.int(), mean: Measure, low: Measure, high: Measure })),
    }),
  ),
  claims: z.array(
    z.object({ claim: z.int(), text: z.string(), status: z.string(), why: z.string() }),
  ),
  baselineNotConverged: z.array(z.int()),
  pretrainings: z.array(
    z.object({
      pretraining: PretrainingKey,
      task: PretrainingTask,
      seeds: z.int(),
      steps: z.int(),
      secondsPerRun: Measure,
      finalLoss: Measure,
    }),
  ),
  objects: ResultsObjects.optional(),
  methods: z.array(z.string()),
  notes: z.array(z.string()),
});
export type ResultsFile = z.infer<typeof ResultsFile>;

/** A run with its per-image scores averaged. */
export function summariseRun(run: AnalysedRun): ResultsRun {
  const { pretraining, transfer, labels, seed, status, images } = run;
  const mean = (score: (image: AnalysedRun['images'][number]) => number): number | null =>
    images.length === 0
      ? null
      : images.reduce((sum, image) => sum + score(image), 0) / images.length;
  return {
    pretraining,
    transfer,
    labels,
    seed,
    ...(run.split === undefined ? {} : { split: run.split.index }),
    status,
    testImages: images.length,
    testDice: mean((image) => image.dice),
    testIou: mean((image) => image.iou),
    testHd95: mean((image) => image.hd95),
    testBoundaryF1: mean((image) => image.boundaryF1),
    testDiceLast: run.diceLast,
    learningRate: run.learningRate ?? null,
    steps: run.steps ?? null,
  };
}

/** Text of results.json. Checked against its own schema, so that no file is written that cannot be read back. */
export function resultsJson(data: ReportData, runs: readonly AnalysedRun[]): string {
  const { analysis } = data;
  const { comparisons, ...found } = analysis;
  const text = JSON.stringify({
    format: 'graft-results',
    version: 1,
    graft: data.graftVersion,
    createdAt: data.createdAt,
    study: { name: data.studyName, context: data.context },
    engine: data.engines[0] ?? null,
    engines: data.engines,
    machine: data.machine,
    trainingSeconds: data.trainingSeconds,
    wallSeconds: data.wallSeconds,
    ...found,
    verdicts: comparisons,
    runs: runs.map(summariseRun),
    pretrainings: data.pretrainings,
    methods: data.methods,
    notes: data.notes,
  });
  return `${JSON.stringify(ResultsFile.parse(JSON.parse(text)), null, 2)}\n`;
}
