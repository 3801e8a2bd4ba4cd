/** graft study plan | run | status | pause | resume | power | report */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StudyPlan, StudyProgress } from '../../shared/api.ts';
import {
  LabelCount,
  PRETRAINING_TASKS,
  type PretrainingTask,
  type Study,
  StudyConfig,
  Transfer,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { duration } from '../../shared/number-format.ts';
import { MAX_PLANNED_SEEDS, POWERS, type StudyPower } from '../../shared/power.ts';
import {
  finetuningPreset,
  pretrainingPreset,
  SEEDS_OF_MODE,
  type StudyMode,
} from '../../shared/presets.ts';
import { transferObstacle } from '../../shared/pretraining-tasks.ts';
import type { Engine } from '../engine.ts';
import { integer, number, share } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findDataset, findStudy } from './lookup.ts';
import { createProgressBar, print, table } from './output.ts';

const ARM_NAMES: Readonly<Record<string, Transfer>> = {
  E: 'encoder',
  'E+D': 'encoder+decoder',
  D: 'decoder',
  frozen: 'frozen-encoder',
};

/** "segmentation:E,E+D,D" → task and transfers; a task alone gets every arm that fits. */
function parsePretraining(text: string): { task: PretrainingTask; transfers: string[] } {
  const [name = '', arms] = text.split(':');
  const task = PRETRAINING_TASKS.find((t) => t === name);
  if (task === undefined) {
    throw new InvalidArgumentError(`tasks are ${PRETRAINING_TASKS.join(', ')}`);
  }
  return { task, transfers: arms === undefined ? [] : arms.split(',') };
}

function toTransfer(name: string): Exclude<Transfer, 'random'> {
  const transfer = Transfer.safeParse(ARM_NAMES[name] ?? name);
  if (!transfer.success || transfer.data === 'random') {
    throw new InvalidArgumentError(`arms are ${Object.keys(ARM_NAMES).join(', ')}`);
  }
  return transfer.data;
}

function parseLabels(text: string): LabelCount[] {
  return text.split(',').map((part) => {
    const count = LabelCount.safeParse(part === 'all' ? 'all' : Number(part));
    if (!count.success) throw new InvalidArgumentError('label counts are numbers or "all"');
    return count.data;
  });
}

export interface PlanOptions {
  name: string;
  source: string;
  target: string;
  pretrain: ReturnType<typeof parsePretraining>[];
  labels: LabelCount[];
  mode: StudyMode;
  seeds?: number;
  delta: number;
  size: number;
  sampling: 'resize' | 'patches';
  base: number;
  channels: number;
  steps?: number;
  pretrainSteps?: number;
  batch?: number;
  pretrainBatch?: number;
  learningRate?: number;
  evaluateEvery?: number;
  threads?: number;
  parallel?: number;
}

async function configFrom(
  caller: Caller,
  project: string,
  options: PlanOptions,
): Promise<StudyConfig> {
  const { mode } = options;
  const all = ['E', 'E+D', 'D', 'frozen'].map(toTransfer);
  return StudyConfig.parse({
    name: options.name,
    sourceDatasetId: (await findDataset(caller, project, options.source)).id,
    targetDatasetId: (await findDataset(caller, project, options.target)).id,
    network: { base: options.base, inputChannels: options.channels },
    sampling: { sizePx: options.size, mode: options.sampling },
    pretrainings: options.pretrain.map(({ task, transfers }) => ({
      task,
      transfers:
        transfers.length > 0
          ? transfers.map(toTransfer)
          : all.filter((t) => transferObstacle(task, t, 'conv') === null),
      optimisation: {
        ...pretrainingPreset(mode),
        ...(options.pretrainSteps === undefined ? {} : { steps: options.pretrainSteps }),
        ...(options.pretrainBatch === undefined ? {} : { batch: options.pretrainBatch }),
        ...(options.learningRate === undefined ? {} : { learningRate: options.learningRate }),
      },
    })),
    finetuning: {
      ...finetuningPreset(mode),
      ...(options.steps === undefined ? {} : { steps: options.steps }),
      ...(options.batch === undefined ? {} : { batch: options.batch }),
      ...(options.learningRate === undefined ? {} : { learningRate: options.learningRate }),
      ...(options.evaluateEvery === undefined ? {} : { evaluateEvery: options.evaluateEvery }),
    },
    labelCounts: options.labels,
    seeds: options.seeds ?? SEEDS_OF_MODE[mode],
    delta: options.delta,
    mode,
    execution:
      options.threads === undefined && options.parallel === undefined
        ? null
        : { threads: options.threads ?? 1, parallel: options.parallel ?? 1 },
  });
}

