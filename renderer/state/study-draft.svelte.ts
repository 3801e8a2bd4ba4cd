/** A study while it is being designed: what is chosen, and the configuration that comes of it. */
import {
  type Dataset,
  type Encoder,
  NetworkConfig,
  type Precision,
  PretrainedTransfer,
  type PretrainingPlan,
  type PretrainingTask,
  type Split,
  type Splits,
  type StudyConfig,
  type TaskPretraining,
} from '../../shared/entities.ts';
import {
  finetuningPreset,
  LEARNING_RATES_OF_MODE,
  pretrainingPreset,
  SEEDS_OF_MODE,
  type StudyMode,
} from '../../shared/presets.ts';
import { learnsFromLabels, transferObstacle } from '../../shared/pretraining-tasks.ts';
import { isTaskPretraining } from '../../shared/pretrainings.ts';
import { seedsPerSplit } from '../../shared/study-splits.ts';
import { datasetFacts, taskObstacle } from '../../shared/task-sources.ts';
import { checkedDesign } from './checked-design.ts';
import { parseLabelCounts, parseLearningRates } from './label-counts.ts';
import { encoderObstacle, withEncoders } from './offered-encoders.ts';
import { firstDesign, type StudyDesign, withAllTasks } from './study-design.ts';

export const PRETRAINED_TRANSFERS = PretrainedTransfer.options;

