/** A small project whose objects touch: pairs of discs, bright in the middle, told apart in all label maps. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll } from 'vitest';
import { createProject, type Project } from '../../../engine/db/project.ts';
import { snapshotItem } from '../../../engine/db/splits.ts';
import {
  type FinetuneRunConfig,
  NetworkConfig,
  OptimisationConfig,
} from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { createRandom } from '../../../shared/random.ts';

export const SIDE_PX = 48;
const IMAGES = 14;

function addImage(project: Project, datasetId: number, index: number): void {
  const random = createRandom(index, 'touching discs');
  const size = SIDE_PX * SIDE_PX;
  const pixels = Uint8Array.from({ length: size }, () => 30 + random.below(30));
  const labels = new Uint8Array(size);
  const objects = new Uint32Array(size);
  let number = 0;
  for (const [x, y] of [
    [12, 12],
    [36, 12],
    [12, 36],
    [36, 36],
  ] as const) {
    const radius = 5 + random.next();
    const angle = random.uniform(0, 2 * Math.PI);
    for (const side of [-1, 1]) {
      number++;
      const [cx, cy] = [
        x + side * radius * 0.85 * Math.cos(angle),
        y + side * radius * 0.85 * Math.sin(angle),
      ];
      for (let i = 0; i < size; i++) {
        const away = Math.hypot((i % SIDE_PX) - cx, Math.floor(i / SIDE_PX) - cy);
        if (away > radius || objects[i] !== 0) continue;
        labels[i] = 1;
        objects[i] = number;
        pixels[i] = 210 - 90 * (away / radius) ** 2 + random.below(20);
      }
    }
  }
  const bytes = encode({ width: SIDE_PX, height: SIDE_PX, data: pixels, channels: 1 });
  const imageId = project.datasets.addImage({
    ...{ datasetId, name: `${index}.png`, widthPx: SIDE_PX, heightPx: SIDE_PX, channels: 1 },
    ...{ bitDepth: 8, page: 0, groupName: null, imageClass: null, source: { bytes } },
    hash: createHash('sha256').update(bytes).digest('hex'),
  });
  const map = { width: SIDE_PX, height: SIDE_PX };
  project.transaction(() =>
    project.labelMaps.add({
      ...{ imageId, author: 'human', bytes: encodeLabelMap({ ...map, data: labels }) },
      objects: encodeObjectMap({ ...map, data: objects }),
    }),
  );
}

/** Lasts until the end of the test file. 8 images to train, 2 to validate, 4 to test. */
export function discsProject() {
  const folder = mkdtempSync(join(tmpdir(), 'graft-discs-'));
  const path = join(folder, 'discs.graft');
  const project = createProject(path);
  afterAll(() => {
    project.close();
    rmSync(folder, { recursive: true });
  });
  const datasetId = project.datasets.create({
    name: 'discs',
    origin: {},
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'disc', color: '#ffffff' },
    ],
    imageClasses: [],
  });
  for (let i = 0; i < IMAGES; i++) addImage(project, datasetId, i);
  const images = project.datasets.images(datasetId);
  const snapshotId = project.snapshots.take(
    datasetId,
    images.map((image, i) => snapshotItem(image, i < 8 ? 'train' : i < 10 ? 'val' : 'test')),
  );
  const config: FinetuneRunConfig = {
    kind: 'finetune',
    network: NetworkConfig.parse({ depth: 2, base: 8, bottleneck: 4 }),
    sampling: { sizePx: SIDE_PX, mode: 'resize' },
    optimisation: OptimisationConfig.parse({
      ...{ steps: 120, batch: 4, learningRate: 1e-2, schedule: 'cosine', evaluateEvery: 40 },
    }),
    ...{ seed: 1, snapshotId, transfer: 'random', pretrainRunId: null },
    trainImageIds: images.slice(0, 8).map(({ id }) => id),
    objects: { weight: 1 },
  };
  const addRun = (own: FinetuneRunConfig): number =>
    project.runs.create({
      ...{ studyId: null, config: own, pretraining: null, labels: null, dependsOn: null },
    });
  return { path, project, datasetId, images, config, addRun };
}
