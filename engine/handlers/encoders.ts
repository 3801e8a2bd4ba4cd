/** Calls on encoders: pretrained networks of the project, from its runs or from files. */
import { basename } from 'node:path';
import type { Encoder } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { foregroundObstacle } from '../../shared/foreground.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { imageServes, sourceFacts, takesPart, taskObstacle } from '../../shared/task-sources.ts';
import { assertLabelsAreClasses, partLabels } from '../data/label-values.ts';
import { assertReadable } from '../data/readable-originals.ts';
import type { Project } from '../db/project.ts';
import { snapshotItem } from '../db/splits.ts';
import { assertChannelsFit } from '../training/images/channels.ts';
import { assertInputSize } from '../training/network/unet.ts';
import { encoderWeights } from '../training/weights/encoder-weights.ts';
import { readForeignWeights } from '../training/weights/foreign-weight-file.ts';
import { encodeNetwork } from '../training/weights/network-file.ts';
import { type Handlers, requireDataset, requireRun, requireStudy } from './context.ts';

function requireEncoder(db: Project, id: number): Encoder {
  const encoder = db.encoders.get(id);
  if (encoder === undefined) throw new AppError('not-found', `There is no encoder ${id}.`);
  return encoder;
}

export const encoderHandlers: Handlers<
  | 'encoders.list'
  | 'encoders.update'
  | 'encoders.inspect'
  | 'encoders.import'
  | 'encoders.export'
  | 'encoders.delete'
  | 'encoders.pretrain'
> = {
  'encoders.list': ({ project }, context) => context.project(project).db.encoders.list(),

  'encoders.update'({ project, encoderId, notes }, context) {
    const { db } = context.project(project);
    requireEncoder(db, encoderId);
    db.encoders.setNotes(encoderId, notes);
    return {
      output: requireEncoder(db, encoderId),
      changes: { encoders: { updated: [encoderId] } },
    };
  },

  async 'encoders.inspect'({ path, preprocessing, network: decoder }) {
    const read = await readForeignWeights(path, { preprocessing, ...decoder });
    const { report, network, obstacle } = read;
    return { ...report, network, obstacle: obstacle?.message ?? null };
  },

  async 'encoders.import'({ project, path, name, preprocessing, network: decoder }, context) {
    const { db } = context.project(project);
    const read = await readForeignWeights(path, { preprocessing, ...decoder });
    const { report, network, spec, weights, obstacle } = read;
    if (obstacle !== null) throw obstacle;
    const encoderId = db.transaction(() =>
      db.encoders.addImported({
        name: name ?? basename(path).replace(/(\.weights)?\.[^.]+$/, ''),
        network,
        file: report,
        weights: encodeNetwork({ network, classes: null, sampling: null, spec, weights }),
      }),
    );
    return { output: requireEncoder(db, encoderId), changes: { encoders: { added: [encoderId] } } };
  },

  async 'encoders.export'({ project, encoderId, format, path }, context) {
    const found = encoderWeights(context.project(project).db, encoderId);
    // Loaded here, since it brings the networks along, which no other call of an engine needs.
    const { exportModel } = await import('../training/weights/export-model.ts');
    return exportModel({ ...found, part: 'encoder', classes: null, format, path });
  },

  'encoders.delete'({ project, encoderId }, context) {
    const { db } = context.project(project);
    const { runId, name } = requireEncoder(db, encoderId);
    const run = runId === null ? null : requireRun(db, runId);
    if (run !== null && run.studyId !== null) {
      const { name: study } = requireStudy(db, run.studyId);
      throw new AppError(
        'conflict',
        `"${name}" is a result of the study "${study}" and goes with it. Delete that study instead.`,
      );
    }
    const dependents = run === null ? [] : db.runs.dependents(run.id);
    const [user] = [...db.encoders.users(encoderId), ...dependents];
    if (user !== undefined) {
      throw new AppError(
        'conflict',
        `Run ${user} starts from "${name}". Delete the study of that run first.`,
      );
    }
    const changes = { encoders: { removed: [encoderId] } };
    if (run === null) {
      db.encoders.deleteImported(encoderId);
      return { output: null, changes };
    }
    db.runs.deleteSingle(run.id);
    return { output: null, changes: { ...changes, runs: { removed: [run.id] } } };
  },

  async 'encoders.pretrain'(input, context) {
    const { db, queue } = context.project(input.project);
    const dataset = requireDataset(db, input.datasetId);
    const images = db.datasets.images(dataset.id).filter(takesPart);
    const { inputChannels } = input.network;
    const source = sourceFacts(dataset.name, images);
    const missing = taskObstacle(input.task, { source, inputChannels });
    if (missing !== null) throw new AppError('invalid-input', missing, { subject: dataset.name });
    assertInputSize(input.network, input.sampling.sizePx);
    const usable = images.filter((image) => imageServes(input.task, image));
    assertChannelsFit(usable, input.network.inputChannels);
    if (PRETRAINING_TASK_FACTS[input.task].needs === 'label maps') {
      assertLabelsAreClasses(db, dataset, usable);
      const items = usable.map(({ labelMapId }) => ({ part: 'train' as const, labelMapId }));
      const obstacle = foregroundObstacle(
        dataset.name,
        partLabels(db, items),
        dataset.hasBackground,
      );
      if (obstacle !== null) throw new AppError('invalid-input', obstacle);
    }
    await assertReadable(db, usable, context);
    const runId = db.transaction(() =>
      db.runs.create({
        studyId: null,
        config: {
          kind: 'pretrain',
          task: input.task,
          network: input.network,
          sampling: input.sampling,
          optimisation: input.optimisation,
          seed: input.seed,
          options: input.options,
          snapshotId: db.snapshots.take(
            dataset.id,
            usable.map((image) => snapshotItem(image, 'train')),
          ),
        },
        pretraining: input.task,
        labels: null,
        dependsOn: null,
      }),
    );
    queue.start();
    return { output: requireRun(db, runId), changes: { runs: { added: [runId] } } };
  },
};
