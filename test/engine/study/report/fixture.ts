/**
 * A made-up study for the report's tests: runs drawn around plausible scores, and an analysis of them
 * that is rough (normal approximations) where only the looks matter. Deterministic.
 */
import sharp from 'sharp';
import type {
  AnalysedRun,
  ArmSummary,
  Comparison,
  ComparisonFamily,
  ComparisonKind,
  Interval,
  ReportData,
  StudyAnalysis,
  Verdict,
} from '../../../../shared/analysis.ts';
import type { PretrainingTask, Transfer } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';

export interface FixtureOptions {
  readonly studyName?: string;
  readonly imageName?: string;
  readonly labelCounts?: readonly number[];
  readonly seeds?: number;
  readonly arms?: readonly (readonly [PretrainingTask | null, Transfer])[];
  /** Which runs fail. */
  readonly fails?: (run: { transfer: Transfer; seed: number; labels: number }) => boolean;
  readonly engines?: ReportData['engines'];
}

export interface Fixture {
  readonly data: ReportData;
  readonly runs: readonly AnalysedRun[];
}

export const ALL_ARMS: readonly (readonly [PretrainingTask | null, Transfer])[] = [
  [null, 'random'],
  ['segmentation', 'encoder'],
  ['segmentation', 'encoder+decoder'],
  ['segmentation', 'decoder'],
  ['segmentation', 'frozen-encoder'],
  ['classification', 'encoder'],
  ['autoencoder', 'encoder'],
];

export const ENGINE: ReportData['engines'][number] = {
  name: 'tensorflow',
  version: '2.21.0',
  threads: 1,
  node: '24.21.0',
  graft: '0.1.0',
};

const DELTA = 0.02;
const TEST_IMAGES = 24;

const GAIN: Readonly<Record<Transfer, number>> = {
  random: 0,
  encoder: 0.09,
  'encoder+decoder': 0.1,
  decoder: -0.012,
  'frozen-encoder': 0.03,
};
const TASK_GAIN: Readonly<Record<PretrainingTask, number>> = {
  segmentation: 1,
  classification: 0.8,
  autoencoder: 0.2,
};

export async function reportFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const { labelCounts = [8, 32], seeds = 5, arms = ALL_ARMS, fails = () => false } = options;
  const runs = arms.flatMap(([pretraining, transfer]) =>
    labelCounts.flatMap((labels) =>
      Array.from({ length: seeds }, (_, seed) =>
        makeRun({ pretraining, transfer, labels, seed, failed: fails({ transfer, seed, labels }) }),
      ),
    ),
  );
  const numbered = runs.map((run, i) => ({ ...run, runId: i + 1 }));
  const analysis = analyseRoughly(numbered, seeds);
  return { data: await makeData(analysis, arms, options), runs: numbered };
}

function makeRun(run: {
  pretraining: PretrainingTask | null;
  transfer: Transfer;
  labels: number;
  seed: number;
  failed: boolean;
}): AnalysedRun {
  const { pretraining, transfer, labels, seed, failed } = run;
  const gain = (GAIN[transfer] * (pretraining ? TASK_GAIN[pretraining] : 0) * 12) / (labels + 4);
  const level = 0.86 - 0.75 / Math.sqrt(labels + 4) + gain;
  const arm = createRandom(seed, 'arm', pretraining ?? '', transfer, labels);
  const shared = createRandom(seed, 'seed', labels).normal() * 0.015;
  const mean = level + shared + arm.normal() * 0.008;
  const images = Array.from({ length: TEST_IMAGES }, (_, i) => {
    const difficulty = createRandom(0, 'image', i).normal() * 0.05;
    const dice = Math.min(0.99, Math.max(0, mean + difficulty + arm.normal() * 0.02));
    return {
      imageId: 100 + i,
      dice,
      iou: dice / (2 - dice),
      hd95: 20 * (1 - dice),
      boundaryF1: dice * 0.8,
    };
  });
  const speed = 60 / (1 + gain * 6);
  const validation = Array.from({ length: 20 }, (_, i) => {
    const step = (i + 1) * 20;
    return { step, dice: Math.max(0, mean * (1 - Math.exp(-step / speed)) + arm.normal() * 0.012) };
  });
  return {
    runId: 0,
    pretraining,
    transfer,
    labels,
    seed,
    status: failed ? 'failed' : 'done',
    validation: failed ? [] : validation,
    images: failed ? [] : images,
    diceLast: failed ? null : mean - 0.006,
  };
}

