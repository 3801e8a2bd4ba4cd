/**
 * What a study found, as the report, results.json and the window show it.
 * Computed by engine/study/analysis/analyse.ts from runs and per-image results; nothing here is stored.
 */
import type { EngineInfo, PretrainingKey, PretrainingTask, Transfer } from './entities.ts';
import type { ObjectMeasure, ObjectScores } from './objects/object-scores.ts';
import type { TaskFamily } from './pretraining-tasks.ts';

/** Closed interval [low, high]. */
export type Interval = readonly [low: number, high: number];

/** One of the pretrained networks that a study compares. */
export interface StudiedPretraining {
  readonly key: PretrainingKey;
  /** null: an encoder that was there before the study, of another origin than our tasks. */
  readonly task: PretrainingTask | null;
  readonly trains: readonly ('encoder' | 'decoder')[];
  /**
   * By label count, labels of the target that it has seen beyond those of its arms, the most over all seeds; counts
   * without any are left out.
   */
  readonly extraLabels?: Readonly<Record<number, number>> | undefined;
}

/** How well one class is found in the test images (docs/method.md §5). Over seeds: means. */
export interface ClassScores {
  readonly classIndex: number;
  /** Test images whose truth holds it. */
  readonly images: number;
  /** Mean over the images whose truth or prediction holds it; null where there is none. */
  readonly dice: number | null;
  readonly iou: number | null;
  /** Over the pixels of all test images together. */
  readonly setDice: number | null;
  readonly setIou: number | null;
}

/** Test images whose truth holds no scored class. */
export interface EmptyImages {
  readonly images: number;
  /** Those of them in which a class was predicted: they score 0, the others not at all. Over seeds: the mean. */
  readonly falseAlarms: number;
}

/** Of one image, each the mean over its classes (docs/method.md §5). */
export interface ImageMeasures {
  readonly dice: number;
  readonly iou: number;
  readonly hd95: number;
  readonly boundaryF1: number;
}

/** One cell of the study: an arm at a label count, over its seeds. Scores of the best-validation checkpoint. */
export interface ArmSummary {
  /** null for transfer `random`. */
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  /** Labelled training images. */
  readonly labels: number;
  /** Labels of the target that its pretraining has seen beside these; left out where it has seen none. */
  readonly extraLabels?: number;
  /** Finished seeds, ascending. */
  readonly seeds: readonly number[];
  /** Splits that they belong to; left out where the study has one. */
  readonly splits?: number;
  readonly failed: number;
  readonly testImages: number;
  /** Mean over test images, then over seeds, then over splits; in [0, 1]. */
  readonly dice: number;
  /** 95 % over seeds and images, and over splits where there are several; within [0, 1]. */
  readonly diceCi95: Interval;
  /** Standard deviation of the seed means (n − 1); null below two seeds. */
  readonly diceSd: number | null;
  readonly iou: number;
  readonly hd95: number;
  readonly boundaryF1: number;
  /** Mean test Dice of the last checkpoint; NaN where it is not known. */
  readonly diceLast: number;
  /** Mean test Dice of each finished seed, in the order of `seeds`. */
  readonly dicePerSeed: readonly number[];
  /** IoU over all test images together, mean over the classes that their truth holds; null where it is not known. */
  readonly setIou: number | null;
  /** None where they are not known of every seed. */
  readonly classes: readonly ClassScores[];
  /** null where it is not known of every seed. */
  readonly empty: EmptyImages | null;
}

/** Question a difference answers; `A − B` reads "A minus B". */
export type ComparisonKind =
  | 'encoder − random' // does the encoder help?
  | 'encoder+decoder − encoder' // is the decoder worth adding?
  | 'decoder − random' // does the decoder alone help?
  | 'encoder+decoder − random' // does the whole network help?
  | 'encoder effect' // ½ [(encoder − random) + (encoder+decoder − decoder)]
  | 'decoder effect' // ½ [(decoder − random) + (encoder+decoder − encoder)]
  | 'interaction' // (encoder+decoder − encoder) − (decoder − random)
  | 'encoder+deep-decoder − encoder' // are the deepest blocks of the decoder worth adding?
  | 'frozen-encoder − encoder' // does it have to be trained on?
  | 'frozen-encoder − frozen-random' // do its features help where nothing can be trained on?
  | 'permuted-encoder − random' // does the scale of the weights alone help?
  | 'encoder − permuted-encoder' // do the features help beyond the scale?
  | 'encoder − encoder(classification)' // does this task give a better encoder than classification?
  | 'encoder − encoder(simclr)' // is multi-reconstruction ConRec better than a contrast alone?
  | 'encoder − encoder(conrec)'; // … than with one reconstruction?

