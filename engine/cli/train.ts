/** graft train: a network from the labels of now. */
import { type Command, Option } from 'commander';
import {
  MODEL_MINUTES,
  type ModelPlan,
  ModelSettings,
  type ModelStart,
  type OfferedStart,
} from '../../shared/api.ts';
import { LOSSES, NetworkConfig, SamplingConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Helper } from '../../shared/helpers.ts';
import { sameName } from '../../shared/names.ts';
import { networkInText } from '../../shared/networks.ts';
import { counted, duration } from '../../shared/number-format.ts';
import { atLeastOne, checked, given, integer, positive } from './arguments.ts';
import { type Caller, withProject } from './host.ts';
import { keepOrDrop } from './keep-or-drop.ts';
import { findDataset, findSplit } from './lookup.ts';
import { followRun } from './models.ts';
import { failureOf } from './run-failure.ts';
import { withoutHelperOption } from './without-helper.ts';
import { writeErr, writeOut } from './output.ts';

interface TrainOptions {
  dataset: string;
  minutes: number;
  from?: string;
  name?: string;
  split?: string;
  steps?: number;
  seed: number;
  size?: number;
  sampling?: SamplingConfig['mode'];
  encoder?: NetworkConfig['encoder'];
  depth?: number;
  base?: number;
  bottleneck?: number;
  norm?: NetworkConfig['norm'];
  skips?: NetworkConfig['skips'];
  batch?: number;
  learningRate?: number;
  loss?: (typeof LOSSES)[number];
  objects?: boolean;
  augment: boolean;
  withoutHelper: Helper[];
  dryRun: boolean;
  json: boolean;
}

/** A model before an encoder of the same name, an encoder by its number too. Errors: not-found, with the names there are. */
async function startNamed(caller: Caller, project: string, name: string): Promise<ModelStart> {
  if (name === 'random') return 'random';
  const models = await caller.call('models.list', { project });
  const model = models.find((one) => sameName(one.name) === sameName(name));
  if (model !== undefined) return { modelId: model.id };
  const encoders = await caller.call('encoders.list', { project });
  const encoder = encoders.find((one) => sameName(one.name) === sameName(name));
  if (encoder !== undefined) return { encoderId: encoder.id };
  if (encoders.some((one) => String(one.id) === name)) return { encoderId: Number(name) };
  const names = [...models, ...encoders].map((one) => one.name);
  throw new AppError(
    'not-found',
    `There is no model and no encoder "${name}" to start from (there is: ${['random', ...names].join(', ')}).`,
  );
}

/** Errors: invalid-input, naming the setting. */
const settingsOf = (options: TrainOptions): ModelSettings =>
  checked(ModelSettings, {
    ...given('sizePx', options.size),
    ...given('mode', options.sampling),
    ...given('encoder', options.encoder),
    ...given('depth', options.depth),
    ...given('base', options.base),
    ...given('bottleneck', options.bottleneck),
    ...given('norm', options.norm),
    ...given('skips', options.skips),
    ...given('batch', options.batch),
    ...given('learningRate', options.learningRate),
    ...given('loss', options.loss),
    ...given('objects', options.objects),
    ...(options.augment ? {} : { augment: false }),
    ...(options.withoutHelper.length === 0 ? {} : { withoutHelpers: options.withoutHelper }),
  });

/** Where nothing is said of a start: what would be recommended, if it is not random. */
const adviceLines = (starts: readonly OfferedStart[]): string[] =>
  starts.flatMap(({ title, why, isRecommended, from }) =>
    isRecommended && from !== 'random' ? [`Recommended to start from: ${title}. ${why}`] : [],
  );

const planLines = ({ settings, leftOut, why, warnings }: ModelPlan): string[] => [
  ...why,
  `${networkInText(settings.network)}; ${settings.loss}; learning rate ${settings.learningRate}.`,
  ...warnings.map((warning) => `warning: ${warning}`),
  ...leftOut.map((one) => `left out: ${one.name}: ${one.why}`),
];

const choice = (flags: string, description: string, of: readonly string[]) =>
  new Option(flags, description).choices(of);

const { encoder, norm, skips } = NetworkConfig.shape;

