/** Whether it is enough yet: the trainings of a dataset as points of a curve, and what more labels would bring. */
import type { Interval } from '../../shared/analysis.ts';
import type { Dataset, Run } from '../../shared/entities.ts';
import type {
  LabellingProgress,
  LearningCurve,
  ProgressPoint,
} from '../../shared/labelling-progress.ts';
import { counted, countedWith } from '../../shared/number-format.ts';
import type { Project } from '../db/project.ts';
import type { TimeSlot } from '../db/labelling.ts';
import { type CurvePoint, curveObstacle, fitCurve } from '../study/statistics/learning-curve.ts';
import { type HeldOutScores, scoresTogether, type TrainingScore } from './held-out-scores.ts';
import { isLabelled } from './next.ts';
import { labellingTime } from './time.ts';
import { verdictOf } from './verdict.ts';

/** How far two trainings on the same labels are apart by luck, as a standard deviation of Dice. */
const LUCK_OF_A_TRAINING = 0.02;
/** Standard error of a training as a point of the curve, as against the others. */
export const errorOfPoint = ({ error }: TrainingScore): number =>
  Math.hypot(error, LUCK_OF_A_TRAINING);
/** Points of the curve that is drawn. */
const READINGS = 24;

/** A finished training outside a study, on labels of this dataset. */
interface Training {
  readonly run: Run;
  /** All that there were, the held-out ones included: each took labelling. */
  readonly labelled: number;
  readonly scores: HeldOutScores;
}

function trainingsOf(db: Project, dataset: Dataset): Training[] {
  return db.runs.list().flatMap((run) => {
    if (run.kind !== 'finetune' || run.studyId !== null || run.status !== 'done') return [];
    if (db.snapshots.get(run.config.snapshotId)?.datasetId !== dataset.id) return [];
    const items = db.snapshots.items(run.config.snapshotId);
    const labelled = items.filter(({ labelMapId }) => labelMapId !== null).length;
    const scores = new Map(
      db.runs
        .results(run.id)
        .flatMap(({ checkpoint, imageId, dice }) =>
          checkpoint === 'best' && dice !== null ? [[imageId, dice] as const] : [],
        ),
    );
    return scores.size === 0 ? [] : [{ run, labelled, scores }];
  });
}

/** Minutes until a moment; null where none were measured. */
function minutesUntil(slots: readonly TimeSlot[], iso: string): number | null {
  const until = new Date(iso).getTime() / 60_000;
  const seconds = slots.reduce((sum, slot) => (slot.minute < until ? sum + slot.seconds : sum), 0);
  return seconds === 0 ? null : seconds / 60;
}

function curveThrough(points: readonly CurvePoint[], to: number): LearningCurve | null {
  if (curveObstacle(points) !== null) return null;
  const fitted = fitCurve(points);
  const from = Math.min(...points.map(({ x }) => x));
  const readings = Array.from({ length: READINGS }, (_, i) => {
    const x = from * (to / from) ** (i / (READINGS - 1));
    const { estimate, interval } = fitted.at(x);
    return { x, dice: clip(estimate), interval: clipped(interval) };
  });
  const { estimate, interval } = fitted.ceiling();
  return { ceiling: { dice: clip(estimate), interval: clipped(interval) }, readings };
}

/** How the trainings are compared. */
const NOTES = {
  same: (images: number) => `All are scored on the same ${counted(images, 'held-out image')}.`,
  filled: (images: number) =>
    `Dice on the ${counted(images, 'held-out image')} of now: where an earlier training was not scored on one, it is filled in from how hard that image was for the others.`,
  own: () =>
    'Not all of these trainings have held-out images in common: each is scored on its own, so they compare badly.',
} as const;

const clip = (dice: number) => Math.min(1, Math.max(0, dice));
const clipped = ([low, high]: Interval): Interval => [clip(low), clip(high)];

export function labellingProgress(
  db: Project,
  dataset: Dataset,
  { isMeasured }: { readonly isMeasured: boolean },
): LabellingProgress {
  const states = db.labelling.states(dataset.id);
  const labelled = states.filter(isLabelled);
  const unlabelled = states.length - labelled.length;
  const slots = db.labelling.time(dataset.id);
  const time = labellingTime(slots, {
    isMeasured,
    labelled: new Set(labelled.map(({ imageId }) => imageId)),
  });
  const trainings = trainingsOf(db, dataset);
  const names = new Map(db.models.list().map(({ runId, name }) => [runId, name]));
  const { scores, heldOut, on } = scoresTogether(trainings.map((one) => one.scores));
  const points = trainings
    .map(({ run, labelled: atItsTime }, i): ProgressPoint & { readonly error: number } => {
      const score = scores[i];
      return {
        name: names.get(run.id) ?? `run ${run.id}`,
        at: run.createdAt,
        labelled: atItsTime,
        minutes: minutesUntil(slots, run.createdAt),
        dice: score?.mean ?? 0,
        interval: score?.interval ?? null,
        heldOut: score?.images ?? 0,
        error: score === undefined ? LUCK_OF_A_TRAINING : errorOfPoint(score),
      };
    })
    .sort((one, other) => one.labelled - other.labelled || one.at.localeCompare(other.at));
  const last = Math.max(0, ...points.map((point) => point.labelled));
  const more = unlabelled === 0 ? last : Math.min(unlabelled, last);
  const byLabels = points.map((point) => ({
    x: point.labelled,
    y: point.dice,
    error: point.error,
  }));
  const curve = curveThrough(byLabels, last + more);
  const byMinutes = points.flatMap(({ minutes, dice, error }) =>
    minutes === null ? [] : [{ x: minutes, y: dice, error }],
  );
  const mostMinutes = Math.max(0, ...byMinutes.map(({ x }) => x));
  const gain = curve === null ? null : fitCurve(byLabels).gain(last, last + more);
  const next =
    gain === null
      ? null
      : {
          images: more,
          minutes: time.medianSeconds === null ? null : (more * time.medianSeconds) / 60,
          gain: gain.estimate,
          interval: gain.interval,
        };
  return {
    labelled: labelled.length,
    unlabelled,
    points: points.map(({ error: _error, ...point }) => point),
    curve,
    minutesCurve: curveThrough(byMinutes, 2 * mostMinutes),
    next,
    verdict: verdictOf({ points: byLabels, labelled: labelled.length, unlabelled, next, curve }),
    notes: [
      ...(points.length > 1 ? [NOTES[on](heldOut)] : []),
      ...(points.length > 0 && labelled.length > last
        ? [
            `${countedWith(labelled.length - last, 'more image', 'were')} labelled since: train again to see what they bring.`,
          ]
        : []),
    ],
    time,
  };
}
