/** Project files: made, opened, checked, backed up, repaired. */
import { z } from 'zod';
import type { WireError } from '../errors.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import { project } from './project.ts';

export const projectsCalls = {
  'project.create': z.object({ path: FilePath }),
  'project.open': z.object({ path: FilePath }),
  /** The sample project that comes with Graft; the user's own copy of it lies in his home folder. */
  'project.openSample': z.object({}),
  'project.close': z.object({ project }),
  'project.list': z.object({}),
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

export interface CheckReport {
  readonly ok: boolean;
  /** What is not as it was stored, in words. */
  readonly damaged: readonly string[];
}

export interface RepairReport {
  /** What was brought back, and where from, in words. */
  readonly repaired: readonly string[];
  /** What is nowhere to be had. */
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
}

export interface ProjectsOutputs {
  'project.create': ProjectInfo;
  'project.open': ProjectInfo;
  'project.openSample': ProjectInfo;
  'project.close': null;
  'project.list': ProjectInfo[];
  'project.check': CheckReport;
  'project.backup': { path: string; bytes: number };
  'project.repair': RepairReport;
  'project.recent': RecentProject[];
  'project.forget': null;
}