/** Over questions that are not primary, Holm's correction runs within a family. */
export type ComparisonFamily = 'encoder' | 'decoder' | 'interaction' | 'control' | 'task' | 'other';

/** Variances in squared Dice: what differs from seed to seed, from image to image, and beyond both. */
export interface VarianceComponents {
  /** Between seeds, the same for all images: the luck of pretraining, labels and initial weights. */
  readonly seed: number;
  /** Between images, the same for all seeds. */
  readonly image: number;
  /** Of a seed on an image, beyond both. */
  readonly rest: number;
}

export type Verdict =
  | 'equivalent' // the 90 % CI lies inside ±δ
  | 'equivalent, small but detectable' // … and the 95 % CI excludes 0
  | 'helps' // the 95 % CI lies above 0
  | 'hurts' // the 95 % CI lies below 0
  | 'inconclusive' // none of these: not evidence of equivalence
  | 'not tested'; // fewer than two paired seeds

export interface Comparison {
  readonly pretraining: PretrainingKey;
  readonly labels: number;
  /**
   * Labels of the target that the pretraining of one side has seen and the other side has not: then the difference is
   * also that of more labels, and speaks for no claim. Left out where both sides have seen the same.
   */
  readonly extraLabels?: number;
  readonly comparison: ComparisonKind;
  readonly family: ComparisonFamily;
  /** Mean paired difference of test Dice. */
  readonly effect: number;
  /**
   * Over seeds and images, corrected for few seeds (engine/study/statistics/crossed-interval.ts); over splits where
   * there are several (split-interval.ts).
   */
  readonly ci95: Interval;
  readonly ci90: Interval;
  /** Plain percentile interval of the crossed bootstrap, or of the splits': too narrow with few, for comparison only. */
  readonly ci95Bootstrap: Interval;
  /** Exact two-sided sign-flip test over seed means; over several splits the corrected resampled t test. */
  readonly p: number;
  /** Holm-adjusted: over all primary questions, or over the exploratory ones of the family. */
  readonly pHolm: number;
  /** Paired seeds S, ascending, and test images, each counted once. */
  readonly seeds: readonly number[];
  readonly testImages: number;
  /** Mean difference of each seed, in the order of `seeds`. */
  readonly perSeed: readonly number[];
  /** Mean difference in each split, by its number from 0; left out where the study has one. */
  readonly perSplit?: readonly { readonly split: number; readonly effect: number }[];
  /** Of the paired differences; null with fewer than two seeds or images, and over several splits. */
  readonly variance: VarianceComponents | null;
  /** Image-level Wilcoxon signed-rank p: says something about these trained models only. */
  readonly wilcoxonP: number;
  /** Upper 95 % bound below δ: the decoder may be skipped; only for `encoder+decoder − encoder`. */
  readonly nonInferiorToSkip: boolean | null;
  /** From the single intervals above: what this row says by itself. */
  readonly verdict: Verdict;
  /**
   * Of a primary question: intervals that hold together with those of all others, and the verdict from them, which
   * headline and claims rest on (docs/method.md §5). null: exploratory, or not tested.
   */
  readonly together: {
    readonly ci95: Interval;
    readonly ci90: Interval;
    readonly verdict: Verdict;
  } | null;
  /** One sentence in plain words, with S, n and δ. */
  readonly words: string;
}

/** Encoders of one family of tasks, averaged, against the encoder from classification (docs/method.md §1, claim 3). */
export interface FamilyComparison {
  readonly family: TaskFamily;
  readonly labels: number;
  /** Pretrainings whose encoders are averaged. */
  readonly pretrainings: readonly PretrainingKey[];
  /** Mean paired difference of test Dice. */
  readonly effect: number;
  readonly ci95: Interval;
  readonly ci90: Interval;
  /** Sign-flip test over seed means; Holm-adjusted over all rows. */
  readonly p: number;
  readonly pHolm: number;
  readonly seeds: readonly number[];
  /** Left out where the study has one split. */
  readonly splits?: number;
  readonly testImages: number;
  readonly verdict: Verdict;
  /** Whether every encoder of the family has the family's verdict by itself. */
  readonly unanimous: boolean;
  /** One sentence in plain words; names the encoders that differ. */
  readonly words: string;
}

