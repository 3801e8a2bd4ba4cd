/** Project files: made, opened, checked, backed up, repaired. */
import { z } from 'zod';
import type { WireError } from '../errors.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { project } from './project.ts';

/** Where in the window one is, as the part of its address that names no project: "library/2". */
const Place = z.string().max(100);

export const projectsCalls = {
  'project.create': z.object({ path: FilePath }),
  'project.open': z.object({ path: FilePath }),
  /** What comes with Graft: a finished study, or real images. The user's own copy of it lies in the home folder. */
  'project.openSample': z.object({ sample: z.enum(['study', 'nuclei']).default('study') }),
  'project.close': z.object({ project }),
  'project.list': z.object({}),
  /** Where a window is in it (Place), so that it opens there the next time. */
  'project.rememberPlace': z.object({ project, place: Place }),
  /** Of a project that is open or not; changes nothing. */
  'project.check': z.object({ project }),
  /** Beside the project where no other place is named. */
  'project.backup': z.object({ project, to: z.string().min(1).optional() }),
  /** Of a project that is open or not, from its backups beside it, from these, and from the files it was imported from. */
  'project.repair': z.object({ project, from: z.array(z.string().min(1)).default([]) }),
  /** Projects opened lately, latest first. */
  'project.recent': z.object({}),
  'project.forget': z.object({ path: FilePath }),
} satisfies Record<string, z.ZodType>;

export const projectsChanges = {
  'project.create': ['projects'],
  'project.open': ['projects'],
  'project.openSample': ['projects'],
  'project.close': ['projects'],
  'project.forget': ['projects'],
  // Images that are mended of each dataset by itself, while it is open in a window.
  'project.repair': ['projects'],
} as const satisfies Partial<Record<keyof typeof projectsCalls, readonly ChangedKind[]>>;

export interface ProjectInfo {
  readonly path: string;
  readonly name: string;
  /** What it is and where it comes from; null where nothing was said. */
  readonly about: string | null;
  readonly datasets: number;
  readonly images: number;
  readonly studies: number;
  readonly runningStudies: number;
  /** Why nothing that is queued is trained for now. */
  readonly held: WireError | null;
  /** What cannot be read of it: then its numbers are 0. null: nothing was met. */
  readonly damaged: WireError | null;
}

/** A project that was just opened. */
export interface OpenedProject extends ProjectInfo {
  /** Where in it a window was last; null where that is not known. */
  readonly place: string | null;
}

export interface CheckReport {
  readonly ok: boolean;
  /** What is not as it was stored, in words. */
  readonly damaged: readonly string[];
}

export interface RepairReport {
  /** What was brought back, and where from, in words. */
  readonly repaired: readonly string[];
  /** What is nowhere to be had, or waits for a person. */
  readonly lost: readonly string[];
  /** A new project with all that could be read, where more than bytes was damaged; the damaged one stays as it is. */
  readonly copy: string | null;
}

export interface RecentProject {
  readonly path: string;
  readonly name: string;
  readonly openedAt: string;
  /** Whether the file is still there. */
  readonly exists: boolean;
  /** Where in it a window was last; null where that is not known. */
  readonly place: string | null;
}

export interface ProjectsOutputs {
  'project.create': OpenedProject;
  'project.open': OpenedProject;
  'project.openSample': OpenedProject;
  'project.close': null;
  'project.list': ProjectInfo[];
  'project.rememberPlace': null;
  'project.check': CheckReport;
  'project.backup': { path: string; bytes: number };
  'project.repair': RepairReport;
  'project.recent': RecentProject[];
  'project.forget': null;
}
