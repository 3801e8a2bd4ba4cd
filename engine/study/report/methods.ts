/** The methods paragraphs of a report: everything that somebody else needs to repeat a study. */
import type {
  EncoderArchitecture,
  EngineInfo,
  NetworkConfig,
  OptimisationConfig,
  Precision,
  PretrainingPlan,
  Study,
  StudyConfig,
  TaskPretraining,
} from '../../../shared/entities.ts';
import { enginesInText } from '../../../shared/engine-words.ts';
import { ENCODER_NAMES, halvingsOf, SKIP_NAMES } from '../../../shared/networks.ts';
import { lossInText } from '../../../shared/optimisation.ts';
import { PRETRAINING_TASK_FACTS } from '../../../shared/pretraining-tasks.ts';
import {
  isTaskPretraining,
  pretrainingInText,
  pretrainingKey,
} from '../../../shared/pretrainings.ts';
import { counted } from '../../../shared/number-format.ts';
import { seedsOfStudy, splitCount, splitsInText } from '../../../shared/study-splits.ts';
import { scoredClasses } from '../../../shared/foreground.ts';
import { inWords } from '../../../shared/sentences.ts';
import { pinnedDataset } from '../../data/pinned-dataset.ts';
import type { Project } from '../../db/project.ts';
import {
  datasetName,
  dataWords,
  ownLabelWords,
  pretrainedByLabels,
  scopeWords,
} from './data-words.ts';
import { GRAFT_VERSION } from '../../version.ts';

const PRECISION_WORDS = {
  float32: '',
  bfloat16: ', in mixed precision with bfloat16',
  float16: ', activations in float16',
} as const satisfies Record<Precision, string>;

function optimisationWords(o: OptimisationConfig, grid: readonly number[] = []): string {
  const rates =
    grid.length > 1
      ? `learning rates ${grid.join(', ')}`
      : `learning rate ${grid[0] ?? o.learningRate}`;
  const schedule = o.schedule === 'cosine' ? 'then a cosine decay to 0' : 'then constant';
  return `${o.steps} steps of AdamW on batches of ${o.batch} (${rates}, weight decay ${o.weightDecay}, linear warm-up over the first ${Math.round(o.warmup * 100)} %, ${schedule})${o.augment ? ' with augmentation' : ' without augmentation'}${PRECISION_WORDS[o.precision]}`;
}

/** What a task changes of the network, and what was chosen for it. */
function taskWords({ task, options }: TaskPretraining, { skips }: NetworkConfig): string {
  const { withoutSkips, family } = PRETRAINING_TASK_FACTS[task];
  const parts = [
    withoutSkips && skips !== 'none' && '; trained without skips',
    family === 'contrastive reconstruction' &&
      `; reconstruction weighs ${options.reconstructionWeight}, contrast ${options.contrastiveWeight}`,
    task === 'multi-conrec' &&
      (options.heads === 'perTask'
        ? ', an output layer for each corruption'
        : ', one output layer for all corruptions'),
  ];
  return parts.filter((words) => words !== false).join('');
}

function readyWords(db: Project, encoderId: number): string {
  const encoder = db.encoders.get(encoderId);
  const from =
    encoder === undefined || encoder.file === null
      ? ''
      : ` from ${encoder.file.file} (SHA-256 ${encoder.file.sha256.slice(0, 12)})`;
  return `weights that were there before${from}, the same for every seed`;
}

function pretrainingWords(db: Project, plan: PretrainingPlan, network: NetworkConfig): string {
  const name = pretrainingInText(pretrainingKey(plan));
  const { encoderRate, deepDecoderBlocks, transfers } = plan;
  const arms = [
    encoderRate !== 1 && `; its encoder is fine-tuned at ${encoderRate} of the learning rate`,
    transfers.includes('encoder+deep-decoder') &&
      `; "encoder + deep decoder" takes over ${deepDecoderBlocks} of the decoder's blocks, counted from the bottleneck`,
    transfers.includes('permuted-encoder') &&
      `; "permuted encoder" is the encoder with the weights of each layer shuffled`,
  ].filter((words) => words !== false);
  const made = isTaskPretraining(plan)
    ? `${optimisationWords(plan.optimisation)}${taskWords(plan, network)}`
    : readyWords(db, plan.encoderId);
  return `${name}, ${made}${arms.join('')}`;
}

function ratesWords({ learningRates }: StudyConfig): string {
  return learningRates.length < 2
    ? 'the same for every arm'
    : `the same for every arm; every arm, random included, was trained with each learning rate for every seed and label count, and the one of the best validation Dice counts`;
}