// ───────────────────────────── a rough analysis ─────────────────────────────

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const centre = average(values);
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1),
  );
}

function around(centre: number, values: readonly number[], z: number): Interval {
  const half =
    values.length < 2 ? 0.03 : (z * deviation(values)) / Math.sqrt(values.length) + 0.002;
  return [centre - half, centre + half];
}

type Cell = Pick<AnalysedRun, 'pretraining' | 'transfer' | 'labels'>;

function analyseRoughly(runs: readonly AnalysedRun[], seeds: number): StudyAnalysis {
  const cells = [
    ...new Map(
      runs.map((run): [string, Cell] => [
        `${run.pretraining ?? ''}/${run.transfer}/${run.labels}`,
        { pretraining: run.pretraining, transfer: run.transfer, labels: run.labels },
      ]),
    ).values(),
  ];
  const runsOf = ({ pretraining, transfer, labels }: Cell) =>
    runs.filter(
      (run) =>
        run.pretraining === pretraining && run.transfer === transfer && run.labels === labels,
    );
  const finished = (cell: Cell) => runsOf(cell).filter(({ status }) => status === 'done');
  const alive = cells.filter((cell) => finished(cell).length > 0);
  const comparisons = alive.flatMap((cell) => comparisonsOf(cell, finished));
  return {
    delta: DELTA,
    indicative: seeds < 5,
    headline:
      comparisons.length === 0
        ? []
        : [
            'Keep the encoder: with 8 labels it adds 0.090 Dice to a random start.',
            'Whether its decoder adds anything is still open: no difference was shown, and none was ruled out.',
          ],
    arms: alive.map((cell) => summarise(cell, finished(cell), runsOf(cell).length)),
    comparisons,
    convergence: alive.map((cell) => ({
      ...cell,
      medianStep: cell.transfer === 'decoder' && cell.labels < 16 ? null : 80 + 3 * cell.labels,
      reached: finished(cell).length,
      seeds: finished(cell).length,
      earlyArea: 0.41,
    })),
    curves: alive.map((cell) => ({
      ...cell,
      points: (finished(cell)[0]?.validation ?? []).map(({ step }, i) => {
        const dice = finished(cell).map(({ validation }) => validation[i]?.dice ?? 0);
        return { step, mean: average(dice), low: Math.min(...dice), high: Math.max(...dice) };
      }),
    })),
    claims:
      comparisons.length === 0
        ? []
        : [
            {
              claim: 1,
              text: 'Transferring a decoder does not help: a randomly initialised one ends equivalent.',
              status: 'inconclusive',
              why: 'At 8 labels the difference is +0.007 [−0.003, +0.017]: neither shown nor ruled out.',
            },
            {
              claim: 2,
              text: 'Transferring the encoder helps, most of all with few labels.',
              status: 'supported',
              why: 'It helps at 8 and at 32 labels, and more at 8.',
            },
            {
              claim: 3,
              text: 'Encoders from segmentation or reconstruction transfer better than from classification.',
              status: 'contradicted',
              why: 'The autoencoder’s encoder ends 0.060 below classification’s at 8 labels.',
            },
            {
              claim: 5,
              text: 'A contrastive method with several reconstruction tasks gives good encoders.',
              status: 'not tested',
              why: 'The study has no such pretraining.',
            },
          ],
    baselineNotConverged: [],
  };
}

function summarise(cell: Cell, runs: readonly AnalysedRun[], planned: number): ArmSummary {
  const mean = (pick: (image: AnalysedRun['images'][number]) => number) =>
    average(runs.map((run) => average(run.images.map(pick))));
  const perSeed = runs.map((run) => average(run.images.map(({ dice }) => dice)));
  const dice = average(perSeed);
  return {
    ...cell,
    seeds: runs.map(({ seed }) => seed),
    failed: planned - runs.length,
    testImages: TEST_IMAGES,
    dice,
    diceCi95: around(dice, perSeed, 2.4),
    diceSd: runs.length < 2 ? null : deviation(perSeed),
    iou: mean(({ iou }) => iou),
    hd95: mean(({ hd95 }) => hd95),
    boundaryF1: mean(({ boundaryF1 }) => boundaryF1),
    diceLast: average(runs.map(({ diceLast }) => diceLast ?? 0)),
    dicePerSeed: perSeed,
  };
}

