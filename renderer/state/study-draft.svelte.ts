/** A study while it is being designed: what is chosen, and the configuration that comes of it. */
import type { StudyPlan } from '../../shared/api.ts';
import {
  type Dataset,
  type Encoder,
  PRETRAINING_TASKS,
  type LossConfig,
  NetworkConfig,
  type Precision,
  PretrainedTransfer,
  type PretrainingTask,
  StudyConfig,
} from '../../shared/entities.ts';
import {
  finetuningPreset,
  LEARNING_RATES_OF_MODE,
  pretrainingPreset,
  SEEDS_OF_MODE,
  type StudyMode,
} from '../../shared/presets.ts';
import {
  channelObstacle,
  PRETRAINING_TASK_FACTS,
  transferObstacle,
} from '../../shared/pretraining-tasks.ts';
import { isTaskPretraining } from '../../shared/pretrainings.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';
import { parseLabelCounts, parseLearningRates } from './label-counts.ts';

export const PRETRAINED_TRANSFERS = PretrainedTransfer.options;

/** Under which a pretraining that is there already stands in `arms`; tasks stand under their name. */
export const encoderKey = (encoderId: number): string => `encoder ${encoderId}`;

/** `wanted`, or the same with the first number that makes it new. */
function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted} ${number}`)) number++;
  return `${wanted} ${number}`;
}

/** So many times their steps arms go on to. */
const EXTENSION = 2;

export class StudyDraft {
  name = $state('');
  sourceId = $state<number | null>(null);
  targetId = $state<number | null>(null);
  splitId = $state<number | null>(null);
  mode = $state<StudyMode>('quick');
  seeds = $state(SEEDS_OF_MODE.quick);
  delta = $state(0.02);
  labelCounts = $state('4, 16');
  sizePx = $state(64);
  sampling = $state<'resize' | 'patches'>('resize');
  precision = $state<Precision>('float32');
  /** With which a network sees all that source and target show. */
  imageChannels = $state(1);
  pretrainingSteps = $state(pretrainingPreset('quick').steps);
  finetuningSteps = $state(finetuningPreset('quick').steps);
  finetuningBatch = $state(finetuningPreset('quick').batch);
  /** As typed: one, or several of which validation chooses for every arm alike. */
  learningRates = $state(String(finetuningPreset('quick').learningRate));
  loss = $state<LossConfig['kind']>('cross-entropy+dice');
  /** The control whose encoder stays random. */
  frozenRandom = $state(false);
  /** Whether arms go on where the random start has not plateaued. */
  extend = $state(false);
  deepDecoderBlocks = $state(1);
  encoderRate = $state(1);
  /** Networks of the project that a study may start from. */
  encoders = $state.raw<readonly Encoder[]>([]);
  /** Arms by task or encoderKey; a task without arms is not pretrained. */
  arms = $state.raw<ReadonlyMap<string, ReadonlySet<PretrainedTransfer>>>(
    new Map([['segmentation', new Set<PretrainedTransfer>(['encoder', 'encoder+decoder'])]]),
  );

  plan = $state.raw<StudyPlan | null>(null);
  trouble = $state.raw<string | null>(null);
  /** Whether the machine is being measured for the estimate. */
  measuring = $state.raw(false);
  network = $state.raw<NetworkConfig>(NetworkConfig.parse({}));
  /** Whether someone chose what the network sees; else it follows the images. */
  #channelsChosen = false;
  /** The encoder whose network was taken over. */
  #followed: number | null = null;
  /** What the form does not ask for: those of a repeated study. */
  #lossSettings: Partial<LossConfig> = {};
  #api: Api;
  #project: string;
  #measuring: AbortController | null = null;

  constructor(api: Api, project: string) {
    this.#api = api;
    this.#project = project;
  }

  /** A start that makes sense for these datasets. */
  propose(datasets: readonly Dataset[], taken: readonly string[]): void {
    const labelled = datasets.filter((dataset) => dataset.labelledCount > 0);
    const target = labelled.toSorted((a, b) => a.imageCount - b.imageCount)[0];
    const source = datasets.filter((dataset) => dataset !== target)[0] ?? target;
    this.targetId = target?.id ?? null;
    this.sourceId = source?.id ?? null;
    this.name = freeName('Study', taken);
    if (source !== undefined && source.labelledCount === 0) {
      this.arms = new Map([['autoencoder', new Set<PretrainedTransfer>(['encoder'])]]);
    }
  }

  setMode(mode: StudyMode): void {
    this.mode = mode;
    this.seeds = SEEDS_OF_MODE[mode];
    this.pretrainingSteps = pretrainingPreset(mode).steps;
    const { steps, batch, learningRate } = finetuningPreset(mode);
    const grid = LEARNING_RATES_OF_MODE[mode];
    this.finetuningSteps = steps;
    this.finetuningBatch = batch;
    this.learningRates = (grid.length === 0 ? [learningRate] : grid).join(', ');
  }

  setNetwork(network: NetworkConfig): void {
    if (network.inputChannels !== this.network.inputChannels) this.#channelsChosen = true;
    this.network = network;
  }

  /** See `imageChannels`: the network sees so many where nothing else settles what it sees. */
  setImageChannels(channels: number): void {
    this.imageChannels = channels;
    if (this.networkGiven || this.#channelsChosen) return;
    this.network = { ...this.network, inputChannels: channels };
  }

  /** Why an arm cannot be had; null where it can. */
  obstacle(task: PretrainingTask, transfer: PretrainedTransfer): string | null {
    return transferObstacle(task, transfer, this.network.skips);
  }

  /** Why a task cannot be pretrained on the source; null where it can. */
  taskObstacle(task: PretrainingTask, source: Dataset | null): string | null {
    const { needs } = PRETRAINING_TASK_FACTS[task];
    if (source === null) return null;
    if (needs === 'label maps' && source.labelledCount === 0) {
      return `“${source.name}” has no labels.`;
    }
    if (needs === 'image classes' && source.imageClasses.length < 2) {
      return `“${source.name}” has no image classes.`;
    }
    return channelObstacle(task, this.network.inputChannels);
  }

  /** Networks that are there already and were chosen. */
  get #chosenEncoders(): Encoder[] {
    return this.encoders.filter(({ id }) => this.arms.has(encoderKey(id)));
  }

  /** Why a network that is there already cannot be chosen beside the others; null where it can. */
  encoderObstacle({ id, network }: Encoder): string | null {
    const other = this.#chosenEncoders.find((one) => one.id !== id);
    if (other === undefined || JSON.stringify(other.network) === JSON.stringify(network)) {
      return null;
    }
    return `All arms of a study have one network, and that of “${other.name}” is another.`;
  }

  hasPretraining(key: string): boolean {
    return this.arms.has(key);
  }

  hasArm(key: string, transfer: PretrainedTransfer): boolean {
    return this.arms.get(key)?.has(transfer) === true;
  }

  setArm(key: string, transfer: PretrainedTransfer, wanted: boolean): void {
    const own = new Set(this.arms.get(key));
    if (wanted) own.add(transfer);
    else own.delete(transfer);
    const next = new Map(this.arms);
    if (own.size === 0) next.delete(key);
    else next.set(key, own);
    this.arms = next;
    this.#followEncoders();
  }

  setPretraining(key: string, wanted: boolean): void {
    const next = new Map(this.arms);
    if (wanted) next.set(key, new Set<PretrainedTransfer>(['encoder']));
    else next.delete(key);
    this.arms = next;
    this.#followEncoders();
  }

  /** Whether an encoder that is there already settles the network. */
  get networkGiven(): boolean {
    return this.#chosenEncoders.length > 0;
  }

  /** Every arm has the network of what it starts from: an encoder that is there already settles it. */
  #followEncoders(): void {
    const [chosen] = this.#chosenEncoders;
    const id = chosen?.id ?? null;
    if (id === this.#followed) return;
    this.#followed = id;
    if (chosen === undefined) {
      // What the form does not ask for came with the encoder, and goes with it.
      const { encoder, depth, base, bottleneck, norm, skips } = this.network;
      this.network = NetworkConfig.parse({ encoder, depth, base, bottleneck, norm, skips });
      this.#channelsChosen = false;
      this.setImageChannels(this.imageChannels);
    } else {
      this.network = chosen.network;
    }
  }

  /** The design of an earlier study, to be run again on the labels as they are now. */
  repeat(config: StudyConfig, taken: readonly string[]): void {
    this.name = freeName(config.name, taken);
    this.sourceId = config.sourceDatasetId;
    this.targetId = config.targetDatasetId;
    this.splitId = config.splitId;
    this.mode = config.mode;
    this.seeds = config.seeds;
    this.delta = config.delta;
    this.labelCounts = config.labelCounts.join(', ');
    this.network = config.network;
    const ready = config.pretrainings.find((plan) => 'encoderId' in plan);
    this.#followed = ready?.encoderId ?? null;
    this.#channelsChosen = true;
    this.sizePx = config.sampling.sizePx;
    this.sampling = config.sampling.mode;
    const { steps, batch, learningRate, precision } = config.finetuning;
    this.finetuningSteps = steps;
    this.finetuningBatch = batch;
    this.precision = precision;
    const grid = config.learningRates;
    this.learningRates = (grid.length === 0 ? [learningRate] : grid).join(', ');
    this.loss = config.loss.kind;
    this.#lossSettings = config.loss;
    this.frozenRandom = config.controls.includes('frozen-random');
    this.extend = config.extension !== null;
    const [first] = config.pretrainings;
    this.deepDecoderBlocks = first?.deepDecoderBlocks ?? 1;
    this.encoderRate = first?.encoderRate ?? 1;
    const [pretrained] = config.pretrainings.filter(isTaskPretraining);
    if (pretrained !== undefined) this.pretrainingSteps = pretrained.optimisation.steps;
    this.arms = new Map(
      config.pretrainings.map((plan) => [
        isTaskPretraining(plan) ? plan.task : encoderKey(plan.encoderId),
        new Set(plan.transfers),
      ]),
    );
  }

  #pretrainings() {
    const common = (key: string) => ({
      transfers: PRETRAINED_TRANSFERS.filter((transfer) => this.hasArm(key, transfer)),
      deepDecoderBlocks: this.deepDecoderBlocks,
      encoderRate: this.encoderRate,
    });
    const chosen = this.#chosenEncoders;
    const names = chosen.map(({ name }) => name);
    return [
      ...PRETRAINING_TASKS.filter((task) => this.arms.has(task)).map((task) => ({
        task,
        ...common(task),
        optimisation: {
          ...pretrainingPreset(this.mode),
          steps: this.pretrainingSteps,
          precision: this.precision,
        },
      })),
      ...chosen.map(({ id, name }) => ({
        encoderId: id,
        // Charts show the name; two of one name go by their numbers.
        ...(names.filter((other) => other === name).length === 1
          ? { name: name.slice(0, 80) }
          : {}),
        ...common(encoderKey(id)),
      })),
    ];
  }

  /** null, with the reason in words, where something is missing. */
  get config(): { config: StudyConfig } | { missing: string } {
    const counts = parseLabelCounts(this.labelCounts);
    if (counts === null) return { missing: 'Write label counts as numbers, such as “4, 16, all”.' };
    const rates = parseLearningRates(this.learningRates);
    if (rates === null) {
      return { missing: 'Write learning rates as numbers, such as “0.0005, 0.002”.' };
    }
    if (this.arms.size === 0) return { missing: 'Choose at least one pretraining.' };
    const parsed = StudyConfig.safeParse({
      name: this.name.trim(),
      sourceDatasetId: this.sourceId,
      targetDatasetId: this.targetId,
      splitId: this.splitId,
      network: this.network,
      sampling: { sizePx: this.sizePx, mode: this.sampling },
      pretrainings: this.#pretrainings(),
      finetuning: {
        ...finetuningPreset(this.mode),
        steps: this.finetuningSteps,
        batch: this.finetuningBatch,
        learningRate: rates[0],
        precision: this.precision,
      },
      learningRates: rates.length > 1 ? rates : [],
      loss: { ...this.#lossSettings, kind: this.loss },
      controls: this.frozenRandom ? ['frozen-random'] : [],
      extension: this.extend ? EXTENSION : null,
      labelCounts: counts,
      seeds: this.seeds,
      delta: this.delta,
      mode: this.mode,
    });
    if (parsed.success) return { config: parsed.data };
    const [issue] = parsed.error.issues;
    const field = issue?.path[0];
    if (field === 'name') return { missing: 'Give the study a name.' };
    if (field === 'sourceDatasetId' || field === 'targetDatasetId') {
      return { missing: 'Choose both datasets.' };
    }
    return { missing: `${String(field)}: ${issue?.message ?? 'not valid'}` };
  }

  /** Counts, notes and obstacles at once; the time once the machine has been measured for such steps. */
  async replan(config: StudyConfig): Promise<void> {
    this.#measuring?.abort();
    const abort = new AbortController();
    this.#measuring = abort;
    const input = { project: this.#project, config };
    try {
      const quick = await this.#api.call('studies.plan', { ...input, calibrate: false });
      if (abort.signal.aborted) return;
      this.trouble = null;
      // Until the new time is known the old one stands, greyed.
      const { estimateSeconds = null, longestSeconds = null } = this.plan ?? {};
      this.plan = { ...quick, estimateSeconds, longestSeconds };
      this.measuring = true;
      const full = await this.#api.call('studies.plan', input, { signal: abort.signal });
      if (this.#measuring !== abort) return;
      this.plan = full;
    } catch (error) {
      if (this.#measuring !== abort || abort.signal.aborted) return;
      this.trouble = messageOf(error);
      this.plan = null;
    } finally {
      if (this.#measuring === abort) this.measuring = false;
    }
  }

  /** Stops measuring. */
  close(): void {
    this.#measuring?.abort();
    this.#measuring = null;
  }
}
