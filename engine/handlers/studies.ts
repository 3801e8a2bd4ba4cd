/** Calls on studies: plan, queue, progress, analysis, report. */
import type { StudyPlan } from '../../shared/api.ts';
import type { ImageRecord, Run } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { objectSentences } from '../../shared/charts/object-words.ts';
import { cautions } from '../../shared/charts/study-words.ts';
import { secondsPerSeed } from '../../shared/run-time.ts';
import { type StudyProgress, studyProgress } from '../../shared/study-progress.ts';
import { assertReadable } from '../data/readable-originals.ts';
import type { Project } from '../db/project.ts';
import { calibrate, timingNotes } from '../study/planning/calibrate.ts';
import { estimateStudy, testSeconds } from '../study/planning/estimate.ts';
import { chosenRuns } from '../study/analysis/analysed-runs.ts';
import { createStudy } from '../study/planning/create.ts';
import { analyseStoredStudy, findingsOf, gatherReport } from '../study/report/gather.ts';
import { planData } from '../study/planning/plan-data.ts';
import { armNames, planRuns } from '../study/planning/plan-runs.ts';
import { checkPrimary, primaryIn } from '../study/planning/primary.ts';
import { planPower } from '../study/planning/power.ts';
import { renderReport } from '../study/report/page.ts';
import { writeReport } from '../study/report/write.ts';
import {
  type Handlers,
  type OpenProject,
  requireStudy,
  startQueue,
  studyUpdated,
} from './context.ts';

const progressOf = (
  { db, queue }: Pick<OpenProject, 'db' | 'queue'>,
  studyId: number,
): StudyProgress =>
  studyProgress(requireStudy(db, studyId), { runs: db.runs.ofStudy(studyId), held: queue.held });

/** Every image that these runs read, once. */
function imagesOfRuns(db: Project, runs: readonly Run[]): ImageRecord[] {
  const snapshots = new Set(runs.map(({ config }) => config.snapshotId));
  const ids = new Set(
    [...snapshots].flatMap((id) => db.snapshots.items(id).map(({ imageId }) => imageId)),
  );
  return [...ids].flatMap((id) => db.datasets.image(id) ?? []);
}

export const studyHandlers: Handlers<
  | 'studies.list'
  | 'studies.plan'
  | 'studies.create'
  | 'studies.run'
  | 'studies.pause'
  | 'studies.cancel'
  | 'studies.status'
  | 'studies.metrics'
  | 'studies.results'
  | 'studies.delete'
  | 'studies.analysis'
  | 'studies.power'
  | 'studies.report'
  | 'studies.reportPage'
