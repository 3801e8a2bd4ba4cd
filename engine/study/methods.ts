/** The methods paragraphs of a report: everything that somebody else needs to repeat a study. */
import type {
  EngineInfo,
  LossConfig,
  OptimisationConfig,
  Part,
  PretrainingPlan,
  Study,
  StudyConfig,
} from '../../shared/entities.ts';
import { isTaskPretraining, pretrainingInText, pretrainingKey } from '../../shared/pretrainings.ts';
import type { Project } from '../db/project.ts';
import { GRAFT_VERSION } from '../version.ts';

function optimisationWords(o: OptimisationConfig): string {
  const schedule = o.schedule === 'cosine' ? 'then a cosine decay to 0' : 'then constant';
  return `${o.steps} steps of AdamW on batches of ${o.batch} (learning rate ${o.learningRate}, weight decay ${o.weightDecay}, linear warm-up over the first ${Math.round(o.warmup * 100)} %, ${schedule})${o.augment ? ' with augmentation' : ' without augmentation'}${o.precision === 'bfloat16' ? ', convolutions in bfloat16' : ''}`;
}

function pretrainingWords(plan: PretrainingPlan): string {
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
    ? optimisationWords(plan.optimisation)
    : 'weights that were there before, the same for every seed';
  return `${name}, ${made}${arms.join('')}`;
}

function ratesWords({ learningRates }: StudyConfig): string {
  return learningRates.length < 2
    ? 'the same for every arm'
    : `the same for every arm; every arm, random included, was trained with the learning rates ${learningRates.join(', ')} for every seed and label count, and the one of the best validation Dice counts`;
}

function lossWords({ kind, maxClassWeight, focalGamma, tverskyAlpha, tverskyBeta }: LossConfig) {
  switch (kind) {
    case 'cross-entropy+dice':
      return 'cross-entropy + (1 − mean soft Dice)';
    case 'weighted-cross-entropy+dice':
      return `cross-entropy weighted by median class frequency over class frequency in the labelled training images (at most ${maxClassWeight}; Eigen & Fergus 2015) + (1 − mean soft Dice)`;
    case 'focal+dice':
      return `focal loss with γ = ${focalGamma} (Lin et al. 2017) + (1 − mean soft Dice)`;
    case 'cross-entropy+tversky':
      return `cross-entropy + (1 − mean soft Tversky index with α = ${tverskyAlpha}, β = ${tverskyBeta}; Salehi et al. 2017)`;
  }
}

function partCounts(db: Project, snapshotId: number): Record<Part, number> {
  const counts = { train: 0, val: 0, test: 0 };
  for (const { part } of db.snapshots.items(snapshotId)) counts[part]++;
  return counts;
}

const datasetName = (db: Project, id: number) => db.datasets.get(id)?.name ?? `dataset ${id}`;

/** One line under the title: what was studied, on what. */
export function describeContext(db: Project, study: Study): string {
  const { config } = study;
  const names = config.pretrainings.map((plan) => pretrainingInText(pretrainingKey(plan)));
  return `${names.join(', ')} on "${datasetName(db, config.sourceDatasetId)}", transferred to "${datasetName(db, config.targetDatasetId)}"; ${config.seeds} seeds, δ = ${config.delta} Dice`;
}

export function describeMethods(
  db: Project,
  study: Study,
  engines: readonly EngineInfo[],
): string[] {
  const { config } = study;
  const { network, sampling } = config;
  const target = partCounts(db, study.targetSnapshotId);
  const source = partCounts(db, study.sourceSnapshotId);
  const widths = Array.from({ length: network.depth }, (_, d) => network.base * 2 ** d).join(', ');
  const sourceHash = db.snapshots.get(study.sourceSnapshotId)?.hash ?? '';
  const targetHash = db.snapshots.get(study.targetSnapshotId)?.hash ?? '';
  const sampled =
    sampling.mode === 'resize'
      ? `whole images resized to ${sampling.sizePx}×${sampling.sizePx}`
      : `random ${sampling.sizePx}×${sampling.sizePx} patches at full resolution`;
  const paragraphs = [
    `Network: U-Net of depth ${network.depth} with ${widths} channels and a bottleneck of ${network.base * network.bottleneck}; two 3×3 convolutions with batch normalisation and ReLU a level, max-pooling, nearest upsampling, ${network.skips === 'conv' ? 'skips through 1×1 convolutions' : network.skips === 'concat' ? 'plain skips' : 'no skips'}; ${network.inputChannels} input channel(s); ${sampled}. The encoder is the contracting path and the bottleneck; the decoder is the expanding path and the skip convolutions; the head is always new.`,
    `Data: pretraining on ${source.train} images of "${datasetName(db, config.sourceDatasetId)}" (snapshot ${sourceHash.slice(0, 12)}); target "${datasetName(db, config.targetDatasetId)}" with ${target.train} training, ${target.val} validation and ${target.test} test images (snapshot ${targetHash.slice(0, 12)}). The ${target.val} validation labels choose the checkpoint and are not counted in the label counts. No image of the validation or test part occurs in the pretraining or training data (checked by content).`,
    `Pretraining, once for every seed: ${config.pretrainings.map(pretrainingWords).join('; ')}.`,
    `Fine-tuning: ${optimisationWords(config.finetuning)}, ${ratesWords(config)}; loss ${lossWords(config.loss)}, without ignored pixels; validation every ${config.finetuning.evaluateEvery} steps. Label counts ${config.labelCounts.join(', ')}, nested within a seed. A seed (${config.firstSeed} to ${config.firstSeed + config.seeds - 1}) fixes the labelled subset, batch order, augmentation and random initial weights of every arm alike, so arms differ by the transferred weights only.`,
    `Scores: test images at their original size, checkpoint of the best validation Dice. Dice, IoU, HD95 (the larger of the two directed 95th percentiles of the exact distances between the outlines, interpolated linearly) and boundary-F1 (tolerance 0.75 % of the diagonal, at least 2 px) per image, mean over foreground classes.`,
    `Statistics: differences are paired by seed and image. Intervals take seeds and images as random: half their width squared is t²(S−1)·MS_seed/SI + t²(I−1)·max(0, MS_image − MS_rest)/SI with the mean squares of the S × I table of differences (S seeds, I test images; Banerjee 1960), which covers its nominal share with three seeds already; the plain percentile interval of 10 000 crossed bootstrap resamples is in results.json beside it. Main effects and interaction are those of the 2×2 of random and pretrained halves. p from an exact sign-flip test over seed means, Holm-adjusted within each family of comparisons (encoder, decoder, interaction, controls, tasks, others); it speaks of new seeds on these test images. Equivalence: two one-sided tests at 5 %, the 90 % interval inside ±${config.delta} Dice, a margin fixed before the first run. Verdicts rest on the intervals, which are not corrected for the number of comparisons.`,
    `Software: Graft ${GRAFT_VERSION}; ${engines.map((e) => `${e.name} ${e.version}, ${e.threads} thread(s), Node ${e.node}`).join('; ')}. The same seed, engine and thread count give the same bits on one machine.`,
  ];
  return paragraphs;
}
