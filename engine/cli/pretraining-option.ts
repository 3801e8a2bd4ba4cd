/**
 * How a pretraining and its arms are written on the command line:
 * `[NAME=]TASK[:ARMS[:OPTIONS]]`, e.g. `segmentation:E,E+D` or `slow=segmentation:E:rate=0.1,steps=800`;
 * with an encoder of the project in place of the task for `--pretrained`.
 */
import { InvalidArgumentError } from 'commander';
import {
  PRETRAINING_TASKS,
  PretrainedTransfer,
  type PretrainingOptions,
  type PretrainingTask,
} from '../../shared/entities.ts';

const ARM_NAMES: Readonly<Record<string, PretrainedTransfer>> = {
  E: 'encoder',
  'E+D': 'encoder+decoder',
  D: 'decoder',
  frozen: 'frozen-encoder',
  'E+deepD': 'encoder+deep-decoder',
  permuted: 'permuted-encoder',
};

/** What may follow the arms: an option of the command line and the kind of number it takes. */
const OPTIONS = {
  /** Share of the learning rate at which the transferred encoder learns. */
  rate: (value: number) => value > 0 && value <= 1,
  /** Blocks that E+deepD takes over. */
  deep: (value: number) => Number.isInteger(value) && value >= 1,
  steps: (value: number) => Number.isInteger(value) && value >= 1,
  batch: (value: number) => Number.isInteger(value) && value >= 1,
  'learning-rate': (value: number) => value > 0,
  /** Of ConRec and its kin: weights of the two parts of the loss. */
  reconstruction: (value: number) => value >= 0,
  contrastive: (value: number) => value >= 0,
} as const;
type OptionName = keyof typeof OPTIONS;

export interface PretrainingOption {
  /** null: it goes by its task or encoder. */
  readonly name: string | null;
  /** Task, or encoder. */
  readonly what: string;
  /** null: every arm that fits. */
  readonly transfers: readonly PretrainedTransfer[] | null;
  readonly options: Readonly<Partial<Record<OptionName, number>>> & {
    /** Of multi-reconstruction ConRec: an output layer for each corruption, or one for all. */
    readonly heads?: PretrainingOptions['heads'];
  };
}

/** The arms that a pretraining gets where none are named: the halves and their freezing. */
export const USUAL_TRANSFERS: readonly PretrainedTransfer[] = [
  'encoder',
  'encoder+decoder',
  'decoder',
  'frozen-encoder',
];

function toTransfer(name: string): PretrainedTransfer {
  const transfer = PretrainedTransfer.safeParse(ARM_NAMES[name] ?? name);
  if (transfer.success) return transfer.data;
  throw new InvalidArgumentError(`arms are ${Object.keys(ARM_NAMES).join(', ')}`);
}

const isOption = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

function toOptions(text: string): PretrainingOption['options'] {
  const numbers: Partial<Record<OptionName, number>> = {};
  let heads: PretrainingOptions['heads'] | undefined;
  for (const pair of text.split(',')) {
    const [name = '', value = ''] = pair.split('=');
    if (name === 'heads' && (value === 'perTask' || value === 'shared')) {
      heads = value;
    } else if (isOption(name) && value !== '' && OPTIONS[name](Number(value))) {
      numbers[name] = Number(value);
    } else {
      throw new InvalidArgumentError(
        `${pair} is no option of a pretraining: write rate=0.1 (the encoder's share of the learning rate, above 0, up to 1), deep=2 (blocks of E+deepD), steps=800, batch=16, learning-rate=0.001, and for ConRec reconstruction=100, contrastive=1, heads=perTask or heads=shared`,
      );
    }
  }
  return { ...numbers, ...(heads === undefined ? {} : { heads }) };
}

export function parsePretraining(text: string): PretrainingOption {
  const [, name, rest = ''] = /^(?:([^=:]+)=)?(.*)$/s.exec(text) ?? [];
  const [what = '', arms = '', options = ''] = rest.split(':');
  return {
    name: name ?? null,
    what,
    transfers: arms === '' ? null : arms.split(',').map(toTransfer),
    options: options === '' ? {} : toOptions(options),
  };
}

/** The same, of a task. */
export function parseTask(text: string): PretrainingOption & { readonly what: PretrainingTask } {
  const parsed = parsePretraining(text);
  const task = PRETRAINING_TASKS.find((one) => one === parsed.what);
  if (task === undefined) {
    throw new InvalidArgumentError(`tasks are ${PRETRAINING_TASKS.join(', ')}`);
  }
  return { ...parsed, what: task };
}
