/** A project file in the long run: what takes its room, what it can do without, giving room back to the disk. */
import { z } from 'zod';
import { Id } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { project } from './project.ts';

/**
 * What can be dropped on request: old revisions of label maps (engine/care/thinning.ts); checkpoints of finished studies
 * that only going on would need; weights of their fine-tuned networks; their predictions of test images.
 */
export const DROPPABLE = ['history', 'checkpoints', 'weights', 'predictions'] as const;
export const Droppable = z.enum(DROPPABLE);
export type Droppable = z.infer<typeof Droppable>;

export const careCalls = {
  /** What takes room in the file, and what of it can go. */
  'project.storage': z.object({ project }),
  /**
   * Drops what is named and gives free pages back to the disk. What is dropped is backed up first where `backup` says so.
   * Work goes on meanwhile; a file that an older Graft made is rewritten once, and calls wait until that is done.
   */
  'project.compact': z.object({
    project,
    drop: z.array(Droppable).default([]),
    backup: z.boolean().default(true),
  }),
  /** Marks a revision to stay, whatever its age, or takes the mark off. */
  'labelMaps.keep': z.object({ project, labelMapId: Id, kept: z.boolean() }),
} satisfies Record<string, z.ZodType>;

export const careChanges = {
  'labelMaps.keep': ['images'],
} as const satisfies Partial<Record<keyof typeof careCalls, readonly ChangedKind[]>>;

export interface Stored {
  readonly count: number;
  readonly bytes: number;
}

/** What a project file holds, in the order in which it is shown. */
export const STORED_KINDS = [
  'originals',
  'labels',
  'history',
  'checkpoints',
  'predictions',
  'pictures',
  'encoders',
] as const;
export type StoredKind = (typeof STORED_KINDS)[number];

export interface StorageReport {
  readonly fileBytes: number;
  /** Pages that hold nothing: what compacting gives back without dropping anything. */
  readonly freeBytes: number;
  /** Everything else: tables, indices, curves, half-filled pages. */
  readonly otherBytes: number;
  readonly kinds: Readonly<Record<StoredKind, Stored>>;
  readonly droppable: Readonly<Record<Droppable, Stored>>;
  /** Whether an older Graft made the file: compacting rewrites it once, which needs as much room on the disk. */
  readonly needsRewriting: boolean;
}

export interface CompactReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly dropped: Partial<Readonly<Record<Droppable, Stored>>>;
  /** Made before anything was dropped; null: nothing was, or none was wanted. */
  readonly backup: string | null;
}

export interface CareOutputs {
  'project.storage': StorageReport;
  'project.compact': CompactReport;
  'labelMaps.keep': null;
}