/** Reaching 95 % of the random arm's best validation Dice (docs/method.md §5). */
export interface ConvergenceSummary {
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  readonly labels: number;
  /** Median over seeds of the first step that reaches the target; null where over half never do. */
  readonly medianStep: number | null;
  readonly reached: number;
  readonly seeds: number;
  /** The same for 95 % of the random arm's best single evaluation, where the target above is of its best smoothed one. */
  readonly ofSingleBest: { readonly medianStep: number | null; readonly reached: number };
  /** Mean validation Dice over the first 30 % of the budget. */
  readonly earlyArea: number;
}

/** A claim of the paper (docs/method.md §1) held against this study. */
export interface ClaimVerdict {
  readonly claim: 1 | 2 | 3 | 4 | 5;
  readonly text: string;
  readonly status: 'supported' | 'contradicted' | 'inconclusive' | 'not tested';
  readonly why: string;
}

export interface CurvePoint {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Validation Dice against step: mean, lowest and highest seed. */
export interface LearningCurve {
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  readonly labels: number;
  readonly points: readonly CurvePoint[];
}

/**
 * Scores of objects (shared/objects/object-scores.ts) of the best checkpoint, where the objects of test images were told
 * apart. Beside Dice: no verdict rests on them.
 */
export interface ObjectFindings {
  /** Finished runs, and how many of them have no scores of objects: these are left out here. */
  readonly runs: number;
  readonly missing: number;
  /** A row a measure and arm. */
  readonly arms: readonly {
    readonly pretraining: PretrainingKey | null;
    readonly transfer: Transfer;
    readonly labels: number;
    readonly measure: ObjectMeasure;
    /** Whose objects are told apart, and of which any run has a score. */
    readonly testImages: number;
    /** Over test images, then seeds, then splits; its interval is computed as that of Dice. */
    readonly mean: number;
    readonly ci95: Interval;
  }[];
  /** A row a measure and contrast of at least two paired seeds. */
  readonly differences: readonly {
    readonly pretraining: PretrainingKey;
    readonly labels: number;
    readonly comparison: ComparisonKind;
    readonly measure: ObjectMeasure;
    /** Mean paired difference. */
    readonly effect: number;
    readonly ci95: Interval;
    readonly seeds: readonly number[];
  }[];
}

export interface StudyAnalysis {
  readonly delta: number;
  /** Splits that any arm has finished; 1 as a rule. */
  readonly splits: number;
  /** Fewer than five seeds, or than five of several splits: intervals are indicative only. */
  readonly indicative: boolean;
  /** The verdict in plain words, most important sentence first. */
  readonly headline: readonly string[];
  /** In the order of the study's list, which all other lists here keep. */
  readonly pretrainings: readonly StudiedPretraining[];
  readonly arms: readonly ArmSummary[];
  /** Names of the scored classes, ascending; empty where they are not known. */
  readonly classes: readonly { readonly index: number; readonly name: string }[];
  readonly comparisons: readonly Comparison[];
  /** Primary questions that could be tested; the simultaneous intervals hold for so many together. */
  readonly primaryQuestions: number;
  /** Empty where no classification encoder takes part. */
  readonly families: readonly FamilyComparison[];
  readonly convergence: readonly ConvergenceSummary[];
  readonly curves: readonly LearningCurve[];
  readonly claims: readonly ClaimVerdict[];
  /** Label counts at which the random arm had not plateaued at the end of its budget. */
  readonly baselineNotConverged: readonly number[];
  /** Left out where no objects were told apart. */
  readonly objects?: ObjectFindings;
}

/** What a study found, with what a reader must be told beside it. */
export interface StudyFindings extends StudyAnalysis {
  /** What weakens the verdict: the same sentences as in the report and on its console. */
  readonly cautions: readonly string[];
  /** What else is worth knowing, likewise. */
  readonly notes: readonly string[];
}

/** One finished or failed fine-tuning run, as analysis reads it. */
export interface AnalysedRun {
  readonly runId: number;
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  readonly labels: number;
  readonly seed: number;
  readonly status: 'done' | 'failed';
  /** Where the study has several: which one, from 0, how many images it has to train on, and which of them were. */
  readonly split?: {
    readonly index: number;
    readonly trainImages: number;
    readonly trainedOn: readonly number[];
  };
  /** Steps of its budget; left out: those of every run of the study. */
  readonly steps?: number;
  /** Chosen by validation Dice where the study tried several. */
  readonly learningRate?: number;
  /** (step, validation Dice), ascending. */
  readonly validation: readonly { readonly step: number; readonly dice: number }[];
  /**
   * Per test image that any run is scored on, best checkpoint, same images in the same order for every run of a split. Their means
   * are the run's; where a run has no score of an image, see engine/study/analysis/scored-images.ts.
   */
  readonly images: readonly {
    readonly imageId: number;
    /** File name. */
    readonly name?: string;
    /** As scored, where that is something else: null where this run has no score of the image. */
    readonly scored?: ImageMeasures | null;
    readonly dice: number;
    readonly iou: number;
    readonly hd95: number;
    readonly boundaryF1: number;
  }[];
  /** Of the test images whose objects were told apart, in their order; left out where there are none. */
  readonly objects?: readonly { readonly imageId: number; readonly scores: ObjectScores }[];
  /** Mean test Dice of the last checkpoint; null where it is not known of all images. */
  readonly diceLast: number | null;
  /** By class, ascending; none where they are not known. */
  readonly classes?: readonly ClassScores[];
  /** null where it is not known. */
  readonly empty?: EmptyImages | null;
}

/** What a pretrained network was asked about one image, and what it answered. */
export interface PretrainingExample {
  readonly imageName: string;
  /** What the pictures do not tell; may be empty. */
  readonly caption: string;
  /** From left to right: input, target, output, or whatever the task has to show. PNG data URIs. */
  readonly panels: readonly { readonly title: string; readonly png: string }[];
}

/** Everything the report shows beside the analysis. */
export interface ReportData {
  readonly graftVersion: string;
  readonly createdAt: string;
  readonly studyName: string;
  /** One line under the title: source and target dataset, network, image size. */
  readonly context: string;
  /** Engines that computed the runs: more than one is worth a warning. */
  readonly engines: readonly EngineInfo[];
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly os: string;
  };
  readonly analysis: StudyAnalysis;
  /** Paragraphs with everything needed to repeat the study. */
  readonly methods: readonly string[];
  /** What quick mode gave up, runs that failed, and other things a reader must know. */
  readonly notes: readonly string[];
  /** Seconds of training, and of the whole study from start to end. */
  readonly trainingSeconds: number;
  readonly wallSeconds: number;
  readonly pretrainings: readonly {
    readonly pretraining: PretrainingKey;
    readonly task: PretrainingTask;
    readonly seeds: number;
    readonly steps: number;
    readonly secondsPerRun: number;
    readonly finalLoss: number;
  }[];
  /** Per-layer list of one run of each arm. */
  readonly transfers: readonly {
    readonly pretraining: PretrainingKey | null;
    readonly transfer: Transfer;
    readonly loaded: number;
    readonly random: number;
    readonly frozen: number;
    readonly layers: readonly {
      readonly layer: string;
      readonly group: string;
      readonly shape: readonly number[];
      readonly state: string;
    }[];
  }[];
  /** A few images of one run of each pretraining; none where it left no pictures. */
  readonly pretrainingExamples: readonly {
    readonly pretraining: PretrainingKey;
    readonly seed: number;
    readonly examples: readonly PretrainingExample[];
  }[];
  /** Best, median and worst test image of each shown arm: PNG data URIs. */
  readonly examples: readonly {
    readonly pretraining: PretrainingKey | null;
    readonly transfer: Transfer;
    readonly labels: number;
    readonly seed: number;
    readonly rank: 'best' | 'median' | 'worst';
    readonly imageName: string;
    readonly dice: number;
    readonly image: string;
    readonly truth: string;
    readonly prediction: string;
  }[];
}
