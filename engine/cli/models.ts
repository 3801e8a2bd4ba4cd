/** graft pretrain | predict: single networks outside a study. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { PAGES_AS, type PagesAs } from '../../shared/api.ts';
import { inputChannelsFor } from '../../shared/channels.ts';
import {
  PRETRAINING_TASKS,
  type PretrainingOptions,
  type PretrainingTask,
  type Run,
} from '../../shared/entities.ts';
import { AppError, fromWireError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { pretrainingPreset } from '../../shared/presets.ts';
import { shellWord } from '../shell-word.ts';
import type { Engine } from '../engine.ts';
import { integer, number } from './arguments.ts';
import { chooseRun } from './choose-run.ts';
import { EXIT } from './exit-codes.ts';
import { withEngine, withProgress, withProject } from './host.ts';
import type { OnInterrupt } from './keep-or-drop.ts';
import { measurementInText } from '../../shared/post-processing-words.ts';
import { findDataset, findModel } from './lookup.ts';
import { addNetworkOptions, networkOf, type NetworkOptions } from './network-options.ts';
import { createProgressBar, issueLines, print, table, writeErr } from './output.ts';
import { failureOf } from './run-failure.ts';
import { interrupted } from './study.ts';

interface PretrainOptions extends NetworkOptions {
  list: boolean;
  dataset?: string;
  task?: PretrainingTask;
  steps?: number;
  batch?: number;
  learningRate?: number;
  seed: number;
  heads?: PretrainingOptions['heads'];
  reconstructionWeight?: number;
  contrastiveWeight?: number;
  json: boolean;
}

/**
 * Follows one run of this process to its end. Errors: what holds all training, where something does; cancelled at Ctrl+C,
 * with the command that goes on. It stays queued then, from its last checkpoint, unless `onInterrupt` does otherwise.
 */
export async function followRun(
  engine: Engine,
  project: string,
  {
    runId,
    onInterrupt = () => Promise.resolve(false),
  }: { runId: number; onInterrupt?: OnInterrupt },
): Promise<Run> {
  const bar = createProgressBar();
  const { runs } = engine.project(project).db;
  const abort = new AbortController();
  const terminate = () => abort.abort();
  let pressed = 0;
  const interrupt = () => void pressed++;
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  try {
    let heard = 0;
    for (;;) {
      for (; heard < pressed && !abort.signal.aborted; heard++) {
        bar.end();
        if (!(await onInterrupt(heard + 1))) terminate();
      }
      if (abort.signal.aborted) throw interrupted(`graft serve ${shellWord(project)}`);
      const { run } = await engine.call('runs.get', { project, runId });
      const waits =
        run.status === 'queued' &&
        runs.list().some(({ id, status }) => id !== runId && status === 'running');
      const message = waits
        ? 'waits for the trainings before it'
        : `step ${run.step} of ${run.steps}`;
      bar.update(
        heard === 0
          ? { done: run.step, total: run.steps, message }
          : { done: run.step, total: run.steps, message: 'ending', remainingSeconds: null },
      );
      if (run.status !== 'queued' && run.status !== 'running') return run;
      const { held } = engine.project(project).queue;
      if (held !== null) throw fromWireError(held);
      await new Promise((wake) => setTimeout(wake, 300));
    }
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', terminate);
    bar.end();
  }
}

async function listTasks(options: PretrainOptions): Promise<void> {
  await withEngine({}, async (engine) => {
    const tasks = await engine.call('system.tasks', {});
    print(
      options,
      { tasks },
      table([
        ['task', 'trains', 'needs', 'what it does'],
        ...tasks.map((t) => [t.task, t.trains.join('+'), t.needs, t.description]),
      ]),
    );
  });
}

