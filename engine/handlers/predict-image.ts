/** Calls that predict one image to be corrected, and that choose what becomes of what a network draws. */
import type { MeasuredDice } from '../../shared/api.ts';
import type { ClassOverlap } from '../../shared/entities.ts';
import { unseenInText } from '../../shared/channels.ts';
import { type DrawnClasses, drawnObstacle } from '../../shared/drawn-classes.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeClassScores } from '../../shared/exchange.ts';
import { diceOf } from '../../shared/overlap.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import type { TrainerEvent } from '../training/protocol.ts';
import { type Handlers, requireDataset } from './context.ts';
import {
  ensembleOf,
  isPredictor,
  requestFor,
  requirePredictor,
  saidBeside,
} from './predicting-run.ts';

const measured = (classes: readonly ClassOverlap[]): MeasuredDice => {
  const each = classes.map((one) => ({ classIndex: one.classIndex, dice: diceOf(one) }));
  const total = each.reduce((sum, { dice }) => sum + dice, 0);
  return { dice: each.length === 0 ? null : total / each.length, classes: each };
};

/** Values of either plane that are no class of the dataset, ascending. */
function unknownIn(scores: Uint8Array, known: ReadonlySet<number>): number[] {
  const { likely, foreground } = decodeClassScores(scores);
  const seen = new Uint8Array(256);
  for (const plane of [likely, foreground]) for (const value of plane) seen[value] = 1;
  return [...seen.keys()].filter((value) => seen[value] === 1 && !known.has(value));
}

function drawnBy(db: Project, snapshotId: number): DrawnClasses | null {
  const dataset = pinnedDataset(db, snapshotId);
  if (dataset === undefined) return null;
  const { id, name, classes, hasBackground } = dataset;
  return { id, name, classes, hasBackground };
}

export const predictImageHandlers: Handlers<
  'predict.networks' | 'predict.image' | 'predict.choices' | 'predict.measure' | 'predict.keep'
> = {
  'predict.networks'({ project }, context) {
    const { db } = context.project(project);
    return db.runs
      .list()
      .filter((run) => isPredictor(run) && db.runs.hasCheckpoint(run.id))
      .map(({ id, config }) => {
        const drawn = drawnBy(db, config.snapshotId);
        return { runId: id, datasetId: drawn?.id ?? null, drawn };
      })
      .sort((a, b) => b.runId - a.runId);
  },

  async 'predict.image'({ project, runId, imageId, region, ...looks }, context) {
    const { db, predictor } = context.project(project);
    const run = requirePredictor(db, runId);
    const image = db.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    const dataset = requireDataset(db, image.datasetId);
    const drawn = drawnBy(db, run.config.snapshotId);
    const obstacle = drawn && drawnObstacle(drawn, dataset);
    if (obstacle !== null) throw new AppError('conflict', obstacle, { subject: dataset.name });
    const start = performance.now();
    let found: Extract<TrainerEvent, { type: 'prediction' }> | undefined;
    const said: string[] = [];
    await predictor.run(
      {
        ...{ type: 'predict', inputs: [{ imageId }], withScores: true },
        ...requestFor(run, { db, context, looks }),
        ...(region === undefined ? {} : { area: region }),
      },
      {
        signal: context.signal,
        onEvent(event) {
          if (event.type === 'prediction') found = event;
          said.push(...saidBeside(event));
          if (event.type !== 'predicting') return;
          context.progress({ done: event.done, total: event.total, message: 'Predicting' });
        },
      },
    );
    const { scores = null, uncertainty = null, channels = null, error = null } = found ?? {};
    if (scores === null || uncertainty === null) {
      throw new AppError('invalid-input', error ?? `${image.name} gave no prediction.`, {
        subject: image.name,
      });
    }
    const known = new Set(dataset.classes.map(({ index }) => index));
    if (dataset.hasBackground) known.add(0);
    const seen = channels === null ? [] : [{ channels }];
    return {
      predictionId: predictor.keep(scores),
      region: region ?? { left: 0, top: 0, width: image.widthPx, height: image.heightPx },
      uncertainty,
      unknown: unknownIn(scores, known),
      seconds: (performance.now() - start) / 1000,
      notes: [...said, ...unseenInText(seen, run.config.network.inputChannels)],
    };
  },

  'predict.choices'({ project, runId }, context) {
    const { db } = context.project(project);
    const run = requirePredictor(db, runId);
    return {
      postProcessing: db.postProcessing.of(runId) ?? null,
      ensemble: ensembleOf(db, run),
      hasBackground: pinnedDataset(db, run.config.snapshotId)?.hasBackground ?? true,
    };
  },

  async 'predict.measure'({ project, runId, ...looks }, context) {
    const { db, predictor } = context.project(project);
    const run = requirePredictor(db, runId);
    let found: Extract<TrainerEvent, { type: 'measured' }> | undefined;
    await predictor.run(
      { type: 'measure', ...requestFor(run, { db, context, looks }) },
      {
        signal: context.signal,
        onEvent(event) {
          if (event.type === 'measured') found = event;
          if (event.type !== 'predicting') return;
          context.progress({ done: event.done, total: event.total, message: 'Measuring' });
        },
      },
    );
    if (found === undefined) throw new Error('a measurement has an end');
    const { images, left, plain, averaged, chosen } = found;
    return {
      ...{ images, left },
      plain: { ...measured(plain.classes), secondsPerImage: plain.secondsPerImage },
      averaged: { ...measured(averaged.classes), secondsPerImage: averaged.secondsPerImage },
      chosen: { ...measured(chosen.classes), postProcessing: chosen.rule },
    };
  },

  'predict.keep'({ project, runId, postProcessing }, context) {
    const { db } = context.project(project);
    requirePredictor(db, runId);
    if (postProcessing === null) db.postProcessing.drop(runId);
    else db.postProcessing.keep(runId, postProcessing);
    return { output: null, changes: { runs: { updated: [runId] } } };
  },
};
