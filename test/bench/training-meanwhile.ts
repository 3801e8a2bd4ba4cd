/**
 * A network that is trained while images are labelled. Its settings, its steps, which labels join and which are held out
 * are those of the live training (engine/training/live); only when steps are made is told here: so many for each second that
 * the hand worked, so that a busy computer gives what an idle one does.
 *
 * Labels of an image join when the next one is opened, so the training meanwhile does not know the image before either.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProject, type Project } from '../../engine/db/project.ts';
import { sha256 } from '../../engine/sha256.ts';
import { type AnyTile, withInput } from '../../engine/training/images/tiles.ts';
import { LabelSet } from '../../engine/training/live/label-set.ts';
import { createLiveNetwork, fresh, type LiveNetwork } from '../../engine/training/live/network.ts';
import { Pictures } from '../../engine/training/live/pictures.ts';
import { liveSettings } from '../../engine/training/live/settings.ts';
import { predictionInput } from '../../engine/training/scoring/predict.ts';
import { type Engine, startEngine } from '../../engine/training/tensorflow/backend.ts';
import type { Dataset } from '../../shared/entities.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';
import type { Mask, NucleiImage } from './nuclei-objects.ts';

/** The project that images of a folder with images/ are in. */
function projectOf(path: string, folder: string, images: readonly NucleiImage[]) {
  const project = createProject(path);
  const datasetId = project.datasets.create({
    name: 'nuclei',
    origin: {},
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'nucleus', color: '#e69f00' },
    ],
    imageClasses: [],
  });
  for (const { name, pixels } of images) {
    const bytes = readFileSync(join(folder, 'images', name));
    project.datasets.addImage({
      ...{ datasetId, name, widthPx: pixels.width, heightPx: pixels.height },
      ...{ channels: pixels.channels, bitDepth: 8, hash: sha256(bytes), page: 0 },
      ...{ groupName: null, imageClass: null, source: { bytes } },
    });
  }
  return { project, datasetId };
}

export interface StepsMeanwhile {
  /** That the hand works. */
  readonly aSecond: number;
  /** Before each image. */
  readonly most: number;
}

export class TrainingMeanwhile {
  readonly #project: Project;
  readonly #dataset: Dataset;
  readonly #labels: LabelSet;
  readonly #pictures: Pictures;
  readonly #settings: ReturnType<typeof liveSettings>;
  readonly #steps: StepsMeanwhile;
  #network: LiveNetwork;
  #step = 0;
  #cpuMs = 0;

  private constructor(engine: Engine, project: Project, dataset: Dataset, steps: StepsMeanwhile) {
    this.#project = project;
    this.#dataset = dataset;
    this.#steps = steps;
    this.#labels = new LabelSet(project, dataset.id);
    this.#pictures = new Pictures(project);
    this.#settings = liveSettings(project.datasets.images(dataset.id));
    const start = fresh(this.#settings, dataset);
    this.#network = createLiveNetwork(engine, { ...start, hasBackground: dataset.hasBackground });
  }

  /** `path`: of a project that is made for it. `folder`: where images/ is. */
  static async begin(
    path: string,
    options: {
      readonly folder: string;
      readonly images: readonly NucleiImage[];
      readonly steps: StepsMeanwhile;
    },
  ): Promise<TrainingMeanwhile> {
    const { project, datasetId } = projectOf(path, options.folder, options.images);
    const dataset = project.datasets.get(datasetId);
    if (dataset === undefined) throw new Error('the dataset is gone');
    // One core is left to whoever labels: one of two.
    const engine = await startEngine({ engine: 'tensorflow', threads: 1 });
    return new TrainingMeanwhile(engine, project, dataset, options.steps);
  }

  /** Of the steps so far. */
  get made() {
    return { step: this.#step, cpuMs: this.#cpuMs };
  }

  /** The hand worked so long on an image: as long is trained on those that joined before. */
  async train(seconds: number): Promise<void> {
    const members = this.#labels.trained;
    if (members.length === 0) return;
    const plan = this.#network.batches(members.length);
    const { aSecond, most } = this.#steps;
    const steps = Math.min(most, Math.round(seconds * aSecond));
    for (const last = this.#step + steps; this.#step < last;) {
      const at = this.#step + 1;
      const tiles: AnyTile[] = [];
      for (const index of plan.images(at)) {
        const member = members[index];
        const tile = member && (await this.#pictures.of(member, this.#settings));
        if (tile == null) throw new Error('an image cannot be read');
        tiles.push(tile);
      }
      const { user, system } = process.cpuUsage();
      await this.#network.train(plan.fill(at, tiles), at);
      const took = process.cpuUsage({ user, system });
      this.#cpuMs += (took.user + took.system) / 1000;
      this.#step = at;
    }
  }

  /** The next image is opened: the labels of this one join. */
  join(name: string, { width, height, data }: Mask): void {
    const imageId = this.#imageOf(name).id;
    const bytes = encodeLabelMap({ width, height, data });
    this.#project.labelMaps.add({ imageId, author: 'corrected', bytes });
    this.#labels.look({
      dataset: this.#dataset,
      openImageId: null,
      unreadable: this.#pictures.unreadable,
    });
  }

  /** What it sees in an image; null: it has learned nothing yet. */
  async sees(name: string): Promise<Uint8Array | null> {
    if (this.#step === 0) return null;
    const { sampling, network } = this.#settings;
    const of = { image: this.#imageOf(name), channels: network.inputChannels };
    return withInput(this.#project, of, async (rows) => {
      const input = await predictionInput(rows, sampling);
      return (await this.#network.predict(input, null)).data;
    });
  }

  #imageOf(name: string) {
    const image = this.#project.datasets.images(this.#dataset.id).find((one) => one.name === name);
    if (image === undefined) throw new Error(`there is no image ${name}`);
    return image;
  }

  end(): void {
    this.#network.dispose();
    this.#pictures.close();
    this.#project.close();
  }
}