type Opponent = readonly [ComparisonKind, ComparisonFamily, PretrainingTask | null, Transfer];

function opponentsOf({ pretraining, transfer }: Cell): readonly Opponent[] {
  switch (transfer) {
    case 'random':
      return [];
    case 'encoder':
      return [
        ['encoder − random', 'encoder', null, 'random'],
        ...(pretraining === 'classification'
          ? []
          : ([
              ['encoder − encoder(classification)', 'encoder', 'classification', 'encoder'],
            ] as const)),
      ];
    case 'encoder+decoder':
      return [
        ['encoder+decoder − encoder', 'decoder', pretraining, 'encoder'],
        ['encoder+decoder − random', 'other', null, 'random'],
      ];
    case 'decoder':
      return [['decoder − random', 'decoder', null, 'random']];
    case 'frozen-encoder':
      return [['frozen-encoder − encoder', 'other', pretraining, 'encoder']];
  }
}

function comparisonsOf(cell: Cell, finished: (cell: Cell) => AnalysedRun[]): Comparison[] {
  const { pretraining, labels } = cell;
  if (pretraining === null) return [];
  return opponentsOf(cell).flatMap(([comparison, family, task, transfer]) => {
    const others = finished({ pretraining: task, transfer, labels });
    const pairs = finished(cell).flatMap((run) => {
      const other = others.find(({ seed }) => seed === run.seed);
      if (other === undefined) return [];
      const score = (images: AnalysedRun['images']) => average(images.map(({ dice }) => dice));
      return [{ seed: run.seed, difference: score(run.images) - score(other.images) }];
    });
    if (pairs.length === 0) return [];
    const perSeed = pairs.map(({ difference }) => difference);
    const effect = average(perSeed);
    const ci95 = around(effect, perSeed, 2.4);
    const ci90 = around(effect, perSeed, 1.9);
    const tested = pairs.length >= 2;
    const verdict = tested ? judge(ci95, ci90) : 'not tested';
    return [
      {
        pretraining,
        labels,
        comparison,
        family,
        effect,
        ci95: tested ? ci95 : ([Number.NaN, Number.NaN] as const),
        ci90: tested ? ci90 : ([Number.NaN, Number.NaN] as const),
        p: tested ? 2 / 2 ** pairs.length : Number.NaN,
        pHolm: tested ? Math.min(1, 8 / 2 ** pairs.length) : Number.NaN,
        seeds: pairs.map(({ seed }) => seed),
        testImages: TEST_IMAGES,
        perSeed,
        wilcoxonP: tested ? 0.0004 : Number.NaN,
        nonInferiorToSkip: comparison === 'encoder+decoder − encoder' ? ci95[1] < DELTA : null,
        verdict,
        words: `${verdict} with ${labels} labels (S = ${pairs.length}, ${TEST_IMAGES} test images, δ = ${DELTA}).`,
      },
    ];
  });
}

function judge(ci95: Interval, ci90: Interval): Verdict {
  const detectable = ci95[0] > 0 || ci95[1] < 0;
  if (ci90[0] > -DELTA && ci90[1] < DELTA) {
    return detectable ? 'equivalent, small but detectable' : 'equivalent';
  }
  if (!detectable) return 'inconclusive';
  return ci95[0] > 0 ? 'helps' : 'hurts';
}

// ───────────────────────────── everything beside the analysis ─────────────────────────────

