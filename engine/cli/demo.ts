/** graft demo: generated data, a whole study, a report. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type Precision,
  PRETRAINING_TASKS,
  type PretrainingTask,
  StudyConfig,
} from '../../shared/entities.ts';
import { duration, score } from '../../shared/number-format.ts';
import { finetuningPreset, pretrainingPreset } from '../../shared/presets.ts';
import { channelObstacle, transferObstacle } from '../../shared/pretraining-tasks.ts';
import { makeFolder } from '../data/write-file.ts';
import type { Engine } from '../engine.ts';
import { given, integer, precisionOption } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProgress } from './host.ts';
import { print, table, writeErr } from './output.ts';
import { planAndCreate, planLines, runToEnd, thisCommand } from './study.ts';

interface DemoOptions {
  out: string;
  quick: boolean;
  seeds?: number;
  steps?: number;
  precision: Precision;
  labels?: number[];
  sourceImages?: number;
  testImages: number;
  size: number;
  base: number;
  batch?: number;
  tasks?: PretrainingTask[];
  json: boolean;
}

/** docs/method.md §6: the pilot's sizes; quick pretrains and fine-tunes for fewer steps on fewer images. */
const SIZE_PX = 64;
const BASE = 8;
const CHANNELS = 1;
const VAL_IMAGES = 16;
const TEST_IMAGES = 64;

/** The full table: everything that the demo's grey images serve. */
const ALL_TASKS = PRETRAINING_TASKS.filter((task) => channelObstacle(task, CHANNELS) === null);

/** "all", or task names. */
function parseTasks(text: string): PretrainingTask[] {
  if (text === 'all') return ALL_TASKS;
  return text.split(',').map((name) => {
    const task = PRETRAINING_TASKS.find((one) => one === name);
    if (task === undefined) {
      throw new InvalidArgumentError(`tasks are ${PRETRAINING_TASKS.join(', ')}, or "all"`);
    }
    return task;
  });
}

const SEGMENTATION_ARMS = ['encoder', 'encoder+decoder', 'decoder'];

/** Every task's encoder; of segmentation every arm, of the others the whole network where it fits. */
function armsOf(task: PretrainingTask): string[] {
  if (task === 'segmentation') return [...SEGMENTATION_ARMS, 'frozen-encoder'];
  return transferObstacle(task, 'encoder+decoder', 'conv') === null
    ? ['encoder', 'encoder+decoder']
    : ['encoder'];
}

function demoConfig(
  datasets: { source: number; target: number },
  options: DemoOptions,
): StudyConfig {
  const mode = options.quick ? 'quick' : 'default';
  const changed = {
    precision: options.precision,
    ...given('steps', options.steps),
    ...given('batch', options.batch),
  };
  const pretraining = { ...pretrainingPreset(mode), ...changed };
  const quickly = options.quick && options.tasks === undefined;
  const tasks = options.tasks ?? (['classification', 'segmentation', 'autoencoder'] as const);
  return StudyConfig.parse({
    name: options.quick ? 'quick demo' : 'demo',
    sourceDatasetId: datasets.source,
    targetDatasetId: datasets.target,
    network: { base: options.base, inputChannels: CHANNELS },
    sampling: { sizePx: options.size, mode: 'resize' },
    pretrainings: quickly
      ? [{ task: 'segmentation', transfers: SEGMENTATION_ARMS, optimisation: pretraining }]
      : tasks.map((task) => ({ task, transfers: armsOf(task), optimisation: pretraining })),
    finetuning: { ...finetuningPreset(mode), ...changed },
    labelCounts: options.labels ?? [8, 32],
    seeds: options.seeds ?? (options.quick ? 3 : 5),
    mode,
  });
}

/** The demo's project, made where it is not there yet: an interrupted demo goes on. */
async function openOrCreate(engine: Engine, path: string): Promise<string> {
  const call = existsSync(path) ? 'project.open' : 'project.create';
  return (await engine.call(call, { path })).path;
}