/** `wanted`, or the same with the first number that makes it new. */
function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted} ${number}`)) number++;
  return `${wanted} ${number}`;
}

/** What cross-validation begins with. */
const SPLITS: Splits = { folds: 5, repeats: 1 };

/** So many times their steps arms go on to. */
const EXTENSION = 2;

/** What all have; null where they differ. */
function shared<T>(values: readonly T[]): T | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}

export class StudyDraft {
  /**
   * The whole configuration. Fields of the form patch it in place, so that what the form does not ask for stays as it
   * is: a repeated study keeps all of its design.
   */
  design = $state<StudyDesign>(firstDesign());
  /** With which a network sees all that source and target show. */
  imageChannels = $state(1);
  /** Networks of the project that a study may start from. */
  encoders = $state.raw<readonly Encoder[]>([]);
  /** Name of the study that is repeated. */
  repeats = $state.raw<string | null>(null);
  /** Lists of numbers while they are typed; null: as in the design. */
  #typedLabelCounts = $state.raw<string | null>(null);
  #typedLearningRates = $state.raw<string | null>(null);
  /** Whether someone chose what the network sees; else it follows the images. */
  #channelsChosen = false;
  /** The encoder whose network was taken over. */
  #followed: number | null = null;

  /** A start that makes sense for these datasets. */
  propose(datasets: readonly Dataset[], taken: readonly string[]): void {
    const { design } = this;
    const labelled = datasets.filter((dataset) => dataset.labelledCount > 0);
    const target = labelled.toSorted((a, b) => a.imageCount - b.imageCount)[0];
    const source = datasets.filter((dataset) => dataset !== target)[0] ?? target;
    design.targetDatasetId = target?.id ?? null;
    design.sourceDatasetId = source?.id ?? null;
    design.name = freeName('Study', taken);
    if (source !== undefined && source.labelledCount === 0) {
      for (const plan of design.pretrainings) {
        plan.transfers = isTaskPretraining(plan) && plan.task === 'autoencoder' ? ['encoder'] : [];
      }
    }
  }

  /**
   * The design of an earlier study, to be run again on the labels as they are now: all of it but the name, which is
   * taken, and the label counts that went on, which the queue writes.
   */
  repeat(config: StudyConfig, taken: readonly string[]): void {
    this.repeats = config.name;
    this.design = {
      ...structuredClone(config),
      name: freeName(config.name, taken),
      extendedLabelCounts: [],
      pretrainings: withAllTasks(structuredClone(config.pretrainings)),
    };
    this.#followed = this.#chosenEncoders[0] ?? null;
    this.#channelsChosen = true;
  }

  setMode(mode: StudyMode): void {
    const { design } = this;
    const { steps, batch, learningRate } = finetuningPreset(mode);
    design.mode = mode;
    design.seeds = seedsPerSplit(SEEDS_OF_MODE[mode], design.splits);
    this.pretrainingSteps = pretrainingPreset(mode).steps;
    Object.assign(design.finetuning, { steps, batch, learningRate });
    design.learningRates = [...LEARNING_RATES_OF_MODE[mode]];
    this.#typedLearningRates = null;
  }

  /** Of another target come other splits. */
  setTarget(datasetId: number | null): void {
    this.design.targetDatasetId = datasetId;
    this.design.splitId = null;
  }

  /** The first split is taken where none was chosen. One that is gone stays, and the plan says so. */
  offerSplits(splits: readonly Split[]): void {
    this.design.splitId ??= splits[0]?.id ?? null;
  }

  setNetwork(network: NetworkConfig): void {
    if (network.inputChannels !== this.design.network.inputChannels) this.#channelsChosen = true;
    this.design.network = network;
  }

  /** See `imageChannels`: the network sees so many where nothing else settles what it sees. */
  setImageChannels(channels: number): void {
    this.imageChannels = channels;
    if (this.networkGiven || this.#channelsChosen) return;
    this.design.network.inputChannels = channels;
  }

  // ───────────────────────────── lists of numbers, as typed ─────────────────────────────

  get labelCounts(): string {
    return this.#typedLabelCounts ?? this.design.labelCounts.join(', ');
  }

  set labelCounts(text: string) {
    this.#typedLabelCounts = text;
    this.design.labelCounts = parseLabelCounts(text) ?? this.design.labelCounts;
  }

  /** One, or several of which validation chooses for every arm alike. */
  get learningRates(): string {
    const { learningRates: grid, finetuning } = this.design;
    return (
      this.#typedLearningRates ?? (grid.length === 0 ? [finetuning.learningRate] : grid).join(', ')
    );
  }

  set learningRates(text: string) {
    this.#typedLearningRates = text;
    const rates = parseLearningRates(text);
    if (rates === null) return;
    this.design.finetuning.learningRate = rates[0];
    this.design.learningRates = rates.length > 1 ? rates : [];
  }

  // ───────────────────────────── fields that stand for several ─────────────────────────────

  get #chosen(): PretrainingPlan[] {
    return this.design.pretrainings.filter(({ transfers }) => transfers.length > 0);
  }

  get #tasks(): TaskPretraining[] {
    return this.design.pretrainings.filter(isTaskPretraining);
  }

  /** Those that fields speak of: what is chosen, or where nothing is, what may be. */
  get #meant(): PretrainingPlan[] {
    const chosen = this.#chosen;
    return chosen.length > 0 ? chosen : this.design.pretrainings;
  }

  get #meantTasks(): TaskPretraining[] {
    const chosen = this.#chosen.filter(isTaskPretraining);
    return chosen.length > 0 ? chosen : this.#tasks;
  }

  /** Of every pretraining; null where they differ. Set, it is that of all. */
  get encoderRate(): number | null {
    return shared(this.#meant.map((plan) => plan.encoderRate));
  }

  set encoderRate(rate: number | null) {
    for (const plan of this.design.pretrainings) plan.encoderRate = rate ?? NaN;
  }

  get deepDecoderBlocks(): number | null {
    return shared(this.#meant.map((plan) => plan.deepDecoderBlocks));
  }

  set deepDecoderBlocks(blocks: number | null) {
    for (const plan of this.design.pretrainings) plan.deepDecoderBlocks = blocks ?? NaN;
  }

  get pretrainingSteps(): number | null {
    return shared(this.#meantTasks.map(({ optimisation }) => optimisation.steps));
  }

  set pretrainingSteps(steps: number | null) {
    for (const { optimisation } of this.#tasks) optimisation.steps = steps ?? NaN;
  }

  /** Of pretraining and fine-tuning. */
  get precision(): Precision | null {
    const ofTasks = this.#meantTasks.map(({ optimisation }) => optimisation.precision);
    return shared([this.design.finetuning.precision, ...ofTasks]);
  }

  set precision(precision: Precision | null) {
    if (precision === null) return;
    this.design.finetuning.precision = precision;
    for (const { optimisation } of this.#tasks) optimisation.precision = precision;
  }

  /** The control whose encoder stays random. */
  get frozenRandom(): boolean {
    return this.design.controls.includes('frozen-random');
  }

  set frozenRandom(wanted: boolean) {
    this.design.controls = wanted ? ['frozen-random'] : [];
  }

  /** Whether arms go on where the random start has not plateaued. */
  get extend(): boolean {
    return this.design.extension !== null;
  }

  set extend(wanted: boolean) {
    this.design.extension = wanted ? EXTENSION : null;
  }

  /** Whether every labelled image is tested on, in several splits. */
  get crossValidates(): boolean {
    return this.design.splits !== null;
  }

  /** The seeds of the mode are spread over the splits, so that a study costs about as much as before. */
  set crossValidates(wanted: boolean) {
    this.design.splits = wanted ? { ...SPLITS } : null;
    this.design.seeds = seedsPerSplit(SEEDS_OF_MODE[this.design.mode], this.design.splits);
  }

  /** What the chosen tasks learn from, as far as that is asked about: labels, or images alone. */
  get learnsFrom(): { readonly labels: boolean; readonly images: boolean } {
    const tasks = this.#chosen.filter(isTaskPretraining).map(({ task }) => task);
    return {
      labels: tasks.some(learnsFromLabels),
      images: tasks.some((task) => !learnsFromLabels(task)),
    };
  }

  // ───────────────────────────── pretrainings and their arms ─────────────────────────────

  /** Why an arm cannot be had; null where it can. */
  obstacle(task: PretrainingTask, transfer: PretrainedTransfer): string | null {
    return transferObstacle(task, transfer, this.design.network.skips);
  }

  /** Why a task cannot be pretrained on the source; null where it can. */
  taskObstacle(task: PretrainingTask, source: Dataset | null): string | null {
    const { inputChannels } = this.design.network;
    return taskObstacle(task, { source: source && datasetFacts(source), inputChannels });
  }

  /** Networks that are there already and were chosen, by id. */
  get #chosenEncoders(): number[] {
    return this.#chosen.flatMap((plan) => (isTaskPretraining(plan) ? [] : [plan.encoderId]));
  }

  /** Offers networks that are there already; those of a repeated design stay, whatever became of them. */
  offerEncoders(encoders: readonly Encoder[]): void {
    this.encoders = encoders;
    const plans = withEncoders(this.design.pretrainings, encoders, {
      deepDecoderBlocks: this.deepDecoderBlocks ?? 1,
      encoderRate: this.encoderRate ?? 1,
    });
    if (plans !== null) this.design.pretrainings = plans;
  }

  /** Why a network that is there already cannot be chosen beside the others; null where it can. */
  encoderObstacle(encoder: Encoder): string | null {
    const chosen = this.#chosenEncoders;
    return encoderObstacle(
      encoder,
      this.encoders.filter(({ id }) => chosen.includes(id)),
    );
  }

  /** `plan`: one of the design's. */
  setArm(plan: PretrainingPlan, transfer: PretrainedTransfer, wanted: boolean): void {
    plan.transfers = PRETRAINED_TRANSFERS.filter((one) =>
      one === transfer ? wanted : plan.transfers.includes(one),
    );
    this.#followEncoders();
  }

  setPretraining(plan: PretrainingPlan, wanted: boolean): void {
    plan.transfers = wanted ? ['encoder'] : [];
    this.#followEncoders();
  }

  /** Whether an encoder that is there already settles the network. */
  get networkGiven(): boolean {
    return this.#chosenEncoders.length > 0;
  }

  /** Every arm has the network of what it starts from: an encoder that is there already settles it. */
  #followEncoders(): void {
    const [id = null] = this.#chosenEncoders;
    if (id === this.#followed) return;
    this.#followed = id;
    if (id === null) {
      // What the form does not ask for came with the encoder, and goes with it.
      const { encoder, depth, base, bottleneck, norm, skips } = this.design.network;
      this.design.network = NetworkConfig.parse({ encoder, depth, base, bottleneck, norm, skips });
      this.#channelsChosen = false;
      this.setImageChannels(this.imageChannels);
    } else {
      const chosen = this.encoders.find((one) => one.id === id);
      if (chosen !== undefined) this.design.network = structuredClone(chosen.network);
    }
  }

  // ───────────────────────────── what comes of it ─────────────────────────────

  /** `missing`: the reason in words, where something is. */
  get config(): { config: StudyConfig } | { missing: string } {
    if (this.#typedLabelCounts !== null && parseLabelCounts(this.#typedLabelCounts) === null) {
      return { missing: 'Write label counts as numbers, such as “4, 16, all”.' };
    }
    if (
      this.#typedLearningRates !== null &&
      parseLearningRates(this.#typedLearningRates) === null
    ) {
      return { missing: 'Write learning rates as numbers, such as “0.0005, 0.002”.' };
    }
    return checkedDesign($state.snapshot(this.design), $state.snapshot(this.#chosen));
  }
}
