/** The training that goes on while one labels: one a project at a time, of one dataset. */
import { z } from 'zod';
import { Id, type LivePoint, type LiveState, type Model } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { PredictionRegion } from './predict.ts';
import { project } from './project.ts';

/** Pixels of an image that is answered at once, within two seconds on two cores: some 25 windows. */
export const AT_ONCE_PIXELS = 1024 ** 2;

/** A training rests so long after it heard of a hand that paints; the window says so about twice in that time. */
export const HAND_MS = 500;

export const liveCalls = {
  /** What it is doing; while it does something, `live.state` events say the same. */
  'live.state': z.object({ project }),
  /** How its held-out Dice went so far, also while it does not run. */
  'live.curve': z.object({ project, datasetId: Id }),
  /** Begins, or goes on from its checkpoint. One of another dataset is paused. */
  'live.start': z.object({ project, datasetId: Id }),
  /** Saves a checkpoint and ends the process; nothing is lost. */
  'live.pause': z.object({ project }),
  /** Ends it and forgets what it learned of this dataset; which images are held out stays. */
  'live.stop': z.object({ project, datasetId: Id }),
  /** Makes a model of what it learned and saved so far, which is then scored; it goes on. */
  'live.keep': z.object({ project, datasetId: Id }),
  /** Which image is on the screen: its labels are taken up once another one is; null: none. */
  'live.look': z.object({ project, imageId: Id.nullable() }),
  /** Somebody paints, who goes first: it rests for `HAND_MS` from now. Said again and again while that goes on. */
  'live.hand': z.object({ project }),
  /**
   * Label map by the weights of now; of a large image that takes a while, and `region`, what is on the screen, comes first
   * where it is asked for first: as it would be with all of the image. Over HTTP alone (exchange.ts): its bytes do not travel in messages.
   */
  'live.predict': z.object({ project, imageId: Id, region: PredictionRegion.optional() }),
} satisfies Record<string, z.ZodType>;

export const liveChanges = { 'live.keep': ['models', 'runs'] } as const satisfies Partial<
  Record<keyof typeof liveCalls, readonly ChangedKind[]>
>;

export interface LivePrediction {
  /** label-map.ts code, of the region. */
  readonly bytes: Uint8Array;
  /** Of the weights. */
  readonly step: number;
}

export interface LiveOutputs {
  'live.state': LiveState;
  'live.curve': LivePoint[];
  'live.start': LiveState;
  'live.pause': LiveState;
  'live.stop': LiveState;
  'live.keep': Model;
  'live.look': null;
  'live.hand': null;
  'live.predict': LivePrediction;
}
