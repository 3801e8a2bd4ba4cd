/** The options that design a study, and the configuration that comes of them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { inputChannelsFor } from '../../shared/channels.ts';
import {
  type Encoder,
  LabelCount,
  LOSSES,
  type LossConfig,
  type NetworkConfig,
  type OptimisationConfig,
  PRETRAINING_LABELS,
  type PretrainingLabels,
  PrimaryQuestion,
  Splits,
  StudyConfig,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Helper } from '../../shared/helpers.ts';
import {
  finetuningPreset,
  LEARNING_RATES_OF_MODE,
  pretrainingPreset,
  SEEDS_OF_MODE,
  type StudyMode,
} from '../../shared/presets.ts';
import { QUESTION_NAMES } from '../../shared/primary-questions.ts';
import { seedsPerSplit } from '../../shared/study-splits.ts';
import { transferObstacle } from '../../shared/pretraining-tasks.ts';
import { checked, given, integer, number, ofProcessor, share } from './arguments.ts';
import type { Caller } from './host.ts';
import { findDataset, findEncoder, findSplit } from './lookup.ts';
import { addNetworkOptions, networkOf, type NetworkOptions } from './network-options.ts';
import {
  parsePretraining,
  parseTask,
  type PretrainingOption,
  USUAL_TRANSFERS,
} from './pretraining-option.ts';
import { withoutHelperOption } from './without-helper.ts';

export interface DesignOptions extends NetworkOptions {
  name: string;
  source?: string;
  target: string;
  split?: string;
  pretrainingLabels: PretrainingLabels;
  pretrainOnValidation: boolean;
  withoutHelper: Helper[];
  pretrain: ReturnType<typeof parseTask>[];
  pretrained: PretrainingOption[];
  frozenRandom: boolean;
  labels: LabelCount[];
  mode: StudyMode;
  seeds?: number;
  firstSeed: number;
  folds?: number;
  repeats?: number;
  delta: number;
  primary: PrimaryQuestion[];
  steps?: number;
  pretrainSteps?: number;
  batch?: number;
  pretrainBatch?: number;
  learningRate?: number;
  evaluateEvery?: number;
  learningRates?: number[];
  extend?: number;
  loss: LossConfig['kind'];
  maxClassWeight?: number;
  focalGamma?: number;
  tversky?: { alpha: number; beta: number };
  threads?: number;
  parallel?: number;
}

function parseLabels(text: string): LabelCount[] {
  return text.split(',').map((part) => {
    const count = LabelCount.safeParse(part === 'all' ? 'all' : Number(part));
    if (!count.success) throw new InvalidArgumentError('label counts are numbers or "all"');
    return count.data;
  });
}

/** question[:pretraining][@labels], several separated by commas. */
export function parsePrimary(text: string): PrimaryQuestion[] {
  return text.split(',').map((part) => {
    const [asked = '', labels] = part.split('@');
    const [question, pretraining] = asked.split(':');
    const one = PrimaryQuestion.safeParse({
      question,
      pretraining: pretraining ?? null,
      labels: labels === undefined || labels === 'all' ? (labels ?? null) : Number(labels),
    });
    if (one.success) return one.data;
    throw new InvalidArgumentError(
      `${QUESTION_NAMES.join(', ')}; of one pretraining and label count as in encoder:segmentation@4`,
    );
  });
}

function parseRates(text: string): number[] {
  if (text === 'one') return [];
  const rates = text.split(',').map(Number);
  if (rates.every((rate) => rate > 0 && Number.isFinite(rate))) return rates;
  throw new InvalidArgumentError('learning rates above 0, e.g. 0.0005,0.002, or "one"');
}