export function addModelCommands(program: Command): void {
  const pretrain = program
    .command('pretrain')
    .description('pretrain one network, or list the tasks')
    .argument('[project]', 'project file')
    .option('--list', 'list the pretraining tasks', false)
    .option('--dataset <name>', 'dataset to pretrain on')
    .addOption(new Option('--task <task>').choices(PRETRAINING_TASKS))
    .option('--steps <n>', 'steps', integer)
    .option('--batch <n>', 'images a step', integer)
    .option('--learning-rate <x>', 'learning rate', number)
    .option('--seed <n>', 'seed', integer, 0)
    .addOption(
      new Option('--heads <kind>', 'multi-conrec: one output layer a corruption, or one for all')
        .choices(['perTask', 'shared'])
        .default('perTask'),
    )
    .option('--reconstruction-weight <w>', 'conrec, multi-conrec: weight of the error', number, 100)
    .option('--contrastive-weight <w>', 'conrec, multi-conrec: weight of the contrast', number, 1);
  addNetworkOptions(pretrain, 'plain')
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  graft pretrain --list
  graft pretrain cells.graft --dataset fluorescence --task autoencoder --size 128
  # another network: a residual encoder, normalised by groups; a deeper U-Net without skips
  … --task segmentation --encoder resnet18 --norm group
  … --task autoencoder --depth 5 --skips none`,
    )
    .action(async (path: string | undefined, options: PretrainOptions) => {
      if (options.list) return listTasks(options);
      const { task, dataset: name } = options;
      if (path === undefined || task === undefined || name === undefined) {
        throw new AppError(
          'invalid-input',
          'Say what to pretrain: graft pretrain P.graft --dataset NAME --task TASK (graft pretrain --list shows the tasks).',
        );
      }
      return withProject(
        path,
        async (caller, project, local) => {
          const dataset = await findDataset(caller, project, name);
          const preset = pretrainingPreset('default');
          const queued = await caller.call('encoders.pretrain', {
            project,
            datasetId: dataset.id,
            task,
            network: networkOf(options, { inputChannels: inputChannelsFor(dataset.channels) }),
            sampling: { sizePx: options.size, mode: options.sampling },
            optimisation: {
              ...preset,
              steps: options.steps ?? preset.steps,
              batch: options.batch ?? preset.batch,
              learningRate: options.learningRate ?? preset.learningRate,
              precision: options.precision,
            },
            seed: options.seed,
            options: {
              heads: options.heads,
              reconstructionWeight: options.reconstructionWeight,
              contrastiveWeight: options.contrastiveWeight,
            },
          });
          const run =
            local === null ? queued : await followRun(local, project, { runId: queued.id });
          const failed = run.error === null ? null : failureOf(run.error, { path, runId: run.id });
          print(
            options,
            run,
            `run ${run.id}: ${run.status}${failed === null ? '' : ` (${failed.message})`}`,
          );
          if (run.status === 'failed') process.exitCode = EXIT.partial;
        },
        { reachable: true },
      );
    });

  program
    .command('predict')
    .description('segment images with a model, or a finished run of a study; writes index PNGs')
    .argument('<project>', 'project file')
    .argument('<images...>', 'image files, or folders with all that lies beneath them')
    .requiredOption('--out <dir>', 'folder for the masks')
    .option('--model <name>', 'a model of the project (graft train)')
    .option('--run <id>', 'which run (default: the best by validation Dice)', integer)
    .option('--dataset <name>', 'without --run: whose images these are like, of several datasets')
    .addOption(
      new Option(
        '--pages <as>',
        'pages of a file: what it says itself, images, or channels of one (default: as imported)',
      ).choices(PAGES_AS),
    )
    .option('--replace', 'replace masks of the same names that are in the folder', false)
    .option('--flips', 'average over flips and turns of every image: 4 to 8 times as long', false)
    .option('--ensemble', 'average over all seeds of the run’s arm and label count', false)
    .option(
      '--choose',
      'choose the next three on the validation images first, say what they gain, and keep them',
      false,
    )
    .option('--threshold <x>', 'foreground from this probability on (0 to 1)', number)
    .option('--min-object <px>', 'drop objects of fewer pixels', integer)
    .option('--fill-holes <px>', 'fill holes of up to so many pixels', integer)
    .option('--as-drawn', 'without what was kept for the run', false)
    .option('--json', 'print one JSON document', false)
    .addHelpText(
      'after',
      `
Every page of a file gets a mask: stack.tif gives stack.p1.png, stack.p2.png …
What was kept for a run (--choose, or the window) is used unless other is asked for.

Examples:
  graft predict cells.graft more-images/ --model first --out masks
  graft predict cells.graft a.png b.png --run 12 --flips --out masks`,
    )
    .action(
      async (
        path: string,
        images: string[],
        options: {
          out: string;
          model?: string;
          run?: number;
          dataset?: string;
          pages?: PagesAs;
          replace: boolean;
          flips: boolean;
          ensemble: boolean;
          choose: boolean;
          threshold?: number;
          minObject?: number;
          fillHoles?: number;
          asDrawn: boolean;
          json: boolean;
        },
      ) => {
        await withProject(path, async (caller, project) => {
          const { dataset, model } = options;
          if (model !== undefined && options.run !== undefined) {
            throw new AppError('invalid-input', 'Give either --model or --run, not both.');
          }
          const run =
            model === undefined ? options.run : (await findModel(caller, project, model)).runId;
          const chosen = run === undefined ? await chooseRun(caller, project, dataset) : null;
          if (chosen !== null) writeErr(`${chosen.words}\n`);
          const runId = chosen?.runId ?? run ?? 0;
          const { flips, ensemble, asDrawn } = options;
          const looks = { flips, ensemble };
          if (options.choose) {
            const found = await withProgress((o) =>
              caller.call('predict.measure', { project, runId, ...looks }, o),
            );
            await caller.call('predict.keep', {
              project,
              runId,
              postProcessing: found.chosen.postProcessing,
            });
            writeErr(`${measurementInText(found)}\n`);
          }
          const { threshold, minObject: minObjectPx, fillHoles: fillHolesPx } = options;
          const postProcessing = {
            ...(threshold === undefined ? {} : { threshold }),
            ...(minObjectPx === undefined ? {} : { minObjectPx }),
            ...(fillHolesPx === undefined ? {} : { fillHolesPx }),
          };
          const report = await withProgress((o) =>
            caller.call(
              'predict.files',
              {
                ...{ project, runId, asDrawn, postProcessing, ...looks },
                paths: images.map((image) => resolve(image)),
                dir: resolve(options.out),
                replace: options.replace,
                ...(options.pages === undefined ? {} : { pages: options.pages }),
              },
              o,
            ),
          );
          print(options, report, [
            `${counted(report.predicted, 'mask')} of ${counted(report.files, 'file')} in ${report.dir}`,
            ...issueLines(report.issues),
            ...report.failed.map((f) => `  failed: ${f.input}: ${f.message}`),
            ...report.notes.map((note) => `  note: ${note}`),
          ]);
          if (report.failed.length > 0) process.exitCode = EXIT.partial;
        });
      },
    );
}
