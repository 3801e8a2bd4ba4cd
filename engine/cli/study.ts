/** graft study plan | run | status | pause | resume | power | report */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { StudyPlan } from '../../shared/api.ts';
import type { PrimaryQuestion, Study, StudyConfig } from '../../shared/entities.ts';
import { kernelsInText } from '../../shared/engine-words.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { counted, duration, durationRange } from '../../shared/number-format.ts';
import {
  MAX_PLANNED_SEEDS,
  POWER_GOALS,
  POWER_READINGS,
  type PowerReading,
  POWERS,
  type StudyPower,
} from '../../shared/power.ts';
import { shellWord } from '../shell-word.ts';
import type { StudyProgress } from '../../shared/study-progress.ts';
import type { Engine } from '../engine.ts';
import { share } from './arguments.ts';
import { confirm, withYes, type YesFlag } from './confirm.ts';
import { EXIT } from './exit-codes.ts';
import { watchHandedOver } from './handed-over.ts';
import { type Caller, withProgress, withProject } from './host.ts';
import { findStudy } from './lookup.ts';
import { createProgressBar, print, table, writeErr } from './output.ts';
import { addElsewhereCommands, printBundleProgress } from './study-elsewhere.ts';
import {
  addDesignOptions,
  type DesignOptions,
  designedStudy,
  parsePrimary,
} from './study-design.ts';

const measuredOn = ({ kernels, adapter }: StudyPlan['calibration'][number]): string => {
  if (adapter !== undefined) return `, on the graphics card ${adapter}`;
  return kernels === undefined ? '' : `, ${kernelsInText(kernels)}`;
};

export function planLines(plan: StudyPlan): string[] {
  const lines = [
    `${plan.pretrainRuns} pretraining and ${plan.finetuneRuns} fine-tuning runs`,
    `arms: ${plan.arms.join(', ')}`,
    `labels: ${plan.labelCounts.join(', ')} of ${counted(plan.trainImages, 'training image')}; ${plan.valImages} validation, ${plan.testImages} test${plan.pretrainRuns === 0 ? '' : `, ${plan.sourceImages} source`} images${plan.splits === 1 ? '' : ` in the first of ${plan.splits} splits; ${plan.testedImages} tested in all`}`,
  ];
  for (const t of plan.calibration) {
    lines.push(
      `measured: ${t.parallel} × ${counted(t.threads, 'thread')}${measuredOn(t)}: ${t.msPerStep.toFixed(1)} ms a step, ${t.stepsPerSecond.toFixed(1)} steps/s together`,
    );
  }
  const { estimateSeconds, longestSeconds } = plan;
  if (estimateSeconds !== null && plan.execution !== null) {
    lines.push(
      `about ${durationRange(estimateSeconds, longestSeconds ?? estimateSeconds)} with ${plan.execution.adapter === undefined ? `${counted(plan.execution.parallel, 'run')} side by side on ${counted(plan.execution.threads, 'thread')} each` : `the graphics card ${plan.execution.adapter}`}`,
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
    `${study.name}: ${study.status}; ${counted(counts.done, 'run')} done, ${counts.running} running, ${counts.queued} queued, ${counts.failed} failed${left}`,
    ...(progress.held === null ? [] : [`  waits: ${progress.held.message}`]),
    ...progress.running.map((r) => `  running: ${r.label}, step ${r.step} of ${r.steps}`),
    ...progress.failures.map((f) => `  failed: ${f.label} (run ${f.runId}): ${f.message}`),
  ];
}

/** What ends a command at Ctrl+C: what is kept, and the command that goes on. */
export const interrupted = (command: string): AppError =>
  new AppError(
    'cancelled',
    `Interrupted. What was trained so far is kept in the project; go on with: ${command}`,
  );

/** This command as it was typed, for those that go on where they were interrupted. */
export const thisCommand = (): string =>
  ['graft', ...process.argv.slice(2)].map((word) => shellWord(word)).join(' ');

/**
 * Runs a study of this process to its end. Ctrl+C checkpoints what runs and leaves the rest queued. Errors: cancelled,
 * with the command that goes on; what holds all training.
 */
export async function runToEnd(
  engine: Engine,
  { project, studyId, goesOn }: { project: string; studyId: number; goesOn: string },
): Promise<StudyProgress> {
  const bar = createProgressBar();
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await engine.call('studies.run', { project, studyId }, { signal: abort.signal });
    return await new Promise<StudyProgress>((resolve, reject) => {
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
              reject(interrupted(goesOn));
            } else if (progress.study.status !== 'running') {
              finish();
              resolve(progress);
            } else if (progress.held !== null) {
              finish();
              reject(fromWireError(progress.held));
            }
          })
          .catch((error: unknown) => {
            finish();
            reject(error instanceof Error ? error : new Error(String(error)));
          });
      };
      const timer = setInterval(look, 500);
      const finish = () => clearInterval(timer);
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    bar.end();
  }
}

