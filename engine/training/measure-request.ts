/**
 * What flips, averaging and post-processing gain: scored on the validation images of a run, which chose its checkpoint as
 * well, and never on test images.
 */
import type { ClassOverlap } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { blankLabel, scoredClasses } from '../../shared/foreground.ts';
import { readLabelMap } from '../data/image-source.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { withInput } from './images/tiles.ts';
import { loadNetwork } from './loaded-network.ts';
import type { TrainerEvent, TrainerRequest } from './protocol.ts';
import {
  choosePostProcessing,
  heldDice,
  type ScoredImage,
} from './scoring/choose-post-processing.ts';
import { scoredOverlaps } from './scoring/metrics.ts';
import { predictionInput } from './scoring/predict.ts';
import type { Engine } from './tensorflow/backend.ts';

type MeasureRequest = Extract<TrainerRequest, { type: 'measure' }>;

/** Of all images together: 4 bytes a pixel are held. */
const MAX_PIXELS = 2 ** 27;

/** Labelled validation images that there is room for, in the order of their ids. Errors: not-found, invalid-input. */
function validationOf(project: Project, runId: number) {
  const snapshotId = project.runs.get(runId)?.config.snapshotId;
  const dataset = snapshotId === undefined ? undefined : pinnedDataset(project, snapshotId);
  if (snapshotId === undefined || dataset === undefined) {
    throw new AppError('not-found', `There is no run ${runId} with its data in this project.`);
  }
  const all = project.snapshots.items(snapshotId).flatMap(({ part, imageId, labelMapId }) => {
    const image = part === 'val' ? project.datasets.image(imageId) : undefined;
    return image === undefined || labelMapId === null ? [] : [{ image, labelMapId }];
  });
  if (all.length === 0) {
    throw new AppError(
      'invalid-input',
      'This network had no labelled images to choose its checkpoint by (validation), so nothing can be measured. Choose by eye, or label more and train anew.',
    );
  }
  let pixels = 0;
  const items = all.filter(({ image }, i) => {
    pixels += image.widthPx * image.heightPx;
    return i === 0 || pixels <= MAX_PIXELS;
  });
  return { dataset, items, left: all.length - items.length };
}

export async function measureNetwork(
  project: Project,
  request: MeasureRequest,
  { engine, emit }: { readonly engine: Engine; readonly emit: (event: TrainerEvent) => void },
): Promise<TrainerEvent> {
  const { flips = false, members = [], runId } = request;
  const { dataset, items, left } = validationOf(project, runId);
  const loaded = loadNetwork(project, engine, request);
  const { hasBackground, sampling, network } = loaded;
  const classes = {
    count: Math.max(...dataset.classes.map(({ index }) => index)) + 1,
    scored: scoredClasses(dataset),
  };
  const isPlain = !flips && members.length <= 1;
  const kinds = isPlain ? (['plain'] as const) : (['plain', 'averaged'] as const);
  const overlaps: Record<'plain' | 'averaged', ClassOverlap[]> = { plain: [], averaged: [] };
  const seconds = { plain: 0, averaged: 0 };
  const images: ScoredImage[] = [];
  // The first pass builds the graph, which is no cost of an image.
  let isWarm = false;
  let done = 0;
  for (const { image, labelMapId } of items) {
    await withInput(project, { image, channels: network.inputChannels }, async (rows) => {
      const truth = readLabelMap(project, labelMapId);
      const input = await predictionInput(rows, sampling);
      for (const kind of kinds) {
        const plain = kind === 'plain';
        const options = { flips: flips && !plain, plain, scores: { hasBackground } };
        if (!isWarm) await loaded.predict([input], options);
        isWarm = true;
        const start = performance.now();
        const [map] = await loaded.predict([input], options);
        seconds[kind] += (performance.now() - start) / 1000;
        if (map?.scores == null) throw new Error('an image gave no scores');
        overlaps[kind].push(...scoredOverlaps(map, truth, classes));
        if (kind === kinds.at(-1)) images.push({ scores: map.scores, truth });
      }
    });
    emit({ type: 'predicting', done: ++done, total: items.length });
  }
  const last = kinds.at(-1) ?? 'plain';
  const measured = (kind: 'plain' | 'averaged') => ({
    classes: [...heldDice(overlaps[kind])],
    secondsPerImage: seconds[kind] / items.length,
  });
  const { rule, held } = choosePostProcessing(images, { classes, blank: blankLabel(dataset) });
  return {
    type: 'measured',
    ...{ images: items.length, left },
    plain: measured('plain'),
    averaged: measured(last),
    chosen: { rule, classes: [...held] },
  };
}