export function planLines(plan: StudyPlan): string[] {
  const lines = [
    `${plan.pretrainRuns} pretraining and ${plan.finetuneRuns} fine-tuning runs`,
    `arms: ${plan.arms.join(', ')}`,
    `labels: ${plan.labelCounts.join(', ')} of ${plan.trainImages} training images; ${plan.valImages} validation, ${plan.testImages} test, ${plan.sourceImages} source images`,
  ];
  for (const t of plan.calibration) {
    lines.push(
      `measured: ${t.parallel} × ${t.threads} thread${t.threads === 1 ? '' : 's'}: ${t.msPerStep.toFixed(1)} ms a step, ${t.stepsPerSecond.toFixed(1)} steps/s together`,
    );
  }
  if (plan.estimateSeconds !== null && plan.execution !== null) {
    lines.push(
      `about ${duration(plan.estimateSeconds)} with ${plan.execution.parallel} runs side by side on ${plan.execution.threads} thread(s) each`,
    );
  }
  return [...lines, ...plan.notes.map((note) => `note: ${note}`)];
}

/** Measures this machine and stores the study with the layout that was found best. */
export async function planAndCreate(
  caller: Caller,
  project: string,
  config: StudyConfig,
): Promise<{ study: Study; plan: StudyPlan }> {
  const plan = await withProgress((options) =>
    caller.call('studies.plan', { project, config }, options),
  );
  const study = await caller.call('studies.create', {
    project,
    config: { ...config, execution: plan.execution },
  });
  return { study, plan };
}

function progressLines(progress: StudyProgress): string[] {
  const { study, counts } = progress;
  const left =
    progress.remainingSeconds === null || study.status !== 'running'
      ? ''
      : `, about ${duration(progress.remainingSeconds)} left`;
  return [
    `${study.name}: ${study.status}; ${counts.done} runs done, ${counts.running} running, ${counts.queued} queued, ${counts.failed} failed${left}`,
    ...progress.running.map((r) => `  running: ${r.label}, step ${r.step} of ${r.steps}`),
    ...progress.failures.map((f) => `  failed: ${f.label} (run ${f.runId}): ${f.message}`),
  ];
}

