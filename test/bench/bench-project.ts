/** Made-up projects of any size for the benchmarks, in a folder that is gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { createProject, type Project } from '../../engine/db/project.ts';
import { sha256 } from '../../engine/sha256.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Run, StudyConfig } from '../../shared/entities.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';
import { createRandom } from '../../shared/random.ts';

/** Runs `work` in an empty folder. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'graft-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Picture {
  /** [size, size, 3] */
  readonly pixels: Uint8Array;
  readonly png: Uint8Array;
  /** Run-length coded, as the project stores it. */
  readonly labelMap: Uint8Array;
}

/** Bright discs on a noisy ground, RGB, and their label map. */
export function picture(index: number, sizePx: number, discs = 6): Picture {
  const random = createRandom(index, 'bench picture');
  const pixels = Uint8Array.from({ length: sizePx * sizePx * 3 }, () => 60 + random.below(40));
  const labels = new Uint8Array(sizePx * sizePx);
  for (let n = 0; n < discs; n++) {
    const [cx, cy] = [random.below(sizePx), random.below(sizePx)];
    const radius = sizePx / 16 + random.below(Math.ceil(sizePx / 16));
    for (let y = Math.max(0, cy - radius); y < Math.min(sizePx, cy + radius); y++) {
      for (let x = Math.max(0, cx - radius); x < Math.min(sizePx, cx + radius); x++) {
        const at = Math.floor(y) * sizePx + Math.floor(x);
        if ((x - cx) ** 2 + (y - cy) ** 2 > radius ** 2) continue;
        labels[at] = 1;
        pixels.fill(170, at * 3, at * 3 + 3);
      }
    }
  }
  return {
    pixels,
    png: encode({ width: sizePx, height: sizePx, data: pixels, channels: 3 }),
    labelMap: encodeLabelMap({ width: sizePx, height: sizePx, data: labels }),
  };
}

export function emptyDataset(project: Project, name: string): number {
  return project.datasets.create({
    name,
    origin: {},
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'disc', color: '#e69f00' },
    ],
    imageClasses: [],
  });
}

/** A file of its own, of the same picture: what stands behind the end of a PNG is not read. */
export const marked = (png: Uint8Array, mark: string): Uint8Array =>
  Buffer.concat([png, Buffer.from(mark)]);

export function addPicture(
  project: Project,
  datasetId: number,
  of: { readonly name: string; readonly sizePx: number; readonly picture: Omit<Picture, 'pixels'> },
): number {
  const { labelMap } = of.picture;
  const bytes = marked(of.picture.png, of.name);
  const imageId = project.datasets.addImage({
    datasetId,
    name: of.name,
    widthPx: of.sizePx,
    heightPx: of.sizePx,
    channels: 3,
    bitDepth: 8,
    hash: sha256(bytes),
    page: 0,
    groupName: null,
    imageClass: null,
    source: { bytes },
  });
  project.labelMaps.add({ imageId, author: 'generated', bytes: labelMap });
  return imageId;
}

/** A project with one dataset of `images` pictures; the caller closes it. */
export function discsProject(
  path: string,
  options: { readonly images: number; readonly sizePx: number },
): { project: Project; datasetId: number } {
  const project = createProject(path);
  const datasetId = emptyDataset(project, 'discs');
  for (let i = 0; i < options.images; i++) {
    const { sizePx } = options;
    addPicture(project, datasetId, { name: `${i}.png`, sizePx, picture: picture(i, sizePx) });
  }
  return { project, datasetId };
}

/** Creates a study and runs it to its end. Errors: what made its first run fail. */
export async function finishedStudy(
  engine: Engine,
  { path, runs, studies }: Pick<Project, 'path' | 'runs' | 'studies'>,
  config: StudyConfig,
): Promise<Run[]> {
  const { id } = await engine.call('studies.create', { project: path, config });
  await new Promise<void>((resolve, reject) => {
    const stop = engine.subscribe((event) => {
      if (event.type !== 'changed' || event.changes.studies?.updated?.includes(id) !== true) return;
      const status = studies.get(id)?.status;
      if (status !== 'done' && status !== 'failed') return;
      stop();
      const failed = runs.ofStudy(id).find(({ error }) => error !== null);
      if (status === 'done') resolve();
      else reject(new Error(failed?.error?.message ?? 'the study failed'));
    });
    engine.call('studies.run', { project: path, studyId: id }).catch(reject);
  });
  return runs.ofStudy(id);
}