function primaryWords({ primary }: StudyConfig): string {
  if (primary.length === 0) return 'none was marked, so all that they can rest on';
  const names = primary.map((one) =>
    [
      one.question,
      one.pretraining !== null && `of ${pretrainingInText(one.pretraining)}`,
      one.labels !== null &&
        `with ${one.labels === 'all' ? 'all labels' : counted(one.labels, 'label')}`,
    ]
      .filter((part) => part !== false)
      .join(' '),
  );
  return `marked before the first run: ${names.join('; ')}`;
}

const SOURCES: Readonly<Record<Exclude<EncoderArchitecture, 'plain'>, string>> = {
  resnet18: 'He et al. 2016',
  resnet34: 'He et al. 2016',
  mobilenetv2: 'Sandler et al. 2018',
};

function encoderWords(network: NetworkConfig): string {
  const { encoder, encoderWidth, depth, base, bottleneck } = network;
  if (encoder === 'plain') {
    const widths = Array.from({ length: depth }, (_, d) => base * 2 ** d).join(', ');
    return `U-Net of depth ${depth} with ${widths} channels and a bottleneck of ${base * bottleneck}; two 3×3 convolutions, each with normalisation and ReLU, a level, max-pooling`;
  }
  const width = encoderWidth === 1 ? '' : ` at ${encoderWidth} of its published width`;
  const padding =
    network.padding === 'same' ? "TensorFlow's padding" : 'symmetric padding as in PyTorch';
  const widths = Array.from({ length: halvingsOf(network) }, (_, d) => base * 2 ** d);
  return `U-Net with the encoder of ${ENCODER_NAMES[encoder]} (${SOURCES[encoder]})${width}, ${padding} of strided convolutions, without its classifier; decoder of ${halvingsOf(network)} levels with ${widths.toReversed().join(', ')} channels, two 3×3 convolutions with normalisation and ReLU each`;
}

function networkWords(network: NetworkConfig): string {
  const { norm, encoderEpsilon, preprocessing, inputChannels } = network;
  const normalised =
    norm === 'batch'
      ? `batch normalisation${encoderEpsilon === 1e-5 ? '' : ` (ε ${encoderEpsilon} in the encoder)`}`
      : 'group normalisation (Wu & He 2018), every image by itself';
  const seen =
    preprocessing === null
      ? 'values in [0, 1]'
      : `values in [0, 1], less ${preprocessing.mean.map((m) => m.toFixed(3)).join(', ')} and over ${preprocessing.deviation.map((d) => d.toFixed(3)).join(', ')} inside the network`;
  const decoder =
    network.skips === 'none'
      ? 'the decoder is the expanding path'
      : network.skips === 'conv'
        ? 'the decoder is the expanding path and the skip convolutions'
        : 'the decoder is the expanding path; skips carry no weights';
  return `Network: ${encoderWords(network)}; ${normalised}; nearest upsampling; ${SKIP_NAMES[network.skips]}; ${inputChannels} input channel(s), ${seen}. The encoder is the contracting path and the bottleneck; ${decoder}; the head is always new.`;
}

/** "5 seeds", "5 folds, 1 seed each" */
const designInText = ({ seeds, splits }: StudyConfig): string =>
  splits === null
    ? counted(seeds, 'seed')
    : `${splitsInText(splits)}, ${counted(seeds, 'seed')} in each split`;

/** What of the formulas is otherwise over several splits. Ends with a space. */
const splitStatistics = (config: StudyConfig): string =>
  `every split weighs alike. Intervals are those of the corrected resampled t test (Nadeau & Bengio 2003; Bouckaert & Frank 2004): t(J−1)·√((1/J + ρ/(1−ρ))·s²) with the variance s² of the means of the J = ${splitCount(config)} splits, where ρ is n_test/(n_test + n_train), or the share of training images that two splits have in common where that is larger; p is from the same t. They are never narrower than those of seeds and images within the splits, which follow. Where only one split is finished, these stand alone. Within splits `;

/** One line under the title: what was studied, on what. */
export function describeContext(db: Project, study: Study): string {
  const { config } = study;
  const names = config.pretrainings.map((plan) => pretrainingInText(pretrainingKey(plan)));
  if (names.length === 0) {
    return `Random start alone on "${datasetName(db, config.targetDatasetId)}"; ${designInText(config)}, δ = ${config.delta} Dice`;
  }
  return `${names.join(', ')} on "${datasetName(db, config.sourceDatasetId)}", transferred to "${datasetName(db, config.targetDatasetId)}"; ${designInText(config)}, δ = ${config.delta} Dice`;
}

