/** Calls that predict label maps with a finished run. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { PredictReport } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { encodeIndexPng } from '../data/encode.ts';
import type { Project } from '../db/project.ts';
import { runTrainer } from '../trainer.ts';
import { type CallContext, type Handlers, requireDataset, requireRun } from './context.ts';

const IMAGE_EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp', '.gif']);

/** Folders give the images directly inside them, in the order of their names. */
function listImages(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      throw new AppError('not-found', `${path} does not exist.`, { subject: path });
    }
    if (!stat.isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => IMAGE_EXTENSIONS.has(extname(name).toLowerCase()))
      .sort()
      .map((name) => join(path, name));
  });
}

async function predict(
  db: Project,
  context: CallContext,
  options: {
    runId: number;
    inputs: ({ imageId: number } | { path: string })[];
    nameOf: (index: number) => string;
    onLabelMap: (index: number, bytes: Uint8Array) => void;
  },
): Promise<PredictReport> {
  const run = requireRun(db, options.runId);
  if (run.kind !== 'finetune' || run.status !== 'done') {
    throw new AppError(
      'invalid-input',
      `Run ${run.id} is a ${run.kind} run that is ${run.status}; only finished fine-tuning runs predict masks.`,
    );
  }
  const failed: { input: string; message: string }[] = [];
  let predicted = 0;
  await runTrainer(
    {
      type: 'predict',
      threads: run.engine?.threads ?? availableParallelism(),
      engine: context.engineChoice,
      projectPath: db.path,
      runId: run.id,
      inputs: options.inputs,
    },
    {
      signal: context.signal,
      onEvent(event) {
        if (event.type !== 'prediction') return;
        if (event.labelMap === null) {
          failed.push({ input: options.nameOf(event.index), message: event.error ?? '' });
        } else {
          options.onLabelMap(event.index, event.labelMap);
          predicted++;
        }
        context.progress({
          done: predicted + failed.length,
          total: options.inputs.length,
          message: 'Predicting',
        });
      },
    },
  );
  return { predicted, failed };
}

export const predictHandlers: Handlers<'predict.files' | 'predict.dataset'> = {
  async 'predict.files'({ project, runId, paths, dir }, context) {
    const { db } = context.project(project);
    const files = listImages(paths);
    if (files.length === 0) {
      throw new AppError('invalid-input', 'There are no images in what was given.');
    }
    const snapshot = db.snapshots.get(requireRun(db, runId).config.snapshotId);
    const classes = requireDataset(db, snapshot?.datasetId ?? 0).classes;
    mkdirSync(dir, { recursive: true });
    const stems = files.map((file) => basename(file, extname(file)));
    const report = await predict(db, context, {
      runId,
      inputs: files.map((path) => ({ path })),
      nameOf: (index) => files[index] ?? '',
      onLabelMap(index, bytes) {
        const stem = stems[index] ?? String(index);
        // Two inputs of one stem (a.png, a.jpg) keep their own masks.
        const unique = stems.indexOf(stem) === index ? stem : `${stem}-${index + 1}`;
        writeFileSync(join(dir, `${unique}.png`), encodeIndexPng(decodeLabelMap(bytes), classes));
      },
    });
    return { ...report, dir };
  },

  async 'predict.dataset'({ project, runId, datasetId }, context) {
    const { db } = context.project(project);
    // A prediction never takes the place of what a person drew or imported.
    const images = db.datasets
      .images(requireDataset(db, datasetId).id)
      .filter(
        ({ labelMapId }) => labelMapId === null || db.labelMaps.get(labelMapId)?.author === 'model',
      );
    const report = await predict(db, context, {
      runId,
      inputs: images.map((image) => ({ imageId: image.id })),
      nameOf: (index) => images[index]?.name ?? '',
      onLabelMap(index, bytes) {
        const imageId = images[index]?.id;
        if (imageId !== undefined) db.labelMaps.add({ imageId, author: 'model', bytes, runId });
      },
    });
    context.emit({ type: 'dataset.changed', project: db.path, datasetId });
    return report;
  },
};
