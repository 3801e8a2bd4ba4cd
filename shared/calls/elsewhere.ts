/** A study that is computed on other computers: the folder in which it travels, how far that is, and what comes back. */
import { z } from 'zod';
import { type EngineName, Id, type StudyStatus } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { project } from './project.ts';

export const elsewhereCalls = {
  /**
   * Makes the folder. Limits that are left out are measured here: `minutes` of one fine-tuning, `memoryMb` of one run.
   * `threads`: of one run, else those of the study.
   */
  'studies.bundle': z.object({
    project,
    studyId: Id,
    dir: FilePath,
    threads: z.number().int().min(1).max(1024).optional(),
    minutes: z.number().int().min(1).optional(),
    memoryMb: z.number().int().min(100).optional(),
    checkpointMinutes: z.number().min(0.1).max(600).default(5),
  }),
  /** Takes what is there. `withFailures`: runs that failed there count as failed, so that the study can end. */
  'studies.merge': z.object({ project, dir: FilePath, withFailures: z.boolean().default(false) }),
  /**
   * How far a folder is. `check`: reads all that it brought along, too. `of`: the study whose folder it must be; left out,
   * nothing but the folder is read.
   */
  'studies.bundleProgress': z.object({
    dir: FilePath,
    check: z.boolean().default(false),
    of: z.object({ project, studyId: Id }).optional(),
  }),
} satisfies Record<string, z.ZodType>;

export const elsewhereChanges = {
  'studies.merge': ['studies', 'runs', 'encoders'],
} as const satisfies Partial<Record<keyof typeof elsewhereCalls, readonly ChangedKind[]>>;

export interface BundleReport {
  /** Absolute. */
  readonly dir: string;
  readonly runs: number;
  readonly bytes: number;
  /** What the scripts ask a scheduler for. */
  readonly minutes: { readonly pretrain: number; readonly finetune: number };
  readonly memoryMb: number;
  readonly threads: number;
  /** What the study was planned for, or has begun on; null: the best that a node has. */
  readonly engine: EngineName | null;
}

export interface MergeReport {
  readonly studyId: number;
  /** As it is called here. */
  readonly studyName: string;
  readonly status: StudyStatus;
  /** Runs, by number. */
  readonly merged: readonly number[];
  /** Merged before, or done here with the same weights. */
  readonly already: readonly number[];
  readonly refused: readonly { readonly file: string; readonly message: string }[];
  /** Runs that failed there and are not done. */
  readonly failed: readonly { readonly runId: number; readonly message: string }[];
  /** Runs of the bundle that have no result yet. */
  readonly missing: readonly number[];
  /** Runs of the study that are left to do, those of no bundle too. */
  readonly left: number;
  readonly notes: readonly string[];
}

/** A run of a bundle that is not done. */
export interface BundledRunState {
  readonly runId: number;
  readonly label: string;
}

export interface BundleProgress {
  readonly dir: string;
  readonly studyName: string;
  readonly madeAt: string;
  readonly runs: number;
  readonly done: number;
  readonly running: readonly (BundledRunState & {
    readonly step: number;
    readonly steps: number;
    readonly host: string;
    readonly job: string | null;
    readonly processor: string;
    /** Goes up while it is alive. */
    readonly beat: number;
    /** Seconds without a sign of life, by the clock of this computer. */
    readonly quietSeconds: number;
    /** Whether that is longer than it should be. */
    readonly isQuiet: boolean;
  })[];
  readonly failures: readonly (BundledRunState & {
    readonly message: string;
    readonly host: string;
    readonly job: string | null;
    readonly at: string;
    readonly log: readonly { readonly at: string; readonly message: string }[];
  })[];
  /** Results that are cut off: copied in part, or on their way. They count as neither done nor waiting. */
  readonly damaged: readonly (BundledRunState & { readonly message: string })[];
  /** Neither done, nor running, nor failed: interrupted ones have a state to go on from. */
  readonly waiting: readonly (BundledRunState & { readonly hasState: boolean })[];
  /** What is wrong with the folder, in words; null: nobody asked. */
  readonly wrong: readonly string[] | null;
}

export interface ElsewhereOutputs {
  'studies.bundle': BundleReport;
  'studies.merge': MergeReport;
  'studies.bundleProgress': BundleProgress;
}