export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a network from the labels of now, and keep it as a model')
    .argument('<project>', 'project file')
    .requiredOption('--dataset <name>', 'whose labels')
    .option('--minutes <n>', 'minutes that it may take', positive, MODEL_MINUTES)
    .option(
      '--from <name>',
      'random, an encoder of the project, or a model to go on from (default: random)',
    )
    .option('--name <name>', 'name of the model (default: after the dataset)')
    .option(
      '--split <name>',
      'split whose parts images take that have none yet (default: the first)',
    )
    .option('--steps <n>', 'so many steps, instead of what the minutes have room for', atLeastOne)
    .option('--seed <n>', 'seed', integer, 0)
    .option('--size <px>', 'side of the network input', integer)
    .addOption(
      choice(
        '--sampling <mode>',
        'resize (whole image) or patches (full resolution)',
        SamplingConfig.shape.mode.unwrap().options,
      ),
    )
    .addOption(choice('--encoder <encoder>', 'network', encoder.unwrap().options))
    .option('--depth <n>', 'halvings of a plain encoder', integer)
    .option('--base <n>', 'channels of the first level', integer)
    .option('--bottleneck <n>', 'channels of a plain bottleneck, in multiples of the base', integer)
    .addOption(choice('--norm <norm>', 'what normalises', norm.unwrap().options))
    .addOption(choice('--skips <skips>', 'how skips pass', skips.unwrap().options))
    .option('--batch <n>', 'images a step', atLeastOne)
    .option('--learning-rate <x>', 'learning rate', positive)
    .addOption(choice('--loss <loss>', 'what is minimised', LOSSES))
    .option(
      '--objects',
      'learn to tell objects apart as well, from labels in which they are (default: as what it goes on from)',
    )
    .option('--no-objects', 'classes alone, whatever it goes on from')
    .addOption(withoutHelperOption())
    .option('--no-augment', 'images as they are: not turned, mirrored or scaled')
    .option(
      '--dry-run',
      'say what would be trained and how long it takes, and train nothing',
      false,
    )
    .option('--json', 'the last line is one JSON document', false)
    .addHelpText(
      'after',
      `
Settings that are not given are worked out from the images and said.
Ctrl+C ends it with the best network so far, which is tested and stays as the model; Ctrl+C again
throws it away. Where there is no terminal, what was trained is kept and graft serve goes on with it.
From another terminal: graft models stop P.graft NAME --keep.

Examples:
  graft train cells.graft --dataset cells --minutes 10 --name first
  graft train cells.graft --dataset cells --from first --name second
  graft models compare cells.graft second first
  graft predict cells.graft more-images/ --model second --out masks`,
    )
    .action(async (path: string, options: TrainOptions) => {
      await withProject(
        path,
        async (caller, project, local) => {
          const { minutes, steps, seed, name, json } = options;
          const dataset = await findDataset(caller, project, options.dataset);
          const training = {
            ...{ project, datasetId: dataset.id, minutes },
            from: await startNamed(caller, project, options.from ?? 'random'),
            splitId:
              options.split === undefined
                ? null
                : (await findSplit(caller, project, { dataset, name: options.split })).id,
            settings: settingsOf(options),
            ...(steps === undefined ? {} : { steps }),
          };
          const advice =
            options.from === undefined
              ? adviceLines(await caller.call('models.starts', { project, datasetId: dataset.id }))
              : [];
          if (options.dryRun) {
            const plan = await caller.call('models.plan', training);
            writeOut(
              `${json ? JSON.stringify(plan) : [...planLines(plan), ...advice].join('\n')}\n`,
            );
            return;
          }
          const { model, run, plan } = await caller.call('models.train', {
            ...training,
            ...{ seed, name: name ?? null },
          });
          for (const line of [...planLines(plan), ...advice]) writeErr(`${line}\n`);
          if (local === null) {
            // Whoever owns the project trains it.
            writeOut(
              json
                ? `${JSON.stringify({ model: model.name, status: run.status })}\n`
                : `"${model.name}" is queued in the process that has the project open.\n`,
            );
            return;
          }
          const say = (line: string) => writeErr(`${line}\n`);
          const ended = await followRun(local, project, {
            runId: run.id,
            // Nobody reads what a second Ctrl+C would do where there is no terminal.
            ...(process.stderr.isTTY
              ? { onInterrupt: keepOrDrop(local, { project, model, say }) }
              : {}),
          });
          if (ended.error !== null) throw failureOf(ended.error, { path, runId: run.id });
          if (ended.status !== 'done') {
            throw new AppError(
              'cancelled',
              `The training of "${model.name}" was cancelled; nothing of it is kept.`,
            );
          }
          const score = await caller.call('models.score', { project, modelId: model.id });
          const { images, classes, seconds, words } = score;
          const leftOut = plan.leftOut.length;
          writeOut(
            json
              ? `${JSON.stringify({ model: model.name, images, leftOut, classes, seconds, steps: ended.step, words })}\n`
              : `${[`"${model.name}", ${duration(seconds)} of training, ${counted(ended.step, 'step')}`, ...words].join('\n')}\n`,
          );
        },
        { reachable: true },
      );
    });
}
