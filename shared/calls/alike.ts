/** Images that are nearly the same view. */
import { z } from 'zod';
import type { AlikePair } from '../alike.ts';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { project } from './project.ts';

export const alikeCalls = {
  /** Looks at the images of a dataset that nobody has looked at, and compares them with all that were, of other datasets too. */
  'images.findAlike': z.object({ project, datasetId: Id }),
  /** What was found so far, without looking again. */
  'images.alike': z.object({ project, datasetId: Id }),
} satisfies Record<string, z.ZodType>;

export const alikeChanges = {} as const satisfies Partial<
  Record<keyof typeof alikeCalls, readonly ChangedKind[]>
>;

export interface AlikeFound {
  /** With an image of the dataset in them, those most alike first. */
  readonly pairs: readonly AlikePair[];
  /** Images of the dataset that have not been looked at. */
  readonly unseen: number;
}

export interface AlikeOutputs {
  'images.findAlike': AlikeFound & {
    /** Images that cannot be read, and why. */
    readonly unreadable: readonly string[];
    /** Names of images in which there is nothing to know them again by. */
    readonly empty: readonly string[];
  };
  'images.alike': AlikeFound;
}
