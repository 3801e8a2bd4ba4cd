/** graft study bundle | merge, study status --bundle, and graft run-one: a study that is computed on other computers. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BundleProgress, BundleReport, MergeReport } from '../../shared/api.ts';
import { bundleCommand } from '../../shared/elsewhere-commands.ts';
import { counted, duration, megabytes } from '../../shared/number-format.ts';
import { shellWord } from '../shell-word.ts';
import { runOne } from '../elsewhere/run-one.ts';
import { atLeastOne, given, positive } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { engineChoice, withEngine, withProgress, withProject } from './host.ts';
import { findStudy } from './lookup.ts';
import { print, writeErr, writeOut } from './output.ts';

/** Runs that are named; the others are counted. */
const NAMED = 10;

const numbers = (runs: readonly number[]) => {
  const more = runs.length - NAMED;
  return `${runs.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

const bundleLines = (path: string, report: BundleReport): string[] => [
  `${counted(report.runs, 'run')} in ${report.dir} (${megabytes(report.bytes)})`,
  `asked for a run: ${counted(report.threads, 'thread')}, ${report.memoryMb} MB, ${duration(60 * report.minutes.pretrain)} for a pretraining, ${duration(60 * report.minutes.finetune)} for a fine-tuning (settings.sh)`,
  ...(report.engine === 'webgpu'
    ? [
        'note: this study was planned for a graphics card, and its runs ask for one there, too (settings.sh: how processors compute it instead, with other bits)',
      ]
    : []),
  `Copy the folder to where it is to be computed; its README.txt says how. Then, as often as you like: graft study merge ${shellWord(path)} ${shellWord(report.dir)}`,
];

const mergeLines = (report: MergeReport): string[] => [
  `${report.studyName}: ${counted(report.merged.length, 'run')} merged${report.already.length === 0 ? '' : `, ${report.already.length} here already`}${report.refused.length === 0 ? '' : `, ${report.refused.length} refused`}; ${report.left === 0 ? `none left (${report.status})` : `${report.left} left to do`}`,
  ...report.refused.map(({ file, message }) => `  refused: ${file}: ${message}`),
  ...report.failed.map(({ runId, message }) => `  failed there: run ${runId}: ${message}`),
  ...(report.missing.length === 0
    ? []
    : [
        `  missing in this folder: ${counted(report.missing.length, 'run')}: ${numbers(report.missing)}`,
      ]),
  ...report.notes.map((note) => `note: ${note}`),
];

function progressLines(bundle: BundleProgress): string[] {
  const { running, failures, waiting } = bundle;
  const quiet = running.flatMap(({ runId, isQuiet }) => (isQuiet ? [runId] : []));
  const states = waiting.filter(({ hasState }) => hasState).length;
  return [
    `${bundle.studyName}: ${bundle.done} of ${counted(bundle.runs, 'run')} done, ${running.length} running, ${failures.length} failed,${bundle.damaged.length === 0 ? '' : ` ${bundle.damaged.length} damaged,`} ${waiting.length} waiting${states === 0 ? '' : ` (${states} with a state to go on from)`}`,
    ...(bundle.wrong ?? []).map((message) => `  wrong: ${message}`),
    ...running.map(
      (run) =>
        `  ${run.isQuiet ? `no sign for ${duration(run.quietSeconds)}, if the clocks agree` : 'running'}: ${run.label} (run ${run.runId}), step ${run.step} of ${run.steps}, on ${run.host}${run.job === null ? '' : ` (${run.job})`}`,
    ),
    ...bundle.damaged.flatMap(({ message }) =>
      bundle.wrong === null ? [`  damaged: ${message}`] : [],
    ),
    ...failures.flatMap((run) => [
      `  failed: ${run.label} (run ${run.runId}) on ${run.host}: ${run.message}`,
      ...run.log.slice(-3).map(({ message }) => `    ${message}`),
    ]),
    ...(failures.length === 0
      ? []
      : [
          `  again, in that folder: ${bundleCommand('slurm', 'failed')}   or, without a scheduler: ${bundleCommand('none', 'failed')}`,
        ]),
    ...(quiet.length === 0
      ? []
      : [
          `  where the computer of those without a sign died: ${bundleCommand('slurm', quiet)}   or ${bundleCommand('none', quiet)}`,
        ]),
  ];
}

/** `graft study status --bundle DIR`. */
export async function printBundleProgress(
  dir: string,
  options: { readonly json: boolean; readonly check: boolean },
): Promise<void> {
  await withEngine({}, async (engine) => {
    const bundle = await withProgress((call) =>
      engine.call('studies.bundleProgress', { dir: resolve(dir), check: options.check }, call),
    );
    print(options, bundle, progressLines(bundle));
    if ((bundle.wrong ?? []).length > 0) process.exitCode = EXIT.badInput;
    else if (bundle.failures.length + bundle.damaged.length > 0 && !options.check)
      process.exitCode = EXIT.partial;
  });
}

interface BundleFlags {
  out: string;
  name?: string;
  threads?: number;
  minutes?: number;
  memory?: number;
  checkpointMinutes: number;
  json: boolean;
}

export function addElsewhereCommands(study: Command): void {
  study
    .command('bundle')
    .description('put what is left of a study into a folder, to be computed on other computers')
    .argument('<project>', 'project file')
    .requiredOption('--out <dir>', 'a new or empty folder')
    .option('--name <study>', 'which study (default: the newest)')
    .option(
      '--threads <n>',
      "of one run (default: the study's; others give other bits)",
      atLeastOne,
    )
    .option('--minutes <n>', 'limit of one run (default: three times what is measured)', atLeastOne)
    .option('--memory <MB>', 'limit of one run (default: from what is measured)', atLeastOne)
    .option('--checkpoint-minutes <n>', 'how much an interrupted run loses at most', positive, 5)
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, flags: BundleFlags) => {
      await withProject(path, async (caller, project) => {
        const { id: studyId } = await findStudy(caller, project, flags.name);
        const { out, checkpointMinutes, threads, minutes, memory } = flags;
        const input = {
          ...{ project, studyId, dir: resolve(out), checkpointMinutes },
          ...given('threads', threads),
          ...given('minutes', minutes),
          ...given('memoryMb', memory),
        };
        const report = await withProgress((call) => caller.call('studies.bundle', input, call));
        print(flags, report, bundleLines(path, report));
      });
    });
  study
    .command('merge')
    .description('bring back the results that are in such a folder by now')
    .argument('<project>', 'project file')
    .argument('<dir>', 'the folder')
    .option(
      '--with-failures',
      'count runs that failed there as failed, so that the study ends',
      false,
    )
    .option('--json', 'print one JSON document', false)
    .action(async (path: string, dir: string, flags: { withFailures: boolean; json: boolean }) => {
      await withProject(path, async (caller, project) => {
        const { withFailures } = flags;
        const input = { project, dir: resolve(dir), withFailures };
        const report = await withProgress((call) => caller.call('studies.merge', input, call));
        print(flags, report, mergeLines(report));
        if (report.refused.length + report.failed.length > 0) process.exitCode = EXIT.partial;
      });
    });
}

export function addRunOneCommand(program: Command): void {
  program
    .command('run-one')
    .description(
      'compute one run of a folder that "graft study bundle" made (its scripts call this)',
    )
    .argument('<bundle>', 'the folder')
    .argument('<run>', 'number of the run; runs.tsv lists them', atLeastOne)
    .option('--threads <n>', "other than the bundle's: gives other bits", atLeastOne)
    .addHelpText(
      'after',
      `
Example:
  graft run-one /shared/first 12`,
    )
    .action(async (bundle: string, run: number, { threads }: { threads?: number }) => {
      const abort = new AbortController();
      const stop = () => abort.abort();
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
      const say = (line: string) => writeErr(`graft: ${line}\n`);
      const { signal } = abort;
      const engine = engineChoice() ?? 'auto';
      const end = await runOne(bundle, run, { engine, signal, say, threads });
      writeOut(`run ${run}: ${end}\n`);
    });
}
