/** What a scheduler is asked for, from what was measured on this machine. */
import type { EngineChoice, EngineName, Run, Study } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import { calibrate } from '../study/planning/calibrate.ts';
import { runSeconds } from '../study/planning/estimate.ts';
import type { TestSize } from '../training/protocol.ts';
import type { Limits } from './scripts.ts';

/** A node may be so much slower than the machine that was measured … */
const SLOWER = 3;
/** … and has to load Graft from a shared folder first. */
const START_MINUTES = 5;
/** Decoded images come on top of what a trainer holds. */
const MEMORY = { factor: 1.5, extraMb: 512, roundMb: 256 };

/** Labelled images of a part, and how large they are on average. */
function partOf(project: Project, snapshotId: number, part: 'val' | 'test') {
  const images = project.snapshots
    .items(snapshotId)
    .filter((item) => item.part === part && item.labelMapId !== null)
    .flatMap(({ imageId }) => project.datasets.image(imageId) ?? []);
  const mean = (of: (image: (typeof images)[number]) => number) =>
    Math.max(1, Math.round(images.reduce((sum, image) => sum + of(image), 0) / images.length));
  return { count: images.length, width: mean((i) => i.widthPx), height: mean((i) => i.heightPx) };
}

/** The engine of all runs of a study, so that pairs differ in nothing else; undefined: none is set yet. */
export const engineOf = ({ config }: Study, runs: readonly Run[]): EngineName | undefined =>
  config.execution?.engine ?? runs.find(({ engine }) => engine !== null)?.engine?.name;

/** What the user has said stays; the rest is measured. Errors: those of calibrate. */
export async function limitsOf(
  project: Project,
  study: Study,
  options: {
    readonly runs: readonly Run[];
    readonly engine: EngineChoice;
    readonly signal: AbortSignal;
    readonly threads: number | undefined;
    readonly minutes: number | undefined;
    readonly memoryMb: number | undefined;
  },
): Promise<Limits> {
  const { runs, engine, signal, memoryMb } = options;
  const threads = options.threads ?? study.config.execution?.threads ?? 1;
  const { minutes } = options;
  if (minutes !== undefined && memoryMb !== undefined) {
    return { threads, memoryMb, minutes: { pretrain: minutes, finetune: minutes } };
  }
  const test = partOf(project, study.targetSnapshotId, 'test');
  const val = partOf(project, study.targetSnapshotId, 'val');
  const classes = pinnedDataset(project, study.targetSnapshotId)?.classes.length ?? 2;
  const testSize: TestSize = {
    widthPx: test.width,
    heightPx: test.height,
    classes: Math.max(2, classes),
  };
  const { kernels } = study.config.execution ?? {};
  const execution = { threads, parallel: 1, ...(kernels === undefined ? {} : { kernels }) };
  const calibration = await calibrate(
    { ...study.config, execution },
    { engine, signal, ...(test.count === 0 ? {} : { test: testSize }) },
  );
  const longest = (kind: Run['kind']) => {
    const seconds = runs
      .filter((run) => run.kind === kind)
      .map(({ config }) =>
        runSeconds(config, { valCount: val.count, testCount: test.count }, calibration),
      );
    const most = seconds.reduce((a, b) => Math.max(a, b), 0);
    return minutes ?? Math.ceil((SLOWER * most) / 60) + START_MINUTES;
  };
  const peakMb = calibration.chosen.peakMemoryBytes / 2 ** 20;
  const { factor, extraMb, roundMb } = MEMORY;
  return {
    threads,
    minutes: { pretrain: longest('pretrain'), finetune: longest('finetune') },
    memoryMb: memoryMb ?? Math.ceil((factor * peakMb + extraMb) / roundMb) * roundMb,
  };
}