async function makeData(
  analysis: StudyAnalysis,
  arms: readonly (readonly [PretrainingTask | null, Transfer])[],
  options: FixtureOptions,
): Promise<ReportData> {
  const tasks = [...new Set(arms.flatMap(([task]) => task ?? []))];
  return {
    graftVersion: '0.1.0',
    createdAt: '2026-11-23T07:07:42.000Z',
    studyName: options.studyName ?? 'Textured shapes',
    context:
      'TexShapes source (800 images) → TexShapes target (64 test images) · U-Net depth 4, base 8 · 64 px · 5 seeds',
    engines: options.engines ?? [ENGINE],
    machine: { cpu: 'Example CPU @ 2.50 GHz', cores: 2, memoryBytes: 8 * 2 ** 30, os: 'Debian 12' },
    analysis,
    methods: [
      'Networks: U-Net of depth 4 and base width 8 (widths 8, 16, 32, 64, bottleneck 128), two 3×3 convolutions with batch normalisation and ReLU per level; skips pass a 1×1 convolution that counts as decoder. 64 × 64 pixels, one grey channel.',
      'Training: AdamW, learning rate 0.002, weight decay 0.0001, 10 % warm-up; batch 32 for 400 steps of pretraining, batch 8 for 400 steps of fine-tuning; flips and right-angle turns. The checkpoint of the best validation Dice is tested.',
      'Statistics: differences are paired by seed and image; crossed bootstrap over seeds and images (10 000 resamples), exact sign-flip test over seed means, Holm’s correction within a family, equivalence by two one-sided tests at 5 %.',
    ],
    notes: [
      'The target dataset’s validation part (16 images) has labels too; they are not counted in the label counts.',
      'Run 17 (segmentation → decoder, 8 labels, seed 2) failed: out of memory.',
    ],
    trainingSeconds: 2710,
    wallSeconds: 1483,
    pretrainings: tasks.map((task, i) => ({
      task,
      seeds: options.seeds ?? 5,
      steps: 400,
      secondsPerRun: 41.3 + 7 * i,
      finalLoss: 0.312 / (i + 1),
    })),
    transfers: arms.map(([pretraining, transfer]) => ({
      pretraining,
      transfer,
      loaded: transfer === 'random' ? 0 : 20,
      random: transfer === 'random' ? 44 : 24,
      frozen: 0,
      layers: ['encoder-1/conv-1', 'encoder-1/conv-2', 'decoder-1/skip', 'head'].map((layer) => ({
        layer,
        group: layer.split(/[-/]/)[0] ?? '',
        shape: [3, 3, 8, 16],
        state: layer.startsWith('encoder') && transfer.includes('encoder') ? 'loaded' : 'random',
      })),
    })),
    examples: await makeExamples(analysis, options.imageName ?? 'texshapes-0042.png'),
  };
}

async function makeExamples(
  { arms }: StudyAnalysis,
  imageName: string,
): Promise<ReportData['examples']> {
  const ranks = ['best', 'median', 'worst'] as const;
  return Promise.all(
    arms.flatMap(({ pretraining, transfer, labels, seeds, dice }) =>
      ranks.map(async (rank, i) => {
        const pictures = await example(i + labels, [1, 6, 14][i] ?? 0);
        return {
          pretraining,
          transfer,
          labels,
          seed: seeds[0] ?? 0,
          rank,
          imageName,
          dice: dice + ([0.08, 0, -0.2][i] ?? 0),
          ...pictures,
        };
      }),
    ),
  );
}

interface Pictures {
  readonly image: string;
  readonly truth: string;
  readonly prediction: string;
}

const SIDE = 64;
const drawn = new Map<string, Promise<Pictures>>();

/** The same pictures are drawn once for all tests of a file. */
function example(seed: number, errorPx: number): Promise<Pictures> {
  const key = `${seed}/${errorPx}`;
  const pictures = drawn.get(key) ?? drawExample(seed, errorPx);
  drawn.set(key, pictures);
  return pictures;
}

/** Blobs on a noisy ground; the prediction's outline strays by up to `errorPx`. */
async function drawExample(seed: number, errorPx: number): Promise<Pictures> {
  const random = createRandom(seed, 'example');
  const blobs = Array.from({ length: 4 }, () => ({
    x: random.uniform(10, 54),
    y: random.uniform(10, 54),
    r: random.uniform(5, 10),
  }));
  const inside = (x: number, y: number, stray: number) =>
    blobs.some(
      (blob) =>
        Math.hypot(x - blob.x, y - blob.y) <
        blob.r + stray * Math.sin(3 * Math.atan2(y - blob.y, x - blob.x)),
    );
  const draw = (value: (x: number, y: number) => number) =>
    pngUri(
      Uint8Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE, Math.floor(i / SIDE))),
    );
  return {
    image: await draw((x, y) => {
      const ground = 105 + 22 * random.normal();
      return Math.min(255, Math.max(0, inside(x, y, 0) ? ground + 45 : ground));
    }),
    truth: await draw((x, y) => (inside(x, y, 0) ? 255 : 0)),
    prediction: await draw((x, y) => (inside(x, y, errorPx / 3) ? 255 : 0)),
  };
}

async function pngUri(pixels: Uint8Array): Promise<string> {
  const png = await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
