/** Projects for victims, made once and copied for every case. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { generateDataset } from '../../../engine/data/generators/generate-dataset.ts';
import { readMigrations } from '../../../engine/db/migrations.ts';
import { createFile } from '../../../engine/db/open.ts';
import { createProject } from '../../../engine/db/project.ts';
import { snapshotItem } from '../../../engine/db/splits.ts';
import { NetworkConfig, OptimisationConfig } from '../../../shared/entities.ts';

/** Images that are imported, more than one transaction of them. */
export const IMPORTED = 120;
/** Images of the dataset that is painted, and added to. */
export const PAINTED = 10;
const SIZE_PX = 32;
/** Images of a dataset that nothing is made of, which move to an empty one and back. */
export const LOOSE = 6;
/** The version that migrations begin from. */
const OLD_VERSION = 7;
export const OLD_IMAGES = 2000;
/** A small ResNet-18, beside the images. */
export const WEIGHTS = 'resnet18.pth';
const KEPT_WEIGHTS = '../../engine/training/weights/fixtures/torch-resnet18-stream.gz';

export interface Prepared {
  /** A dataset of ten images with labels, and a queued run that fine-tunes on them. */
  readonly painted: string;
  /** Of an older version. */
  readonly old: string;
  readonly images: string;
}

export async function prepare(folder: string): Promise<Prepared> {
  const painted = join(folder, 'painted.graft');
  const project = createProject(painted);
  const datasetId = await generateDataset(project, {
    ...{ name: 'texshapes', generator: 'texshapes-target' },
    ...{ count: PAINTED, sizePx: SIZE_PX, seed: 1 },
  });
  const loose = { name: 'loose', generator: 'texshapes-target', sizePx: 16 } as const;
  await generateDataset(project, { ...loose, count: LOOSE, seed: 2 });
  const { classes } = project.datasets.get(datasetId) ?? { classes: [] };
  project.datasets.create({ name: 'place', origin: {}, classes });
  const images = project.datasets.images(datasetId);
  const snapshotId = project.snapshots.take(
    datasetId,
    images.map((image, i) => snapshotItem(image, i < 4 ? 'train' : i < 6 ? 'val' : 'test')),
  );
  const { inputChannels } = { inputChannels: images[0]?.channels === 3 ? 3 : 1 } as const;
  project.runs.create({
    config: {
      ...{ kind: 'finetune', transfer: 'random', pretrainRunId: null, seed: 1, snapshotId },
      network: NetworkConfig.parse({ depth: 1, base: 2, inputChannels }),
      sampling: { sizePx: SIZE_PX, mode: 'resize' },
      optimisation: OptimisationConfig.parse({
        ...{ steps: 60, batch: 2, learningRate: 1e-2, schedule: 'constant', evaluateEvery: 10 },
      }),
      trainImageIds: images.slice(0, 4).map(({ id }) => id),
      validationScore: 'classes',
    },
    ...{ studyId: null, pretraining: null, labels: null, dependsOn: null },
  });
  project.close();

  const imported = join(folder, 'images');
  mkdirSync(imported);
  for (let i = 0; i < IMPORTED; i++) {
    const data = Uint8Array.from({ length: 256 }, (_, k) => (i * 7 + k) % 256);
    writeFileSync(join(imported, `${i}.png`), encode({ width: 16, height: 16, data, channels: 1 }));
  }
  writeFileSync(
    join(folder, WEIGHTS),
    gunzipSync(readFileSync(join(import.meta.dirname, KEPT_WEIGHTS))),
  );
  return { painted, old: oldProject(folder), images: imported };
}

function oldProject(folder: string): string {
  const path = join(folder, 'old.graft');
  const { sqlite, close } = createFileOf(path);
  sqlite.exec(
    `INSERT INTO datasets (id, name, created_at, origin) VALUES (1, 'old', '2026-01-01', '{}')`,
  );
  const image = sqlite.prepare(
    `INSERT INTO images (id, dataset_id, name, width_px, height_px, channels, bit_depth, hash, created_at)
       VALUES (?, 1, ?, 16, 16, 1, 8, 'none', '2026-01-01')`,
  );
  const labels = sqlite.prepare(
    `INSERT INTO label_maps (image_id, author, created_at, bytes) VALUES (?, 'human', '2026-01-01', ?)`,
  );
  // 'GLM1', 16 × 16, one run of 256 pixels of class 1.
  const code = Buffer.from('474c4d3110000000100000000180020a', 'hex').subarray(0, 15);
  sqlite.transaction(() => {
    for (let i = 1; i <= OLD_IMAGES; i++) {
      image.run(i, `${i}.png`);
      labels.run(i, code);
    }
  })();
  close();
  return path;
}

function createFileOf(path: string) {
  const file = createFile(path, {
    migrations: readMigrations().filter(({ version }) => version <= OLD_VERSION),
  });
  return { sqlite: file.sqlite, close: () => file.close() };
}

/** Its own copy for a case. */
export function copyOf(prepared: string, folder: string): string {
  const path = join(folder, 'case.graft');
  copyFileSync(prepared, path);
  return path;
}