function parseTversky(text: string): { alpha: number; beta: number } {
  const [alpha = Number.NaN, beta = Number.NaN, ...more] = text.split(',').map(Number);
  if (more.length > 0 || !(alpha >= 0 && alpha <= 1 && beta >= 0 && beta <= 1)) {
    throw new InvalidArgumentError(
      'two numbers from 0 to 1: weights of false positives and false negatives, e.g. 0.3,0.7',
    );
  }
  return { alpha, beta };
}

/** What both kinds of pretraining have in common. */
const armsOf = ({ name, options }: PretrainingOption) => ({
  ...given('name', name ?? undefined),
  ...given('encoderRate', options.rate),
  ...given('deepDecoderBlocks', options.deep),
});

function taskPlan(
  pretraining: DesignOptions['pretrain'][number],
  preset: OptimisationConfig,
  skips: NetworkConfig['skips'],
) {
  const { what: task, transfers, options } = pretraining;
  return {
    ...armsOf(pretraining),
    task,
    transfers:
      transfers ?? USUAL_TRANSFERS.filter((t) => transferObstacle(task, t, skips) === null),
    options: {
      ...given('reconstructionWeight', options.reconstruction),
      ...given('contrastiveWeight', options.contrastive),
      ...given('heads', options.heads),
    },
    optimisation: {
      ...preset,
      ...given('steps', options.steps),
      ...given('batch', options.batch),
      ...given('learningRate', options['learning-rate']),
    },
  };
}

function encoderPlan(pretrained: PretrainingOption, encoder: Encoder) {
  return {
    name: encoder.name,
    ...armsOf(pretrained),
    encoderId: encoder.id,
    transfers: pretrained.transfers ?? ['encoder', 'frozen-encoder'],
  };
}

/** Errors: invalid-input, where there is nothing to repeat. */
function splitsOf({ folds, repeats }: DesignOptions): Splits | null {
  if (folds !== undefined) return checked(Splits, { folds, ...given('repeats', repeats) });
  if (repeats === undefined) return null;
  throw new AppError(
    'invalid-input',
    '--repeats divides into folds anew: say how many, --folds 5.',
  );
}

/** Errors: not-found (datasets and encoders by name), invalid-input. */
export async function designedStudy(
  caller: Caller,
  project: string,
  options: DesignOptions,
): Promise<StudyConfig> {
  const { mode } = options;
  const splits = splitsOf(options);
  const pretraining = {
    ...pretrainingPreset(mode),
    ...given('steps', options.pretrainSteps),
    ...given('batch', options.pretrainBatch),
    ...given('learningRate', options.learningRate),
    precision: options.precision,
  };
  const pretrains = options.pretrain.length + options.pretrained.length > 0;
  if (pretrains && options.source === undefined) {
    throw new AppError(
      'invalid-input',
      'Name the dataset to pretrain on with --source; the target itself may be it.',
    );
  }
  if (!pretrains && options.source !== undefined) {
    throw new AppError(
      'invalid-input',
      'A source is there to pretrain on: name a pretrained network, with --pretrain TASK or --pretrained ENCODER. Without --source the random start is studied alone.',
    );
  }
  const encoders = [];
  for (const one of options.pretrained) {
    const encoder = await findEncoder(caller, project, one.what);
    encoders.push({ encoder, plan: encoderPlan(one, encoder) });
  }
  // The network of an encoder that is there already; its skips only where its decoder is taken over, too: it may have
  // been trained without.
  const [first] = encoders;
  const takesDecoder = first?.plan.transfers.some((transfer) => transfer.includes('decoder'));
  const skips = takesDecoder === true ? first?.encoder.network.skips : 'conv';
  const source = await findDataset(caller, project, options.source ?? options.target);
  const target = await findDataset(caller, project, options.target);
  const network = networkOf(options, {
    inputChannels: inputChannelsFor([...source.channels, ...target.channels]),
    ...first?.encoder.network,
    ...given('skips', skips),
  });
  return checked(StudyConfig, {
    name: options.name,
    sourceDatasetId: source.id,
    targetDatasetId: target.id,
    splitId:
      options.split === undefined
        ? null
        : (await findSplit(caller, project, { dataset: target, name: options.split })).id,
    splits,
    pretrainingLabels: options.pretrainingLabels,
    pretrainOnValidation: options.pretrainOnValidation,
    withoutHelpers: options.withoutHelper,
    network,
    sampling: { sizePx: options.size, mode: options.sampling },
    pretrainings: [
      ...options.pretrain.map((one) => taskPlan(one, pretraining, network.skips)),
      ...encoders.map(({ plan }) => plan),
    ],
    controls: options.frozenRandom ? ['frozen-random'] : [],
    finetuning: {
      ...finetuningPreset(mode),
      ...given('steps', options.steps),
      ...given('batch', options.batch),
      ...given('learningRate', options.learningRate),
      ...given('evaluateEvery', options.evaluateEvery),
      precision: options.precision,
    },
    loss: {
      kind: options.loss,
      ...given('maxClassWeight', options.maxClassWeight),
      ...given('focalGamma', options.focalGamma),
      ...given('tverskyAlpha', options.tversky?.alpha),
      ...given('tverskyBeta', options.tversky?.beta),
    },
    learningRates: options.learningRates ?? LEARNING_RATES_OF_MODE[mode],
    extension: options.extend ?? null,
    labelCounts: options.labels,
    seeds: options.seeds ?? seedsPerSplit(SEEDS_OF_MODE[mode], splits),
    firstSeed: options.firstSeed,
    delta: options.delta,
    primary: options.primary,
    mode,
    execution:
      options.threads === undefined && options.parallel === undefined
        ? null
        : { threads: options.threads ?? 1, parallel: options.parallel ?? 1 },
  });
}

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, all: readonly T[]): T[] => [...all, parse(text)];

