/** A made-up study for the report's tests: runs drawn around plausible scores, analysed as any. Deterministic. */
import sharp from 'sharp';
import { analyseStudy } from '../../../../engine/study/analysis/analyse.ts';
import type { AnalysedRun, ReportData, StudyAnalysis } from '../../../../shared/analysis.ts';
import type { PretrainingTask, Transfer } from '../../../../shared/entities.ts';
import { createRandom } from '../../../../shared/random.ts';
import { pretrainingsIn } from '../analysis/hand-made-study.ts';

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

const ALL_ARMS: readonly (readonly [PretrainingTask | null, Transfer])[] = [
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
const STEPS = 400;
const EVALUATE_EVERY = 20;

const GAIN: Readonly<Record<Transfer, number>> = {
  random: 0,
  encoder: 0.09,
  'encoder+decoder': 0.1,
  decoder: -0.012,
  'frozen-encoder': 0.03,
  'encoder+deep-decoder': 0.095,
  'permuted-encoder': 0.01,
  'frozen-random': -0.1,
};
const TASK_GAIN: Readonly<Partial<Record<PretrainingTask, number>>> = {
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
  const analysis = analyseStudy({
    runs: numbered,
    pretrainings: pretrainingsIn(numbered),
    delta: DELTA,
    seedForBootstrap: 1,
    budgetSteps: STEPS,
  });
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
  const gain =
    (GAIN[transfer] * (pretraining ? (TASK_GAIN[pretraining] ?? 0) : 0) * 12) / (labels + 4);
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
      uncertainty: null,
    };
  });
  const speed = 60 / (1 + gain * 6);
  const validation = Array.from({ length: STEPS / EVALUATE_EVERY }, (_, i) => {
    const step = (i + 1) * EVALUATE_EVERY;
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

// ───────────────────────────── everything beside the analysis ─────────────────────────────

async function makeData(
  analysis: StudyAnalysis,
  arms: readonly (readonly [PretrainingTask | null, Transfer])[],
  options: FixtureOptions,
): Promise<ReportData> {
  const tasks = [...new Set(arms.flatMap(([task]) => task ?? []))];
  const examples = await makeExamples(analysis, options.imageName ?? 'texshapes-0042.png');
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
      pretraining: task,
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
    pretrainingExamples: examples.slice(0, 1).flatMap(({ imageName, image }) =>
      tasks.map((pretraining) => ({
        pretraining,
        seed: 0,
        examples: [
          {
            imageName,
            caption: 'local shuffle',
            panels: ['Input', 'Target', 'Output'].map((title) => ({ title, png: image })),
          },
        ],
      })),
    ),
    examples,
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
