/**
 * What a live training leaves in the project file. What cannot be written, most likely for a full disk, is kept and comes
 * again with whatever is written next.
 */
import type { LivePoint, LiveState } from '../shared/entities.ts';
import { messageOf } from '../shared/errors.ts';
import type { Project } from './db/project.ts';
import type { Joining } from './training/live/label-set.ts';

interface Joined {
  readonly step: number;
  readonly takings: readonly Joining[];
}

export const LIVE_OFF: LiveState = {
  datasetId: null,
  phase: 'off',
  why: null,
  step: 0,
  trainedSeconds: 0,
  images: 0,
  heldOut: 0,
  measured: null,
  sampling: null,
  unused: [],
  trouble: null,
};

/** As the project file tells of a training that does not run. */
export function storedLiveState({ live }: Project, datasetId: number): LiveState {
  const record = live.list().find((one) => one.datasetId === datasetId);
  const { step = 0, trainedSeconds = 0 } = record ?? {};
  const measured = live.points(datasetId).at(-1) ?? null;
  const { images = 0, heldOut = 0 } = measured ?? {};
  return { ...LIVE_OFF, datasetId, step, trainedSeconds, measured, images, heldOut };
}

export class LiveRecords {
  readonly #project: Project;
  readonly #datasetId: number;
  readonly #onTrouble: (trouble: string | null) => void;
  #joined: Joined[] = [];
  #point: LivePoint | null = null;
  /** Of the checkpoint that could not be stored. */
  #owedStep: number | null = null;

  /** `onTrouble`: what is wrong, in words; null once everything is stored. */
  constructor(
    project: Project,
    options: {
      readonly datasetId: number;
      readonly onTrouble: (trouble: string | null) => void;
    },
  ) {
    this.#project = project;
    this.#datasetId = options.datasetId;
    this.#onTrouble = options.onTrouble;
  }

  /** It goes on from a checkpoint: what came after that has not been. */
  resumedAt(step: number): void {
    this.#write((live) => live.resumedAt(this.#datasetId, step));
  }

  joined(step: number, takings: readonly Joining[]): void {
    this.#joined.push({ step, takings });
    this.#write(() => undefined);
  }

  measured(point: LivePoint): void {
    this.#point = point;
    this.#write(() => undefined);
  }

  checkpoint(saved: { step: number; trainedSeconds: number; bytes: Uint8Array }): void {
    this.#owedStep = saved.step;
    this.#write((live) => {
      live.saveCheckpoint(this.#datasetId, saved);
      this.#owedStep = null;
    });
  }

  /** The parts of images that have none yet are those of models as well. */
  #join(step: number, takings: readonly Joining[]): void {
    const { datasets, live, models } = this.#project;
    // Some may have been deleted meanwhile.
    const there = takings.filter(({ imageId }) => datasets.image(imageId) !== undefined);
    live.addTakings(this.#datasetId, step, there);
    const kept = new Set(models.keptParts(this.#datasetId).map(({ imageId }) => imageId));
    models.keepParts(there.filter(({ imageId }) => !kept.has(imageId)));
  }

  #write(own: (live: Project['live']) => void): void {
    const { live } = this.#project;
    const owedStep = this.#owedStep;
    try {
      this.#project.recomputable(() => {
        for (const { step, takings } of this.#joined) this.#join(step, takings);
        if (this.#point !== null) live.addPoint(this.#datasetId, this.#point);
        own(live);
      });
      this.#joined = [];
      this.#point = null;
      // Small things may be stored while a checkpoint finds no room.
      if (this.#owedStep === null) this.#onTrouble(null);
    } catch (error) {
      this.#owedStep = owedStep;
      this.#onTrouble(`What it learned could not be stored: ${messageOf(error)}`);
    }
  }
}
