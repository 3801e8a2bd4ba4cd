/**
 * results.csv (a line a run), results-images.csv (a line a run and test image), results-classes.csv (a line a run and
 * class) and results-comparisons.csv (a line a paired comparison), for R and pandas.
 * Coded as shared/csv.ts says. Splits count from 0, which is the only one as a rule. Transfer `random` has pretraining `none`, which neither tool reads as missing.
 */
import { gainsLessThan } from '../../../shared/advice.ts';
import type { AnalysedRun, StudyAnalysis } from '../../../shared/analysis.ts';
import { type CsvValue, toCsv } from '../../../shared/csv.ts';
import { OBJECT_MEASURES, type ObjectScores } from '../../../shared/objects/object-scores.ts';
import { summariseRun } from './results.ts';

const ARM = ['pretraining', 'transfer', 'labels', 'seed'];

/** Behind the scores of what has a line a run; those of objects came later, and stand behind it. */
const SPLIT = 'split';
const splitField = ({ split }: AnalysedRun): CsvValue => split?.index ?? 0;

function armFields(run: AnalysedRun): CsvValue[] {
  return [run.pretraining ?? 'none', run.transfer, run.labels, run.seed];
}

/** objectF1, objectAp50 … */
const OBJECT_COLUMNS = OBJECT_MEASURES.map(
  (measure) => `object${measure.charAt(0).toUpperCase()}${measure.slice(1)}`,
);
const objectFields = (scores: Partial<ObjectScores>): CsvValue[] =>
  OBJECT_MEASURES.map((measure) => scores[measure] ?? null);

/** Means over the images whose objects were told apart and that have a score, and how many the former are. */
function meanObjects({ objects = [] }: AnalysedRun): CsvValue[] {
  const means = OBJECT_MEASURES.map((measure): CsvValue => {
    const values = objects.flatMap(({ scores }) => scores[measure] ?? []);
    return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
  });
  return [objects.length, ...means];
}

export function runsCsv(runs: readonly AnalysedRun[]): string {
  const scores = [
    'testImages',
    'testDice',
    'testIou',
    'testHd95',
    'testBoundaryF1',
    'testDiceLast',
    'learningRate',
    'steps',
  ] as const;
  const rows = runs.map((run) => {
    const summary = summariseRun(run);
    return [
      ...[...armFields(run), run.status, ...scores.map((name) => summary[name])],
      ...[splitField(run), ...meanObjects(run)],
    ];
  });
  return toCsv([...ARM, 'status', ...scores, SPLIT, 'objectImages', ...OBJECT_COLUMNS], rows);
}

/** Scores are empty where a run has none of an image: nothing was to be found, and nothing was predicted. */
export function imagesCsv(runs: readonly AnalysedRun[]): string {
  const scores = ['dice', 'iou', 'hd95', 'boundaryF1'] as const;
  const rows = runs.flatMap((run) => {
    const objects = new Map(run.objects?.map((one) => [one.imageId, one.scores]));
    return run.images.map((image) => {
      const scored = image.scored === undefined ? image : image.scored;
      return [
        ...armFields(run),
        image.imageId,
        image.name ?? null,
        ...scores.map((name) => scored?.[name] ?? null),
        splitField(run),
        ...objectFields(objects.get(image.imageId) ?? {}),
      ];
    });
  });
  return toCsv([...ARM, 'imageId', 'imageName', ...scores, SPLIT, ...OBJECT_COLUMNS], rows);
}

/** `set…`: over the pixels of all test images together; the others are means over images. */
export function classesCsv(runs: readonly AnalysedRun[], names: StudyAnalysis['classes']): string {
  const scores = ['dice', 'iou', 'setDice', 'setIou'] as const;
  const nameOf = new Map(names.map(({ index, name }) => [index, name]));
  const rows = runs.flatMap((run) =>
    (run.classes ?? []).map((one) => [
      ...armFields(run),
      one.classIndex,
      nameOf.get(one.classIndex) ?? null,
      one.images,
      ...scores.map((name) => one[name]),
      splitField(run),
    ]),
  );
  return toCsv([...ARM, 'class', 'className', 'testImages', ...scores, SPLIT], rows);
}

/** `gainsLess…`: than δ, by the upper end of the 90 % interval; the advice skips by it. */
export function comparisonsCsv({
  comparisons,
  delta,
  objects,
}: Pick<StudyAnalysis, 'comparisons' | 'delta' | 'objects'>): string {
  const header = ['pretraining', 'labels', 'comparison', 'family', 'seeds', 'testImages', 'effect'];
  const intervals = ['ci95', 'ci90', 'ci95Bootstrap'] as const;
  const tests = ['p', 'pHolm', 'wilcoxonP'] as const;
  const parts = ['seed', 'image', 'rest'] as const;
  const objectsOf = ({ pretraining, labels, comparison }: (typeof comparisons)[number]) =>
    OBJECT_MEASURES.flatMap((measure): CsvValue[] => {
      const found = objects?.differences.find(
        (one) =>
          one.measure === measure &&
          one.pretraining === pretraining &&
          one.labels === labels &&
          one.comparison === comparison,
      );
      return found === undefined ? [null, null, null] : [found.effect, ...found.ci95];
    });
  const rows = comparisons.map((row): CsvValue[] => [
    row.pretraining,
    row.labels,
    row.comparison,
    row.family,
    row.seeds.length,
    row.testImages,
    row.effect,
    ...intervals.flatMap((name) => row[name]),
    ...tests.map((name) => row[name]),
    ...parts.map((part) => row.variance?.[part] ?? null),
    row.verdict,
    row.together === null ? 'exploratory' : 'primary',
    ...(row.together?.ci95 ?? [null, null]),
    ...(row.together?.ci90 ?? [null, null]),
    row.together?.verdict ?? null,
    row.extraLabels ?? 0,
    row.perSplit?.length ?? 1,
    String(gainsLessThan(delta, row)),
    row.together === null ? null : String(gainsLessThan(delta, { ...row, ...row.together })),
    ...objectsOf(row),
  ]);
  return toCsv(
    [
      ...header,
      ...intervals.flatMap((name) => [`${name}Low`, `${name}High`]),
      ...tests,
      ...parts.map((part) => `variance${part.charAt(0).toUpperCase()}${part.slice(1)}`),
      'verdict',
      'question',
      ...['ci95Together', 'ci90Together'].flatMap((name) => [`${name}Low`, `${name}High`]),
      'verdictTogether',
      'extraLabels',
      'splits',
      'gainsLessThanDelta',
      'gainsLessThanDeltaTogether',
      ...OBJECT_COLUMNS.flatMap((name) => [`${name}Effect`, `${name}Low`, `${name}High`]),
    ],
    rows,
  );
}
