/**
 * A model of what the training while one labels has learned so far: a run whose steps are all made, of which the queue
 * only scores the weights. The training itself goes on.
 */
import type { Dataset, ImageRecord, Part } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import type { Project } from '../db/project.ts';
import { snapshotItem } from '../db/splits.ts';
import { decodeCheckpoint } from '../training/checkpoint.ts';
import { liveSettings } from '../training/live/settings.ts';
import { pixelClasses } from '../training/network/pixel-classes.ts';
import { partsOfLabelled } from './kept-parts.ts';
import { labelledByPeople } from './labelled.ts';
import { freeName } from './train.ts';

/** Errors: conflict, where nothing was saved yet or the classes are others than it learned; corrupt. */
export function keepLive(db: Project, dataset: Dataset): { modelId: number; runId: number } {
  const bytes = db.live.checkpoint(dataset.id);
  if (bytes === undefined) {
    throw new AppError(
      'conflict',
      `Nothing was saved yet of what is learned from "${dataset.name}". Let it train for half a minute, or pause it, and keep it then.`,
      { subject: dataset.name },
    );
  }
  const { step, trainedSeconds, network, sampling, classes, seed } = decodeCheckpoint(bytes).header;
  if (classes !== pixelClasses(dataset)) {
    throw new AppError(
      'conflict',
      `The classes of "${dataset.name}" were changed since it was saved. Let it train for half a minute with them, and keep it then.`,
      { subject: dataset.name },
    );
  }
  const learned = new Set(
    db.live.takings(dataset.id).flatMap(({ imageId, heldOut }) => (heldOut ? [] : [imageId])),
  );
  const labelled = labelledByPeople(db, dataset.id);
  const { parts, fresh, spoilt } = partsOfLabelled(db, labelled, {
    datasetId: dataset.id,
    splitId: null,
  });
  const partOf = ({ id }: ImageRecord): Part => parts.get(id) ?? 'train';
  const used = labelled.filter(
    (image) => !spoilt.has(image.id) && (partOf(image) !== 'train' || learned.has(image.id)),
  );
  const train = used.filter((image) => partOf(image) === 'train');
  if (train.length === 0) {
    throw new AppError(
      'conflict',
      `None of the images that it learned from has labels any more, so there is nothing that a model could say it was made of. Label one of them, or train a model anew.`,
      { subject: dataset.name },
    );
  }
  const isUsed = new Set(used.map(({ id }) => id));
  return db.transaction(() => {
    db.models.keepParts(fresh.filter(({ imageId }) => isUsed.has(imageId)));
    const { optimisation } = liveSettings(used);
    const runId = db.runs.create({
      studyId: null,
      config: {
        kind: 'finetune',
        ...{ transfer: 'random', pretrainRunId: null, network, sampling, seed },
        optimisation: { ...optimisation, steps: step },
        trainImageIds: train.map(({ id }) => id),
        validationScore: 'classes',
        mayLackParts: true,
        snapshotId: db.snapshots.take(
          dataset.id,
          used.map((image) => snapshotItem(image, partOf(image))),
        ),
      },
      pretraining: null,
      labels: train.length,
      dependsOn: null,
    });
    db.runs.saveCheckpoint(runId, 'last', step, bytes);
    db.runs.progress(runId, { step, trainedSeconds, peakMemoryBytes: 0 });
    db.runs.log(
      runId,
      `Kept after ${counted(step, 'step')} of training while labelling, on ${counted(train.length, 'image')}. Nothing more is trained: it is scored.`,
    );
    const startedFrom = 'random weights, trained while labelling';
    return {
      modelId: db.models.create({ name: freeName(db, dataset), runId, startedFrom }),
      runId,
    };
  });
}