/** Runs a study of this process to its end. Ctrl+C checkpoints what runs and leaves the rest queued. */
export async function runToEnd(
  engine: Engine,
  project: string,
  studyId: number,
): Promise<StudyProgress> {
  const bar = createProgressBar();
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await engine.call('studies.run', { project, studyId }, { signal: abort.signal });
    return await new Promise<StudyProgress>((resolve, reject) => {
      let notice: string | null = null;
      const look = () => {
        engine
          .call('studies.status', { project, studyId })
          .then((progress) => {
            const { counts, running } = progress;
            const runs = counts.done + counts.failed;
            const total = runs + counts.queued + counts.running + counts.cancelled;
            bar.update({
              done: progress.stepsDone,
              total: progress.stepsTotal,
              message: `run ${runs}/${total} · ${running.map((r) => r.label).join(' | ')}`,
              remainingSeconds: progress.remainingSeconds,
            });
            if (abort.signal.aborted) {
              finish();
              reject(
                new AppError('cancelled', 'Interrupted. graft study resume goes on from here.'),
              );
            } else if (progress.study.status !== 'running') {
              finish();
              resolve(progress);
            } else if (notice !== null) {
              finish();
              reject(new AppError('no-space', notice));
            }
          })
          .catch((error: unknown) => {
            finish();
            reject(error instanceof Error ? error : new Error(String(error)));
          });
      };
      const unsubscribe = engine.subscribe((event) => {
        if (event.type === 'notice') notice = event.message;
      });
      const timer = setInterval(look, 500);
      const finish = () => {
        clearInterval(timer);
        unsubscribe();
      };
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    bar.end();
  }
}

function addPlan(study: Command): void {
  study
    .command('plan')
    .description('design a study, measure this machine, estimate its time, and store it')
    .argument('<project>', 'project file')
    .requiredOption('--name <name>', 'name of the study')
    .requiredOption('--source <dataset>', 'dataset to pretrain on')
    .requiredOption('--target <dataset>', 'dataset to segment')
    .requiredOption(
      '--pretrain <task[:arms]>',
      'task and arms, e.g. segmentation:E,E+D,D,frozen (repeatable; no arms: all that fit)',
      (text: string, all: ReturnType<typeof parsePretraining>[] | undefined) => [
        ...(all ?? []),
        parsePretraining(text),
      ],
    )
    .requiredOption('--labels <counts>', 'label counts, e.g. 4,16,all', parseLabels)
    .option('--mode <mode>', 'quick (3 seeds), default (5) or confirm (8)', 'default')
    .option('--seeds <n>', 'number of seeds', integer)
    .option('--delta <dice>', 'equivalence margin', share, 0.02)
    .option('--size <px>', 'side of the network input', integer, 64)
    .option('--sampling <mode>', 'resize (whole image) or patches (full resolution)', 'resize')
    .option('--base <n>', 'channels of the first level', integer, 8)
    .option('--channels <n>', 'input channels: 1 grey, 3 RGB', integer, 1)
    .option('--steps <n>', 'fine-tuning steps', integer)
    .option('--pretrain-steps <n>', 'pretraining steps', integer)
    .option('--batch <n>', 'fine-tuning batch', integer)
    .option('--pretrain-batch <n>', 'pretraining batch', integer)
    .option('--learning-rate <x>', 'learning rate of both', number)
    .option('--evaluate-every <n>', 'validate every n steps', integer)
    .option('--threads <n>', 'threads a run (default: measured)', integer)
    .option('--parallel <n>', 'runs side by side (default: measured)', integer)
    .option('--dry-run', 'show the plan and store nothing', false)
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: PlanOptions & { dryRun: boolean; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const config = await configFrom(caller, project, options);
        if (options.dryRun) {
          const plan = await withProgress((o) =>
            caller.call('studies.plan', { project, config }, o),
          );
          print(options, { plan }, planLines(plan));
          return;
        }
        const { study, plan } = await planAndCreate(caller, project, config);
        print(options, { study, plan }, [
          ...planLines(plan),
          `stored as "${study.name}". Run it with: graft study run ${path}`,
        ]);
      });
    });
}

interface StudyOptions {
  name?: string;
  json: boolean;
}

function addRun(study: Command, name: 'run' | 'resume', description: string): void {
  study
    .command(name)
    .description(description)
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: StudyOptions) => {
      await withProject(
        path,
        async (caller, project, local) => {
          const { id } = await findStudy(caller, project, options.name);
          // In the process that owns the project the study runs on there; this command returns.
          const progress =
            local === null
              ? await caller.call('studies.run', { project, studyId: id })
              : await runToEnd(local, project, id);
          print(options, progress, progressLines(progress));
          if (progress.counts.failed > 0) process.exitCode = EXIT.partial;
        },
        { reachable: true },
      );
    });
}

function addVerb(study: Command, name: 'status' | 'pause' | 'cancel', description: string): void {
  study
    .command(name)
    .description(description)
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: StudyOptions) => {
      await withProject(path, async (caller, project) => {
        const { id } = await findStudy(caller, project, options.name);
        const progress = await caller.call(`studies.${name}`, { project, studyId: id });
        print(options, progress, progressLines(progress));
      });
    });
}