function pretrainingParagraph(db: Project, study: Study): string {
  const { pretrainings, network } = study.config;
  return `Pretraining, ${pretrainedByLabels(db, study).length === 0 ? 'once for every seed' : 'once for every seed or, where it is said so, for every seed and label count'}: ${pretrainings.map((plan) => pretrainingWords(db, plan, network)).join('; ')}.`;
}

const MAX_NAMED_CLASSES = 8;

/** Which classes are scored, and what class 0 was when the study was planned. */
function scoredWords(db: Project, { targetSnapshotId }: Study): string {
  const target = pinnedDataset(db, targetSnapshotId);
  if (target === undefined) return 'the dataset is gone';
  const scored = new Set(scoredClasses(target));
  const names = target.classes.filter(({ index }) => scored.has(index)).map(({ name }) => name);
  const which = names.length > MAX_NAMED_CLASSES ? `${names.length} classes` : inWords(names);
  return `${which}; class 0 is ${target.hasBackground ? 'the background, learned and not scored' : 'one of them'}`;
}

export function describeMethods(
  db: Project,
  study: Study,
  engines: readonly EngineInfo[],
): string[] {
  const { config } = study;
  const { network, sampling } = config;
  const sampled =
    sampling.mode === 'resize'
      ? `whole images resized to ${sampling.sizePx}×${sampling.sizePx}`
      : `random ${sampling.sizePx}×${sampling.sizePx} patches at full resolution`;
  const paragraphs = [
    `${networkWords(network)} Images: ${sampled}.`,
    dataWords(db, study),
    ...(config.pretrainings.length === 0 ? [] : [pretrainingParagraph(db, study)]),
    `Fine-tuning: ${optimisationWords(config.finetuning, config.learningRates)}, ${ratesWords(config)}; loss ${lossInText(config.loss)}, without ignored pixels; validation every ${config.finetuning.evaluateEvery} steps. Label counts ${config.labelCounts.join(', ')}, nested within a seed. A seed (${config.firstSeed} to ${seedsOfStudy(config).at(-1) ?? 0}${config.splits === null ? '' : `, ${config.seeds} in each split`}) fixes the labelled subset, batch order, augmentation and random initial weights of every arm alike, so arms differ by the transferred weights only.${ownLabelWords(db, study)}`,
    `Scores: test images at their original size, checkpoint of the best validation Dice. Dice, IoU, HD95 (the larger of the two directed 95th percentiles of the exact distances between the outlines, interpolated linearly) and boundary-F1 (tolerance 0.75 % of the diagonal, at least 2 px) per image, mean over the scored classes that truth or prediction holds (${scoredWords(db, study)}); a class that neither holds, and an image without any, is left out (as in nnU-Net). Validation Dice: of each class over all validation pixels, mean over the classes that they hold.`,
    `Statistics: ${config.splits === null ? '' : splitStatistics(config)}differences are paired by seed and image. Intervals take seeds and images as random: half their width squared is [max(t²(S−1)·MS_seed, t²((S−1)(I−1))·(1 + 1/S)·MS_rest) + t²(I−1)·max(0, MS_image − MS_rest)]/SI with the mean squares of the S × I table of differences (S seeds, I test images; Banerjee 1960), which covers its nominal share with three seeds already; the plain percentile interval of 10 000 crossed bootstrap resamples is in results.json beside it. Main effects and interaction are those of the 2×2 of random and pretrained halves. p from ${config.splits === null ? 'an exact sign-flip test over seed means' : 'the t test above'}, Holm-adjusted over all primary questions, else within each family of comparisons (encoder, decoder, interaction, controls, tasks, others)${config.splits === null ? '; it speaks of new seeds on these test images' : ''}. Equivalence: two one-sided tests at 5 %, the 90 % interval inside ±${config.delta} Dice, a margin fixed before the first run. Verdicts of rows rest on single intervals, which are not corrected for the number of comparisons. Headline and claims rest on the primary questions alone (${primaryWords(config)}), by intervals that hold together with at least 95 %: of share .95^(1/m) for m questions (Šidák 1967), with mean squares averaged with those of all arms at the label count and twice the degrees of freedom (Smyth 2004), never narrower than the single ones.`,
    scopeWords(db, study),
    `Software: Graft ${GRAFT_VERSION}; ${enginesInText(engines)}. The same seed, engine, kernels and thread count give the same bits on one machine.`,
  ];
  return paragraphs;
}
