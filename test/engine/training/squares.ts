/** A small project to train on: bright squares on a noisy ground, in 6 images to train, 3 to validate and 5 to test. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { createProject, type Project } from '../../../engine/db/project.ts';
import { snapshotItem } from '../../../engine/db/splits.ts';
import { decodeCheckpoint } from '../../../engine/training/checkpoint.ts';
import {
  NetworkConfig,
  OptimisationConfig,
  PretrainingOptions,
  type PretrainingTask,
  type RunConfig,
  type Transfer,
} from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { createRandom } from '../../../shared/random.ts';

export const SIZE_PX = 32;
const IMAGES = 14;

/** Odd images hold two squares, and are of another image class. */
function addImage(project: Project, datasetId: number, index: number): void {
  const random = createRandom(index, 'worker test');
  const pixels = Uint8Array.from({ length: SIZE_PX * SIZE_PX }, () => 60 + random.below(60));
  const labels = new Uint8Array(SIZE_PX * SIZE_PX);
  for (let n = 0; n <= index % 2; n++) {
    const [left, top] = [random.below(20), random.below(20)];
    for (let i = 0; i < 100; i++) {
      const at = (top + Math.floor(i / 10)) * SIZE_PX + left + (i % 10);
      pixels[at] = 160 + random.below(60);
      labels[at] = 1;
    }
  }
  const bytes = encode({ width: SIZE_PX, height: SIZE_PX, data: pixels, channels: 1 });
  const imageId = project.datasets.addImage({
    datasetId,
    name: `${index}.png`,
    widthPx: SIZE_PX,
    heightPx: SIZE_PX,
    channels: 1,
    bitDepth: 8,
    hash: createHash('sha256').update(bytes).digest('hex'),
    page: 0,
    groupName: null,
    imageClass: index % 2,
    source: { bytes },
  });
  const map = encodeLabelMap({ width: SIZE_PX, height: SIZE_PX, data: labels });
  project.labelMaps.add({ imageId, author: 'generated', bytes: map });
}

/** Everything that training changed, as one hash; fails where a checkpoint to resume from lacks an array. */
function stateHash(bytes: Uint8Array): string {
  const { trained, moments, best, header } = decodeCheckpoint(bytes);
  const hash = createHash('sha256').update(JSON.stringify([header.step, header.best]));
  const { theta, statistics } = trained;
  for (const array of [theta, statistics, moments?.m, moments?.v, best?.theta, best?.statistics]) {
    if (array === undefined) throw new Error('a checkpoint to resume from holds all six arrays');
    hash.update(Buffer.from(array.buffer));
  }
  return hash.digest('hex');
}

/** In that folder; the project is the caller's to close. */
export function squaresIn(folder: string) {
  const project = createProject(join(folder, 'test.graft'));
  const datasetId = project.datasets.create({
    name: 'squares',
    origin: {},
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'square', color: '#ffffff' },
    ],
    imageClasses: ['one', 'two'],
  });
  for (let i = 0; i < IMAGES; i++) addImage(project, datasetId, i);
  const images = project.datasets.images(datasetId);
  const snapshotId = project.snapshots.take(
    datasetId,
    images.map((image, i) => snapshotItem(image, i < 6 ? 'train' : i < 9 ? 'val' : 'test')),
  );
  const common = {
    network: NetworkConfig.parse({ depth: 2, base: 4, bottleneck: 4 }),
    sampling: { sizePx: SIZE_PX, mode: 'resize' as const },
    optimisation: OptimisationConfig.parse({
      steps: 60,
      batch: 4,
      learningRate: 1e-2,
      schedule: 'constant',
      evaluateEvery: 20,
    }),
    seed: 1,
    snapshotId,
  };

  const addRun = (config: RunConfig): number =>
    project.runs.create({
      studyId: null,
      config,
      pretraining: null,
      labels: null,
      dependsOn: null,
    });
  const pretrainConfig = (task: PretrainingTask) => ({
    kind: 'pretrain' as const,
    ...common,
    task,
    options: PretrainingOptions.parse({}),
  });
  const finetuneConfig = (transfer: Transfer, pretrainRunId: number | null) => ({
    kind: 'finetune' as const,
    ...common,
    transfer,
    pretrainRunId,
    trainImageIds: images.slice(0, 4).map((image) => image.id),
  });
  const bytesOf = (runId: number, kind: 'best' | 'last') => {
    const bytes = project.runs.checkpoint(runId, kind)?.bytes;
    if (bytes === undefined) throw new Error(`run ${runId} left no ${kind} checkpoint`);
    return bytes;
  };
  return {
    folder,
    project,
    images,
    common,
    addRun,
    pretrainConfig,
    finetuneConfig,
    stored: (runId: number, kind: 'best' | 'last') => decodeCheckpoint(bytesOf(runId, kind)),
    stateHash: (runId: number) => stateHash(bytesOf(runId, 'last')),
  };
}