> = {
  'studies.list': ({ project }, context) => context.project(project).db.studies.list(),

  async 'studies.plan'({ project, config, calibrate: measure }, context): Promise<StudyPlan> {
    const { db } = context.project(project);
    const data = planData(db, config);
    const runs = planRuns(config, data);
    const calibration = measure
      ? await calibrate(config, {
          ...context.wish,
          signal: context.signal,
          test: data.testSize,
        })
      : null;
    const estimate = calibration === null ? null : estimateStudy(config, data, calibration);
    return {
      pretrainRuns: runs.filter((r) => r.kind === 'pretrain').length,
      finetuneRuns: runs.filter((r) => r.kind === 'finetune').length,
      arms: armNames(config),
      labelCounts: data.labelCounts,
      trainImages: data.trainImageIds.length,
      valImages: data.valCount,
      testImages: data.testCount,
      splits: data.splits.length,
      testedImages: data.testedCount,
      sourceImages: data.sourceItems.length,
      execution:
        calibration === null
          ? config.execution
          : { ...calibration.execution, testSeconds: testSeconds(data, calibration) },
      estimateSeconds: estimate === null ? null : Math.round(estimate.seconds),
      longestSeconds: estimate === null ? null : Math.round(estimate.longestSeconds),
      calibration: (calibration?.timings ?? []).map(
        ({ threads, parallel, kernels, engine, adapter, msPerStep, stepsPerSecond }) => ({
          threads,
          parallel,
          kernels,
          engine,
          adapter,
          msPerStep,
          stepsPerSecond,
        }),
      ),
      notes: [...data.notes, ...(calibration === null ? [] : timingNotes(calibration))],
    };
  },

  'studies.create'({ project, config }, context) {
    const { db } = context.project(project);
    const datasetId = config.targetDatasetId;
    const known = new Set(db.splits.list(datasetId).map(({ id }) => id));
    const study = createStudy(db, config);
    const splits = db.splits.list(datasetId).flatMap(({ id }) => (known.has(id) ? [] : [id]));
    return {
      output: study,
      changes: {
        studies: { added: [study.id] },
        runs: { added: db.runs.ofStudy(study.id).map(({ id }) => id) },
        ...(splits.length === 0 ? {} : { splits: { datasetId, added: splits } }),
      },
    };
  },

  async 'studies.run'({ project, studyId }, context) {
    const { db, queue } = context.project(project);
    const study = requireStudy(db, studyId);
    if (study.status === 'cancelled') {
      throw new AppError('conflict', `"${study.name}" was cancelled. Plan it anew to run it.`);
    }
    const queued = db.runs.ofStudy(studyId).filter(({ status }) => status === 'queued');
    await assertReadable(db, imagesOfRuns(db, queued), context);
    if (study.config.execution === null) {
      context.progress({ done: 0, total: 1, message: 'Measuring this machine' });
      const { execution } = await calibrate(study.config, {
        ...context.wish,
        signal: context.signal,
      });
      db.studies.setConfig(studyId, { ...study.config, execution });
    }
    const open = db.runs.ofStudy(studyId).some((r) => r.status === 'queued');
    if (open) db.studies.setStatus(studyId, 'running');
    const changes = studyUpdated(studyId);
    startQueue(queue, { changed: context.changed, changes });
    return { output: progressOf({ db, queue }, studyId), changes };
  },

  async 'studies.pause'({ project, studyId }, context) {
    const { db, queue } = context.project(project);
    const study = requireStudy(db, studyId);
    if (study.status !== 'running' && study.status !== 'planned') {
      throw new AppError('conflict', `"${study.name}" is ${study.status}, so it cannot be paused.`);
    }
    await queue.pauseStudy(studyId);
    return { output: progressOf({ db, queue }, studyId), changes: studyUpdated(studyId) };
  },

  async 'studies.cancel'({ project, studyId }, context) {
    const { db, queue } = context.project(project);
    const study = requireStudy(db, studyId);
    if (study.status === 'done') {
      throw new AppError('conflict', `"${study.name}" is done already: nothing to cancel.`);
    }
    await queue.cancelStudy(studyId);
    return { output: progressOf({ db, queue }, studyId), changes: studyUpdated(studyId) };
  },

  'studies.status': ({ project, studyId }, context) =>
    progressOf(context.project(project), studyId),

  'studies.metrics'({ project, studyId }, context) {
    const { db } = context.project(project);
    requireStudy(db, studyId);
    return db.runs.ofStudy(studyId).map(({ id, kind }) => {
      const shown = kind === 'pretrain' ? 'loss' : 'valDice';
      return { runId: id, points: db.runs.metrics(id).filter(({ name }) => name === shown) };
    });
  },

  'studies.results'({ project, studyId }, context) {
    const { db } = context.project(project);
    const study = requireStudy(db, studyId);
    const done = chosenRuns(db, studyId).filter(({ status }) => status === 'done');
    // Every split has a snapshot; an image may be tested on in several.
    const snapshots = new Set([study.targetSnapshotId, ...done.map((r) => r.config.snapshotId)]);
    const tested = [...snapshots]
      .flatMap((id) => db.snapshots.items(id))
      .filter(({ part }) => part === 'test');
    const images = [...new Map(tested.map((item) => [item.imageId, item])).values()]
      .toSorted((a, b) => a.imageId - b.imageId)
      .map(({ imageId, labelMapId }) => ({
        imageId,
        labelMapId,
        name: db.datasets.image(imageId)?.name ?? '',
      }));
    const runs = done.map(({ id }) => {
      const best = db.runs.results(id).filter(({ checkpoint }) => checkpoint === 'best');
      const diceOf = new Map(best.map(({ imageId, dice }) => [imageId, dice]));
      return {
        runId: id,
        predicts: db.runs.hasCheckpoint(id),
        dice: images.map(({ imageId }) => diceOf.get(imageId) ?? null),
      };
    });
    return { images, runs };
  },

  'studies.delete'({ project, studyId }, context) {
    const { db } = context.project(project);
    const study = requireStudy(db, studyId);
    if (study.status === 'running') {
      throw new AppError('conflict', `"${study.name}" is running. Cancel it first.`);
    }
    const runs = db.runs.ofStudy(studyId).map(({ id }) => id);
    const gone = new Set(runs);
    const encoders = db.encoders
      .list()
      .flatMap(({ id, runId }) => (gone.has(runId ?? 0) ? [id] : []));
    db.studies.delete(studyId);
    db.snapshots.dropUnused();
    return {
      output: null,
      changes: {
        studies: { removed: [studyId] },
        runs: { removed: runs },
        encoders: { removed: encoders },
      },
    };
  },

  'studies.analysis'({ project, studyId }, context) {
    const { db } = context.project(project);
    return findingsOf(db, requireStudy(db, studyId));
  },

  'studies.power'({ project, studyId, delta, primary, testImages }, context) {
    const { db } = context.project(project);
    const study = requireStudy(db, studyId);
    if (study.config.splits !== null) {
      throw new AppError(
        'conflict',
        `"${study.name}" has several splits, and what they add cannot be planned from them. Take a study of one split as the pilot (graft study power --name NAME).`,
      );
    }
    const { comparisons } = analyseStoredStudy(db, study).analysis;
    const labelCounts = [...new Set(comparisons.map(({ labels }) => labels))];
    const planned = { ...study.config, primary: primary ?? study.config.primary };
    if (labelCounts.length > 0) checkPrimary(planned, labelCounts);
    const power = planPower({
      studyName: study.name,
      comparisons,
      primary: primaryIn(planned, labelCounts),
      delta: delta ?? study.config.delta,
      testImages,
      secondsPerSeed: secondsPerSeed(
        db.runs.ofStudy(studyId),
        study.config.execution?.parallel ?? 1,
      ),
    });
    if (power !== null) return power;
    throw new AppError(
      'conflict',
      `"${study.name}" cannot serve as a pilot: it needs a random arm and an arm with a transferred half that both finished with two seeds or more, on two test images or more. Run more of it first.`,
    );
  },

  async 'studies.report'({ project, studyId, dir }, context) {
    const { db } = context.project(project);
    const study = requireStudy(db, studyId);
    const { data, runs } = await gatherReport(db, study);
    const files = await writeReport(dir, data, runs);
    const notes = [...cautions(data, runs), ...data.notes];
    const { headline, objects } = data.analysis;
    const ofObjects = objects === undefined ? [] : objectSentences(objects);
    return { ...files, headline, objects: ofObjects, notes };
  },

  async 'studies.reportPage'({ project, studyId }, context) {
    const { db } = context.project(project);
    const { data, runs } = await gatherReport(db, requireStudy(db, studyId));
    return renderReport(data, runs);
  },
};