const EXAMPLES = `
Arms: E (encoder), E+D (encoder + decoder), D (decoder), frozen (encoder, not trained on),
E+deepD (encoder + the decoder's deepest blocks), permuted (control: the encoder's weights, shuffled).
Options behind the arms: rate=0.1 (the transferred encoder learns at a tenth of the rate), deep=2 (blocks of
E+deepD), steps, batch, learning-rate (of the pretraining).

Examples:
  graft study plan cells.graft --name first --source fluorescence --target histology \\
    --pretrain segmentation:E,E+D,D --pretrain autoencoder:E --labels 4,16 --mode quick --size 128
  # the same task twice: pretrained once, its encoder fine-tuned at two rates
  … --pretrain segmentation:E,permuted --pretrain gentle=segmentation:E:rate=0.1 --frozen-random
  # the two deepest decoder blocks; a longer pretraining beside the usual one
  … --pretrain segmentation:E,E+deepD:deep=2 --pretrain longer=segmentation:E:steps=1200
  # two learning rates for every arm; longer where the baseline needs it
  … --learning-rates 0.0005,0.002 --extend 2
  # few questions for certain, the rest exploratory: the encoder with 4 labels, the decoder with every count
  … --mode confirm --primary encoder@4,decoder
  # an encoder that is in the project already
  … --pretrained "ImageNet ResNet-18":E,frozen
  # five splits in place of one, a seed in each: what is found holds for other training images, too
  … --folds 5 --seeds 1
  # how many labels are enough? The random start alone
  graft study plan cells.graft --name labels --target cells --labels 4,8,16,32 --size 128
  # rare classes, or few labelled pixels of each
  … --loss weighted-cross-entropy+dice --max-class-weight 20
  … --loss cross-entropy+tversky --tversky 0.3,0.7`;

