/**
 * What the engine tells unasked: what of a project is new, different or gone, and how far its runs are. Whoever shows a
 * list of a project keeps it right from this alone.
 */
import type { LiveState, MetricPoint, PendingTraining } from './entities.ts';
import type { WireError } from './errors.ts';
import type { Settings } from './settings.ts';

/** By id. */
export interface ChangedIds {
  readonly added?: readonly number[];
  readonly updated?: readonly number[];
  readonly removed?: readonly number[];
}

export interface NewLabels {
  readonly imageId: number;
  readonly labelMapId: number;
  /** Whether it had none before. */
  readonly isFirst: boolean;
}

/** Projects by path: which of them the engine has open, and which are on the list of recent ones. */
export interface ProjectChanges {
  readonly opened?: readonly string[];
  readonly closed?: readonly string[];
  readonly forgotten?: readonly string[];
}

/** What a call, or the queue, has changed: of a project, or of what this user has beside it. */
export interface Changes {
  /** As they are now. */
  readonly settings?: Settings;
  readonly projects?: ProjectChanges;
  /** A new one comes with its images and splits; `counted`: their numbers of images are others, and nothing else. */
  readonly datasets?: ChangedIds & { readonly counted?: readonly number[] };
  /** Of one dataset. */
  readonly images?: {
    readonly datasetId: number;
    readonly added?: readonly number[];
    readonly updated?: readonly number[];
    /** In the bin, of another dataset, or gone for good. */
    readonly removed?: readonly number[];
    /** Whose current label map is another one. */
    readonly labelled?: readonly NewLabels[];
  };
  /** Of one dataset. */
  readonly splits?: ChangedIds & { readonly datasetId: number };
  readonly encoders?: ChangedIds;
  readonly models?: ChangedIds;
  /** Pixel classifiers that are kept. */
  readonly classifiers?: ChangedIds;
  /** Of one image: whether any are on disk now. */
  readonly scribbles?: {
    readonly datasetId: number;
    readonly imageId: number;
    readonly isBlank: boolean;
  };
  readonly studies?: ChangedIds;
  /** Their state, not how far they are: that is `run.progress`. */
  readonly runs?: ChangedIds;
  /** Of one dataset: what is suggested to be labelled next, or the time spent on it. */
  readonly labelling?: { readonly datasetId: number; readonly what: 'suggestions' | 'time' };
}
export type ChangedKind = keyof Changes;

/** How far a run is; with its record it says all that a list shows of it. */
export interface RunProgress {
  readonly runId: number;
  readonly step: number;
  readonly trainedSeconds: number;
  readonly peakMemoryBytes: number;
}

export type EngineEvent =
  | {
      readonly type: 'changed';
      /** Whose contents it is about; null: what is no project's. */
      readonly project: string | null;
      /** Who asked for it, as the caller calls himself; null: the queue at work, or a nameless caller. */
      readonly origin: string | null;
      readonly changes: Changes;
    }
  | ({ readonly type: 'run.progress'; readonly project: string } & RunProgress)
  | {
      readonly type: 'run.metrics';
      readonly project: string;
      readonly runId: number;
      readonly points: readonly MetricPoint[];
    }
  /** Why nothing that is queued is trained for now; null: it is again. */
  | { readonly type: 'queue.held'; readonly project: string; readonly held: WireError | null }
  /** Trainings that were asked for and are not queued yet: all there are now. */
  | {
      readonly type: 'models.pending';
      readonly project: string;
      readonly pending: readonly PendingTraining[];
    }
  /** Of the training that goes on while one labels: at most a few times a second. */
  | { readonly type: 'live.state'; readonly project: string; readonly state: LiveState }
  | { readonly type: 'window.painted' }
  | { readonly type: 'notice'; readonly message: string };
