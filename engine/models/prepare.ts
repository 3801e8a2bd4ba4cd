/** What is trained, from the labels of this moment: images by part, start, settings. Writes nothing. */
import type { ModelPlan, ModelSettings, ModelStart } from '../../shared/api.ts';
import {
  type Dataset,
  type ImageRecord,
  IGNORE,
  type LossConfig,
  LossConfig as Loss,
  NetworkConfig,
  ObjectsConfig,
  type Part,
  type SamplingConfig,
} from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { foregroundObstacle, scoredClasses } from '../../shared/foreground.ts';
import { forEachRun } from '../../shared/label-map.ts';
import { findLeaks } from '../../shared/leaks.ts';
import { counted } from '../../shared/number-format.ts';
import { finetuningPreset } from '../../shared/presets.ts';
import { inWords } from '../../shared/sentences.ts';
import { assertLabelsAreClasses, partLabels } from '../data/label-values.ts';
import { objectsInWords } from '../data/told-apart.ts';
import type { Project } from '../db/project.ts';
import type { SplitItem } from '../db/splits.ts';
import { assertChannelsFit } from '../training/images/channels.ts';
import { assertStepFits } from '../training/network/step-memory.ts';
import { assertInputSize } from '../training/network/unet.ts';
import { type KeptParts, partsOfLabelled } from './kept-parts.ts';
import { labelledFor } from './labelled.ts';
import { workedOut } from './settings.ts';
import { seenByStart, seenInWords, type Start, startOf } from './start.ts';

export interface TrainingRequest {
  readonly dataset: Dataset;
  readonly minutes: number;
  readonly steps: number | undefined;
  readonly from: ModelStart;
  readonly splitId: number | null;
  readonly settings: ModelSettings;
}

export interface Preparation {
  readonly byPart: Readonly<Record<Part, readonly ImageRecord[]>>;
  readonly leftOut: ModelPlan['leftOut'];
  readonly helped: ModelPlan['helped'];
  /** Parts of images that had none. */
  readonly fresh: readonly SplitItem[];
  readonly start: Start;
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  readonly loss: LossConfig;
  /** null: objects are not told apart. */
  readonly objects: ObjectsConfig | null;
  readonly optimisation: Pick<
    ModelPlan['settings'],
    'batch' | 'learningRate' | 'augment' | 'precision'
  >;
  readonly why: readonly string[];
  readonly warnings: readonly string[];
}

/** Of each scored class that occurs, its share of the pixels that are labelled. */
function classShares(db: Project, dataset: Dataset, images: readonly ImageRecord[]): number[] {
  const counts = new Map<number, number>();
  let all = 0;
  for (const { labelMapId } of images) {
    const bytes = labelMapId === null ? undefined : db.labelMaps.bytes(labelMapId);
    if (bytes === undefined) continue;
    forEachRun(bytes, (label, pixels) => {
      if (label === IGNORE) return;
      all += pixels;
      counts.set(label, (counts.get(label) ?? 0) + pixels);
    });
  }
  return scoredClasses(dataset).flatMap((index) => {
    const own = counts.get(index);
    return own === undefined ? [] : [own / all];
  });
}

/** Settings of a network that weights fix. */
const OF_WEIGHTS = [
  'encoder',
  'depth',
  'base',
  'bottleneck',
  'norm',
  'skips',
] as const satisfies readonly (keyof ModelSettings)[];

/** What was asked for of a network, without what was not. Errors: invalid-input, where the weights say otherwise. */
function networkOf(start: Start, settings: ModelSettings, found: NetworkConfig): NetworkConfig {
  const asked = Object.fromEntries(
    OF_WEIGHTS.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])),
  );
  const { network } = start;
  if (network === null) return NetworkConfig.parse({ ...found, ...asked });
  for (const name of OF_WEIGHTS) {
    if (asked[name] === undefined || asked[name] === network[name]) continue;
    throw new AppError(
      'invalid-input',
      `It starts from ${start.words}, whose network has ${name} ${network[name]}: ${name} ${asked[name]} does not fit its weights. Leave it out, or start from random weights.`,
      { subject: name },
    );
  }
  return network;
}

/** What goes on from a network that tells objects apart does so, too, unless it is to be otherwise. */
const objectsOf = ({ objects }: Start, { objects: asked }: ModelSettings): ObjectsConfig | null =>
  (asked ?? objects !== null) ? (objects ?? ObjectsConfig.parse({})) : null;

const LAST_IS_TAKEN =
  'The network of the last step is taken, and all steps are made: no image is there to say which step was best, or that nothing is gained any more. Label about ten images for that.';

