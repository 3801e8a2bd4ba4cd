/** graft sample: makes the sample project anew, the very one that comes with Graft: same images, same study. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { type Study, StudyConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { finetuningPreset, pretrainingPreset } from '../../shared/presets.ts';
import { generateDataset } from '../data/generators/generate-dataset.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from '../engine.ts';
import { GRAFT_VERSION } from '../version.ts';
import { withEngine } from './host.ts';
import { print } from './output.ts';
import { planAndCreate, runToEnd, thisCommand } from './study.ts';

const SIZE_PX = 64;
const SOURCE = { name: 'Textures (source)', generator: 'texshapes-source', count: 240, seed: 1 };
/** The last ones come without labels, to be painted. */
const TARGET = {
  name: 'Granular shapes (target)',
  generator: 'texshapes-target',
  count: 84,
  unlabelled: 12,
  seed: 2,
};
const SPLIT = { val: 16, test: 40 };
const LABEL_COUNTS = [4, 16];
const SEEDS = 5;

const ABOUT = `Generated images and a study that was run on them with Graft ${GRAFT_VERSION}, by the command “graft sample”. To keep the file small, the weights of most networks were left out; their scores, curves and predictions are all here.`;

const config = (sourceDatasetId: number, targetDatasetId: number): StudyConfig =>
  StudyConfig.parse({
    name: 'Which half is worth keeping?',
    sourceDatasetId,
    targetDatasetId,
    // Small enough for a file that travels with the program.
    network: { depth: 3, base: 8, bottleneck: 8, inputChannels: 1 },
    sampling: { sizePx: SIZE_PX, mode: 'resize' },
    pretrainings: [
      {
        task: 'segmentation',
        transfers: ['encoder', 'encoder+decoder', 'decoder'],
        optimisation: pretrainingPreset('default'),
      },
    ],
    finetuning: finetuningPreset('quick'),
    labelCounts: LABEL_COUNTS,
    seeds: SEEDS,
    mode: 'default',
  });

/** Source and target, the latter with images that nobody has labelled yet in its training part. */
async function makeDatasets(db: Project) {
  const source = await generateDataset(db, { ...SOURCE, sizePx: SIZE_PX });
  const target = await generateDataset(db, { ...TARGET, sizePx: SIZE_PX });
  const images = db.datasets.images(target);
  const labelled = images.length - TARGET.unlabelled;
  const firstTest = labelled - SPLIT.test;
  const firstVal = firstTest - SPLIT.val;
  db.splits.create(
    target,
    'default',
    images.map(({ id }, i) => ({
      imageId: id,
      part: i < firstVal || i >= labelled ? 'train' : i < firstTest ? 'val' : 'test',
    })),
  );
  return { source, target };
}

/** Keeps the weights of one pretrained and one fine-tuned network, without what only resuming needs. */
async function dropWeights(db: Project): Promise<void> {
  // Loads TensorFlow.js, which no other command of the shell should wait for.
  const { decodeCheckpoint, encodeCheckpoint } = await import('../training/checkpoint.ts');
  for (const run of db.runs.list()) {
    const kept = run.kind === 'pretrain' ? 'last' : 'best';
    const wanted =
      run.seed === 0 &&
      (run.kind === 'pretrain' ||
        (run.transfer === 'encoder' && run.labels === LABEL_COUNTS.at(-1)));
    const stored = wanted ? db.runs.checkpoint(run.id, kept) : undefined;
    for (const kind of ['best', 'last'] as const) db.runs.dropCheckpoint(run.id, kind);
    if (stored === undefined) continue;
    const slim = { ...decodeCheckpoint(stored.bytes), moments: null, best: null };
    db.runs.saveCheckpoint(run.id, kept, stored.step, encodeCheckpoint(slim));
  }
}

async function makeStudy(engine: Engine, path: string): Promise<Study> {
  const { source, target } = await makeDatasets(engine.projects.create(path).db);
  const { study } = await planAndCreate(engine, path, config(source, target));
  return study;
}

/** Goes on with the study where an earlier attempt was interrupted. */
async function sample(file: string, options: { json: boolean }): Promise<void> {
  const out = resolve(file);
  const packed = out.endsWith('.gz');
  if (existsSync(out) && !packed) {
    throw new AppError('conflict', `${out} exists already. Choose another name.`);
  }
  const full = `${out}.work.graft`;
  const compact = packed ? `${out}.compact` : out;
  await withEngine({ reachable: true }, async (engine) => {
    const study = existsSync(full)
      ? engine.projects.open(full).db.studies.list()[0]
      : await makeStudy(engine, full);
    if (study === undefined) {
      throw new AppError('corrupt', `${full} is unfinished. Delete it and start again.`);
    }
    const progress = await runToEnd(engine, {
      ...{ project: full, studyId: study.id, goesOn: thisCommand() },
    });
    if (progress.study.status !== 'done' || progress.counts.failed > 0) {
      throw new AppError('internal', `The study of the sample is ${progress.study.status}.`);
    }
    const { db } = engine.projects.open(full);
    await dropWeights(db);
    db.about.write(ABOUT);
    db.copyTo(compact);
  });
  if (packed) {
    writeFileSync(out, gzipSync(readFileSync(compact), { level: 9 }));
    rmSync(compact);
  }
  rmSync(full);
  print(options, { path: out }, out);
}

export function addSampleCommand(program: Command): void {
  program
    .command('sample')
    .description(
      'make the sample project anew: generated images and a finished study on them; an interrupted one goes on',
    )
    .argument('<file>', 'project file to write; a name that ends in .gz gets it packed')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Example:
  graft sample sample.graft`,
    )
    .action(sample);
}
