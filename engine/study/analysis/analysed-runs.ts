/**
 * The runs of a study that its analysis compares: one for each arm, label count and seed. Where several learning rates
 * were tried, the one of the best validation Dice counts, and none before all of them have ended: test images take no
 * part in the choice, and no arm has more tries than another.
 */
import type { AnalysedRun } from '../../../shared/analysis.ts';
import type { ImageResult, Run, SnapshotItem } from '../../../shared/entities.ts';
import { objectScores } from '../../../shared/objects/object-scores.ts';
import { splitOfSeed } from '../../../shared/study-splits.ts';
import type { Project } from '../../db/project.ts';
import { mean } from '../statistics/statistics.ts';
import { classScores, emptyImages } from './class-scores.ts';
import { comparedImages, scoredImageIds } from './scored-images.ts';

const isTrained = ({ part }: SnapshotItem) => part === 'train';

const isOpen = ({ status }: Run) => status === 'queued' || status === 'running';

function bestValidation(db: Project, run: Run): number {
  const dice = db.runs.metrics(run.id).filter((point) => point.name === 'valDice');
  return Math.max(-Infinity, ...dice.map((point) => point.value));
}

/** The first of the best; a failed one only where none is done; null where that is not decided yet. */
function chosenOf(db: Project, tries: readonly Run[]): Run | null {
  if (tries.some(isOpen)) return null;
  const done = tries.filter((run) => run.status === 'done');
  if (tries.length === 1) return tries[0] ?? null;
  const scored = done.map((run) => ({ run, dice: bestValidation(db, run) }));
  const [first] = scored.toSorted((a, b) => b.dice - a.dice);
  return first?.run ?? tries.find((run) => run.status === 'failed') ?? null;
}

/** Finished and failed fine-tunings that count, in the order of the study. */
export function chosenRuns(db: Project, studyId: number): Run[] {
  const finetunings = db.runs.ofStudy(studyId).filter((run) => run.kind === 'finetune');
  const cells = Map.groupBy(finetunings, ({ pretraining, transfer, labels, seed }) =>
    JSON.stringify([pretraining, transfer, labels, seed]),
  );
  return [...cells.values()].flatMap((tries) => {
    const chosen = chosenOf(db, tries);
    return chosen?.status === 'done' || chosen?.status === 'failed' ? [chosen] : [];
  });
}

/** Mean Dice of the last checkpoint; null where an image that has the class to be found has no score of it. */
function lastDice(best: readonly ImageResult[], last: readonly ImageResult[]): number | null {
  const diceOf = new Map(last.map(({ imageId, dice }) => [imageId, dice]));
  const unknown = best.some(
    ({ imageId, classes }) =>
      classes.some(({ truePx }) => truePx > 0) && (diceOf.get(imageId) ?? null) === null,
  );
  const known = last.flatMap(({ dice }) => dice ?? []);
  return unknown || known.length === 0 ? null : mean(known);
}

/** Scores of the images whose objects were told apart. */
function objectsOf(best: readonly ImageResult[]): Pick<AnalysedRun, 'objects'> {
  const objects = best.flatMap(({ imageId, objects: counts }) =>
    counts === undefined ? [] : [{ imageId, scores: objectScores(counts) }],
  );
  return objects.length === 0 ? {} : { objects };
}

interface ResultsOfRun {
  readonly best: readonly ImageResult[];
  readonly last: readonly ImageResult[];
}

function analysedRun(
  db: Project,
  run: Run,
  {
    results: { best, last },
    ids,
    split,
  }: {
    results: ResultsOfRun;
    ids: ReadonlySet<number>;
    split: Pick<NonNullable<AnalysedRun['split']>, 'index' | 'trainImages'> | null;
  },
): AnalysedRun | null {
  const { transfer, labels, status } = run;
  if (transfer === null || labels === null) return null;
  return {
    runId: run.id,
    pretraining: run.pretraining,
    transfer,
    labels,
    seed: run.seed,
    status: status === 'done' ? 'done' : 'failed',
    ...(split === null || run.config.kind !== 'finetune'
      ? {}
      : { split: { ...split, trainedOn: run.config.trainImageIds } }),
    steps: run.steps,
    learningRate: run.config.optimisation.learningRate,
    validation: db.runs
      .metrics(run.id)
      .filter((point) => point.name === 'valDice')
      .map(({ step, value }) => ({ step, dice: value })),
    images: comparedImages(best, ids).map((image) => ({
      ...image,
      name: db.datasets.image(image.imageId)?.name ?? '',
    })),
    ...objectsOf(best),
    diceLast: lastDice(best, last),
    classes: classScores(best),
    empty: emptyImages(best),
  };
}

export function analysedRuns(db: Project, studyId: number): AnalysedRun[] {
  const config = db.studies.get(studyId)?.config;
  const chosen = chosenRuns(db, studyId).map((run) => {
    const { best = [], last = [] } = Object.groupBy(
      db.runs.results(run.id),
      ({ checkpoint }) => checkpoint,
    );
    return { run, results: { best, last } };
  });
  // A split has a snapshot, and test images of its own.
  const splits = Map.groupBy(chosen, ({ run }) => run.config.snapshotId);
  const known = new Map(
    [...splits].map(([snapshotId, own]) => {
      const ids = scoredImageIds(own.map(({ results }) => results.best));
      const items = db.snapshots.items(snapshotId);
      return [snapshotId, { ids, trainImages: items.filter(isTrained).length }] as const;
    }),
  );
  return chosen.flatMap(({ run, results }) => {
    const { ids = new Set<number>(), trainImages = 0 } = known.get(run.config.snapshotId) ?? {};
    const index = config === undefined ? 0 : splitOfSeed(config, run.seed);
    const isOne = config === undefined || config.splits === null;
    const split = isOne ? null : { index, trainImages };
    return analysedRun(db, run, { results, ids, split }) ?? [];
  });
}