/** Errors: invalid-input, where there is nothing to learn from or the start does not fit; not-found; conflict. */
export function prepare(db: Project, request: TrainingRequest): Preparation {
  const { dataset, from, settings, splitId } = request;
  const { withoutHelpers = [], ...own } = settings;
  const { labelled, helped, without } = labelledFor(db, dataset, withoutHelpers);
  assertLabelsAreClasses(db, dataset, labelled);
  const kept = partsOfLabelled(db, labelled, { datasetId: dataset.id, splitId });
  const used = labelled.filter(({ id }) => !kept.spoilt.has(id));
  const of = (part: Part) => used.filter(({ id }) => kept.parts.get(id) === part);
  const byPart = { train: of('train'), val: of('val'), test: of('test') };
  assertLearnable(db, dataset, byPart.train);

  const start = startOf(db, from, dataset.id);
  const partOf = ({ id }: ImageRecord): Part => kept.parts.get(id) ?? 'train';
  const { obstacle, warning } = seenInWords(
    seenByStart(db, from, { datasetId: dataset.id, labelled: used, partOf }),
  );
  if (obstacle !== null)
    throw new AppError('invalid-input', `${sentence(start.words)}: ${obstacle}`);
  const found = workedOut({ images: used, classShares: classShares(db, dataset, used) });
  const network = networkOf(start, settings, found.network);
  const sampling = {
    ...(start.sampling ?? found.sampling),
    ...(settings.sizePx === undefined ? {} : { sizePx: settings.sizePx }),
    ...(settings.mode === undefined ? {} : { mode: settings.mode }),
  };
  assertInputSize(network, sampling.sizePx);
  assertChannelsFit(used, network.inputChannels);
  const preset = finetuningPreset('default');
  const changed = Object.keys(own);
  const objects = objectsOf(start, settings);
  const optimisation = {
    batch: settings.batch ?? found.batchAt(sampling.sizePx),
    learningRate: settings.learningRate ?? preset.learningRate,
    augment: settings.augment ?? preset.augment,
    precision: settings.precision ?? preset.precision,
  };
  assertStepFits(network, { ...sampling, ...optimisation });
  return {
    byPart,
    leftOut: [...without, ...spoiltInWords(labelled, kept)],
    helped,
    fresh: kept.fresh,
    start,
    network,
    sampling,
    loss: settings.loss === undefined ? found.loss : Loss.parse({ kind: settings.loss }),
    objects,
    optimisation,
    why: [
      `${counted(byPart.train.length, 'image')} to learn from, ${byPart.val.length === 0 ? 'none' : byPart.val.length} to choose the checkpoint by, ${byPart.test.length} held out for the score; images never change sides.`,
      ...(byPart.val.length === 0 ? [LAST_IS_TAKEN] : []),
      `Starts from ${start.words}.`,
      ...(start.network === null
        ? []
        : [
            `Network${start.sampling === null ? ' is that' : ' and sampling are those'} of the weights it starts from.`,
          ]),
      ...(start.sampling === null && settings.sizePx === undefined && settings.mode === undefined
        ? [found.why.sampling]
        : []),
      ...(settings.loss === undefined ? [found.why.loss] : []),
      ...(objects === null ? [] : [objectsInWords(db, dataset, byPart.train)]),
      ...(changed.length === 0 ? [] : [`Chosen by hand: ${inWords(changed)}.`]),
    ],
    warnings: [
      ...(warning === null ? [] : [`${sentence(start.words)}: ${warning}`]),
      ...divided(used, partOf),
    ],
  };
}

/** What became a group, or was copied, after its images had their parts, which they keep. */
function divided(images: readonly ImageRecord[], partOf: (image: ImageRecord) => Part): string[] {
  return findLeaks(images.map((image) => ({ image, side: partOf(image) }))).map(
    ({ kind, name, sides }) =>
      `${kind === 'group' ? `Images of the group "${name}"` : `Copies of ${name}`} lie in ${inWords(sides)}, as they were trained with before they belonged together: the score may flatter. Exclude those of one part to be sure.`,
  );
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

const spoiltInWords = (labelled: readonly ImageRecord[], { spoilt }: KeptParts) =>
  labelled.flatMap(({ id, name }) =>
    spoilt.has(id)
      ? [
          {
            name,
            why: 'a test image of the split that an earlier training learned from: it can neither train nor test any more',
          },
        ]
      : [],
  );

/** Errors: invalid-input. */
function assertLearnable(db: Project, dataset: Dataset, train: readonly ImageRecord[]): void {
  const { name, hasBackground } = dataset;
  if (train.length === 0) {
    throw new AppError(
      'invalid-input',
      `Every labelled image of "${name}" is held out for testing, and none is left to learn from. Label another image.`,
      { subject: name },
    );
  }
  const labels = partLabels(
    db,
    train.map(({ labelMapId }) => ({ part: 'train' as const, labelMapId })),
  );
  const obstacle = foregroundObstacle(name, labels, hasBackground);
  if (obstacle !== null) throw new AppError('invalid-input', obstacle, { subject: name });
}