function addPlan(study: Command): void {
  const plan = study
    .command('plan')
    .description('design a study, measure this machine, estimate its time, and store it')
    .argument('<project>', 'project file');
  addDesignOptions(plan)
    .option('--dry-run', 'show the plan and store nothing', false)
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: DesignOptions & { dryRun: boolean; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const config = await designedStudy(caller, project, options);
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
          `stored as "${study.name}". Run it with: graft study run ${shellWord(path)}`,
        ]);
      });
    });
}

interface StudyOptions {
  name?: string;
  json: boolean;
}

/** Puts failed runs back into the queue; what failed because its pretraining did comes along with that one. */
async function retryFailed(caller: Caller, project: string, studyId: number): Promise<void> {
  const { failures } = await caller.call('studies.status', { project, studyId });
  for (const { runId } of failures) {
    const { run } = await caller.call('runs.get', { project, runId });
    if (run.status === 'failed') await caller.call('runs.retry', { project, runId });
  }
}

function addRun(study: Command, name: 'run' | 'resume', description: string): void {
  study
    .command(name)
    .description(description)
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--retry', 'try its failed runs again', false)
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, options: StudyOptions & { retry: boolean }) => {
      await withProject(
        path,
        async (caller, project, local) => {
          const { id, name: studyName, status } = await findStudy(caller, project, options.name);
          if (options.retry && status !== 'cancelled') await retryFailed(caller, project, id);
          const goesOnWith = (study: string) =>
            `graft study resume ${shellWord(path)} --name ${shellWord(study)}`;
          const ended = (progress: StudyProgress): string[] => {
            if (progress.counts.failed === 0) return progressLines(progress);
            process.exitCode = EXIT.partial;
            const again = `to try failed runs again: ${goesOnWith(progress.study.name)} --retry`;
            return [...progressLines(progress), again];
          };
          if (local === null) {
            // In the process that owns the project the study runs on there; this command returns.
            const progress = await caller.call('studies.run', { project, studyId: id });
            const isRunning = progress.study.status === 'running';
            const where = `it runs where the project is open; to look: graft study status ${shellWord(path)} --name ${shellWord(studyName)}`;
            print(options, progress, [...ended(progress), ...(isRunning ? [where] : [])]);
            return;
          }
          const toEnd = (study: Pick<Study, 'id' | 'name'>) =>
            runToEnd(local, { project, studyId: study.id, goesOn: goesOnWith(study.name) });
          const runRest = await watchHandedOver(() => local.call('studies.list', { project }));
          const progress = await toEnd({ id, name: studyName });
          print(options, progress, ended(progress));
          await runRest(async (study) => {
            writeErr(
              `"${study.name}" was started by another command meanwhile, and runs on here.\n`,
            );
            for (const line of ended(await toEnd(study))) writeErr(`${line}\n`);
          });
        },
        { reachable: true },
      );
    });
}

function addStatus(study: Command): void {
  study
    .command('status')
    .description('what is done, running and left')
    .argument('[project]', 'project file; none with --bundle')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--bundle <dir>', 'of a folder that is computed elsewhere (graft study bundle)')
    .option(
      '--check',
      'with --bundle: read all that it brought along, and name what is wrong',
      false,
    )
    .option('--json', 'print one JSON document', false)
    .action(
      async (
        path: string | undefined,
        options: StudyOptions & { bundle?: string; check: boolean },
      ) => {
        const { bundle, name, check } = options;
        if (bundle !== undefined) {
          if (path === undefined && name === undefined) return printBundleProgress(bundle, options);
          const what = path === undefined ? '--name' : 'the project';
          throw new AppError(
            'invalid-input',
            `A folder knows its study: leave out ${what} (graft study status --bundle ${shellWord(bundle)}), or leave out --bundle to see what is done in a project.`,
          );
        }
        if (check) {
          throw new AppError(
            'invalid-input',
            `--check reads a folder that "graft study bundle" made: name it (--bundle DIR). A project is checked by: graft check ${path === undefined ? 'P.graft' : shellWord(path)}`,
          );
        }
        if (path === undefined) {
          throw new AppError(
            'invalid-input',
            'Name a project (graft study status P.graft), or a folder that is computed elsewhere (--bundle DIR).',
          );
        }
        return withProject(path, async (caller, project) => {
          const { id } = await findStudy(caller, project, options.name);
          const progress = await caller.call('studies.status', { project, studyId: id });
          print(options, progress, progressLines(progress));
        });
      },
    );
}