function addReport(study: Command): void {
  study
    .command('report')
    .description('write report.html, results.json and results.csv')
    .argument('<project>', 'project file')
    .requiredOption('--out <dir>', 'folder for the report')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: StudyOptions & { out: string }) => {
      await withProject(path, async (caller, project) => {
        const { id } = await findStudy(caller, project, options.name);
        const report = await caller.call('studies.report', {
          project,
          studyId: id,
          dir: resolve(options.out),
        });
        print(options, report, [...report.headline, '', table([['report', report.html]])]);
      });
    });
}

/** What every comparison needs at the pilot's number of test images, then what all of them together need. */
function powerLines(power: StudyPower): string[] {
  const amount = (count: number | null, seconds: number | null = null) =>
    count === null
      ? `over ${MAX_PLANNED_SEEDS}`
      : `${count}${seconds === null ? '' : ` (${duration(seconds)})`}`;
  const { testImages } = power.pilot;
  const spread = (deviation: number) => deviation.toFixed(3);
  const questions = power.questions.map((question) => {
    const seeds = question.needs
      .filter((need) => need.testImages === testImages && need.power === POWERS[0])
      .map((need) => amount(need.seeds));
    const { pretraining, labels, comparison } = question;
    const { seed, image, rest } = question.spread;
    return [
      `${pretraining}, ${labels} labels: ${comparison}`,
      ...[seed, image, rest].map(spread),
      ...seeds,
    ];
  });
  const plans = power.plans.map((plan) => [
    plan.goal,
    `${Math.round(100 * plan.power)} %`,
    String(plan.testImages),
    amount(plan.seeds, plan.seconds),
    amount(plan.seedsCautious, plan.secondsCautious),
  ]);
  return [
    ...power.words,
    '',
    `Spread of the paired differences, and seeds for a chance of 80 % with ${testImages} test images:`,
    table([
      ['comparison', 'seeds', 'images', 'rest', 'for equivalence', 'for superiority'],
      ...questions,
    ]),
    '',
    'Enough for all of them, this study as the pilot:',
    table([['goal', 'chance', 'test images', 'seeds', 'seeds, on the safe side'], ...plans]),
  ];
}

function addPower(study: Command): void {
  study
    .command('power')
    .description('how many seeds and test images would decide, with this study as the pilot')
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .addOption(new Option('--study <study>', 'the same as --name').hideHelp())
    .option('--delta <dice>', "another margin than the study's", share)
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: StudyOptions & { study?: string; delta?: number }) => {
      await withProject(path, async (caller, project) => {
        const { id } = await findStudy(caller, project, options.name ?? options.study);
        const power = await caller.call('studies.power', {
          project,
          studyId: id,
          ...(options.delta === undefined ? {} : { delta: options.delta }),
        });
        print(options, power, powerLines(power));
      });
    });
}

export function addStudyCommands(program: Command): void {
  const study = program
    .command('study')
    .description('find out which half of a pretrained network is worth transferring')
    .addHelpText(
      'after',
      `
Examples:
  graft study plan cells.graft --name first --source fluorescence --target histology \\
    --pretrain segmentation:E,E+D,D --pretrain autoencoder:E --labels 4,16 --mode quick --size 128
  graft study run cells.graft
  graft study pause cells.graft          (from another terminal)
  graft study power cells.graft          (how many seeds would decide?)
  graft study report cells.graft --out report`,
    );
  addPlan(study);
  addRun(study, 'run', 'run a study to its end; Ctrl+C saves what runs');
  addRun(study, 'resume', 'go on with a paused or interrupted study');
  addVerb(study, 'status', 'what is done, running and left');
  addVerb(study, 'pause', 'checkpoint what runs and stop');
  addVerb(study, 'cancel', 'stop for good; what is done stays');
  addPower(study);
  addReport(study);
}