/** Adds everything that describes a study; what is done with it is the caller's business. */
export function addDesignOptions(command: Command): Command {
  const designed = command
    .requiredOption('--name <name>', 'name of the study')
    .option(
      '--source <dataset>',
      'dataset to pretrain on; without it and --pretrain the random start is studied alone',
    )
    .requiredOption('--target <dataset>', 'dataset to segment')
    .option('--split <name>', 'split of the target (default: its first, else a new one)')
    .addOption(
      new Option(
        '--pretraining-labels <which>',
        "where pretraining learns from labels of the target's own images: own (those of its arms alone, a pretraining for each label count and seed) or all (but those of validation and test images; they count as labels)",
      )
        .choices(PRETRAINING_LABELS)
        .default('own' satisfies PretrainingLabels),
    )
    .option(
      '--pretrain-on-validation',
      'where the source is the target: tasks without labels see its validation images too',
      false,
    )
    .addOption(withoutHelperOption())
    .option(
      '--pretrain <[name=]task[:arms[:options]]>',
      'task, arms and options, e.g. segmentation:E,E+D (repeatable; no arms: E, E+D, D, frozen as far as they fit)',
      collect(parseTask),
      [],
    )
    .option(
      '--pretrained <[name=]encoder[:arms[:options]]>',
      'encoder of the project by name or number, with arms (repeatable; no arms: E, frozen)',
      collect(parsePretraining),
      [],
    )
    .option('--frozen-random', 'a control: an encoder that stays random', false)
    .requiredOption('--labels <counts>', 'label counts, e.g. 4,16,all', parseLabels)
    .addOption(
      new Option('--mode <mode>', 'quick (3 seeds), default (5) or confirm (8)')
        .choices(['quick', 'default', 'confirm'])
        .default('default'),
    )
    .option(
      '--seeds <n>',
      'number of seeds, with --folds in each split (default: that of the mode; with --folds it is spread over the splits)',
      integer,
    )
    .option(
      '--first-seed <n>',
      'number of the first seed: another one repeats the study with other luck (other labelled images, weights and folds)',
      integer,
      0,
    )
    .option(
      '--folds <k>',
      'cross-validation in place of one split: all labelled images in k parts, each tested on once',
      integer,
    )
    .option('--repeats <r>', 'with --folds: divide anew so many times (default: 1)', integer)
    .option('--delta <dice>', 'equivalence margin', share, 0.02)
    .option(
      '--primary <questions>',
      `questions that headline and claims rest on, e.g. encoder,decoder@4 (default: all): ${QUESTION_NAMES.join(', ')}`,
      parsePrimary,
      [],
    );
  return addNetworkOptions(designed, 'that of the first --pretrained, else plain')
    .option('--steps <n>', 'fine-tuning steps', integer)
    .option('--pretrain-steps <n>', 'pretraining steps', integer)
    .option('--batch <n>', 'fine-tuning batch', integer)
    .option('--pretrain-batch <n>', 'pretraining batch', integer)
    .option('--learning-rate <x>', 'learning rate of both', number)
    .option(
      '--learning-rates <rates>',
      'every arm is fine-tuned with each, validation chooses, e.g. 0.0005,0.002; "one" for --learning-rate alone (default: 0.0005,0.002 in confirm mode, else one)',
      parseRates,
    )
    .option(
      '--extend <factor>',
      'where random has not plateaued, all arms of that label count go on to so many times their steps, e.g. 2',
      number,
    )
    .option('--evaluate-every <n>', 'validate every n steps', integer)
    .addOption(
      new Option('--loss <loss>', 'what fine-tuning minimises')
        .choices(LOSSES)
        .default('cross-entropy+dice'),
    )
    .option('--max-class-weight <x>', 'of weighted-cross-entropy+dice (default: 10)', number)
    .option('--focal-gamma <x>', 'of focal+dice (default: 2)', number)
    .option('--tversky <a,b>', 'of cross-entropy+tversky (default: 0.3,0.7)', parseTversky)
    .option('--threads <n>', 'threads a run (default: measured)', ofProcessor)
    .option('--parallel <n>', 'runs side by side (default: measured)', ofProcessor)
    .addHelpText('after', EXAMPLES);
}