function addVerb(study: Command, name: 'pause' | 'cancel', description: string): void {
  const command = study
    .command(name)
    .description(description)
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--json', 'print one JSON document', false);
  (name === 'cancel' ? withYes(command) : command).action(
    async (path: string, options: StudyOptions & Partial<YesFlag>) => {
      await withProject(path, async (caller, project) => {
        const { id, name: called } = await findStudy(caller, project, options.name);
        if (name === 'cancel') {
          const what = `"${called}" is stopped for good: what is done stays, what is not is never run.`;
          await confirm(what, { yes: options.yes === true });
        }
        const progress = await caller.call(`studies.${name}`, { project, studyId: id });
        print(options, progress, progressLines(progress));
      });
    },
  );
}

function addReport(study: Command): void {
  study
    .command('report')
    .description('write report.html, results.json and four tables (results*.csv)')
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
        print(options, report, [
          ...report.headline,
          ...report.objects,
          '',
          ...report.notes.map((note) => `note: ${note}`),
          table([['report', report.html]]),
        ]);
      });
    });
}

/** What every comparison needs at the pilot's number of test images, then what all of them together need. */
const READING_WORDS: Readonly<Record<PowerReading, string>> = { row: 'a row', advice: 'advice' };

function powerLines(power: StudyPower): string[] {
  const amount = (count: number | null, seconds: number | null = null) =>
    count === null
      ? `over ${MAX_PLANNED_SEEDS}`
      : `${count}${seconds === null ? '' : ` (${duration(seconds)})`}`;
  const { testImages } = power.pilot;
  const spread = (deviation: number) => deviation.toFixed(3);
  const readings = POWER_READINGS.filter((reading) =>
    power.plans.some((plan) => plan.reading === reading),
  );
  const questions = power.questions.map((question) => {
    const own = question.needs.filter(
      (need) => need.testImages === testImages && need.power === POWERS[0],
    );
    const seeds = readings.flatMap((reading) =>
      POWER_GOALS.map((goal) => {
        const need = own.find((one) => one.reading === reading && one.goal === goal);
        return need === undefined ? 'not asked' : amount(need.seeds);
      }),
    );
    const { pretraining, labels, comparison } = question;
    const { seed, image, rest } = question.spread;
    return [
      `${pretraining}, ${counted(labels, 'label')}: ${comparison}`,
      ...[seed, image, rest].map(spread),
      ...seeds,
    ];
  });
  const plans = power.plans.map((plan) => [
    ...(readings.length > 1 ? [READING_WORDS[plan.reading]] : []),
    plan.goal,
    `${Math.round(100 * plan.power)} %`,
    String(plan.testImages),
    amount(plan.seeds, plan.seconds),
    amount(plan.seedsCautious, plan.secondsCautious),
  ]);
  return [
    ...power.words,
    '',
    `Spread of the paired differences, and seeds for a chance of 80 % with ${counted(testImages, 'test image')}:`,
    table([
      [
        ...['comparison', 'seeds', 'images', 'rest'],
        ...readings.flatMap((reading) =>
          POWER_GOALS.map(
            (goal) => `${goal}${readings.length > 1 ? `, ${READING_WORDS[reading]}` : ''}`,
          ),
        ),
      ],
      ...questions,
    ]),
    '',
    'Enough for all of them, this study as the pilot:',
    table([
      [
        ...(readings.length > 1 ? ['read as'] : []),
        ...['goal', 'chance', 'test images', 'seeds', 'seeds, on the safe side'],
      ],
      ...plans,
    ]),
  ];
}

function addPower(study: Command): void {
  study
    .command('power')
    .description('how many seeds and test images would decide, with this study as the pilot')
    .argument('<project>', 'project file')
    .option('--name <study>', 'which study (default: the newest)')
    .option('--delta <dice>', "another margin than the study's", share)
    .option(
      '--primary <questions>',
      "other primary questions than the study's, e.g. encoder,decoder@4: fewer need fewer seeds",
      parsePrimary,
    )
    .option('--json', 'print one JSON document', false)
    .action(
      async (
        path: string,
        options: StudyOptions & { delta?: number; primary?: PrimaryQuestion[] },
      ) => {
        await withProject(path, async (caller, project) => {
          const { id } = await findStudy(caller, project, options.name);
          const power = await caller.call('studies.power', {
            project,
            studyId: id,
            ...(options.delta === undefined ? {} : { delta: options.delta }),
            ...(options.primary === undefined ? {} : { primary: options.primary }),
          });
          print(options, power, powerLines(power));
        });
      },
    );
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
  graft study report cells.graft --out report
  graft study bundle cells.graft --out /shared/first      (compute it on a cluster, or on other computers)
  graft study merge cells.graft /shared/first             (bring back what is there)`,
    );
  addPlan(study);
  addRun(study, 'run', 'run a study to its end; Ctrl+C saves what runs');
  addRun(study, 'resume', 'go on with a paused or interrupted study');
  addStatus(study);
  addVerb(study, 'pause', 'checkpoint what runs and stop');
  addVerb(study, 'cancel', 'stop for good; what is done stays');
  addPower(study);
  addReport(study);
  addElsewhereCommands(study);
}