async function ensureDatasets(engine: Engine, project: string, options: DemoOptions) {
  const existing = await engine.call('datasets.list', { project });
  const ensure = async (name: string, generator: string, count: number, seed: number) => {
    const found = existing.find((d) => d.name === name);
    if (found !== undefined) return found;
    return withProgress((o) =>
      engine.call(
        'datasets.generate',
        { project, name, generator, count, sizePx: options.size, seed },
        o,
      ),
    );
  };
  const train = Math.max(...(options.labels ?? [32]));
  const sourceCount = options.sourceImages ?? (options.quick ? 400 : 800);
  const source = await ensure('source', 'texshapes-source', sourceCount, 1);
  const { testImages } = options;
  const target = await ensure('target', 'texshapes-target', train + VAL_IMAGES + testImages, 2);
  const splits = await engine.call('splits.list', { project, datasetId: target.id });
  if (splits.length === 0) {
    await engine.call('splits.create', {
      project,
      datasetId: target.id,
      name: 'demo',
      val: VAL_IMAGES,
      test: testImages,
      seed: 0,
    });
  }
  return { source: source.id, target: target.id };
}

async function demo(options: DemoOptions): Promise<void> {
  const startedAt = Date.now();
  const dir = resolve(options.out);
  makeFolder(dir);
  await withEngine({ reachable: true }, async (engine) => {
    const project = await openOrCreate(engine, join(dir, 'demo.graft'));
    const datasets = await ensureDatasets(engine, project, options);
    const config = demoConfig(datasets, options);
    const studies = await engine.call('studies.list', { project });
    let study = studies.find((s) => s.name === config.name);
    if (study === undefined) {
      const made = await planAndCreate(engine, project, config);
      study = made.study;
      writeErr(`${planLines(made.plan).join('\n')}\n`);
    } else {
      writeErr(`going on with "${study.name}" in ${project}\n`);
    }
    // The report is written by the demo alone, so the same command goes on.
    const goesOn = thisCommand();
    const progress = await runToEnd(engine, { project, studyId: study.id, goesOn });
    const report = await engine.call('studies.report', { project, studyId: study.id, dir });
    const analysis = await engine.call('studies.analysis', { project, studyId: study.id });
    const seconds = (Date.now() - startedAt) / 1000;
    const rows = analysis.arms.map((arm) => [
      arm.pretraining ?? '–',
      arm.transfer,
      String(arm.labels),
      score(arm.dice),
      `[${score(arm.diceCi95[0])}, ${score(arm.diceCi95[1])}]`,
    ]);
    print(options, { ...report, seconds, failedRuns: progress.counts.failed }, [
      ...report.headline,
      ...report.objects,
      '',
      table([['pretraining', 'transfer', 'labels', 'test Dice', '95 % CI'], ...rows]),
      '',
      ...analysis.comparisons.map((c) => c.words),
      '',
      `${report.html} (${duration(seconds)})`,
    ]);
    if (progress.counts.failed > 0) process.exitCode = EXIT.partial;
  });
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('generate data, run a whole study on it and write its report')
    .requiredOption('--out <dir>', 'folder for project and report; an interrupted demo goes on')
    .option('--quick', 'a few minutes: fewer steps, images, seeds and arms', false)
    .option('--seeds <n>', 'number of seeds', integer)
    .option('--steps <n>', 'steps of each run', integer)
    .addOption(precisionOption())
    .option('--labels <counts>', 'label counts, e.g. 8,32', (text: string) =>
      text.split(',').map(integer),
    )
    .option('--source-images <n>', 'images to pretrain on', integer)
    .option('--test-images <n>', 'images that every network is tested on', integer, TEST_IMAGES)
    .option('--size <px>', 'side of the images and of the network input', integer, SIZE_PX)
    .option('--base <n>', 'channels of the first level', integer, BASE)
    .option('--batch <n>', 'images of a step', integer)
    .option('--tasks <names>', 'pretraining tasks, e.g. segmentation,conrec, or all', parseTasks)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft demo --quick --out demo
  graft demo --out demo --tasks segmentation,conrec --seeds 5`,
    )
    .action(demo);
}
