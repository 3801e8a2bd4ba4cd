/** The machine, the settings of its user, and its folders. */
import { z } from 'zod';
import type { Adapter, EngineInfo, PretrainingTask } from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath } from '../limits.ts';
import type { PretrainingTaskFacts } from '../pretraining-tasks.ts';
import { type Settings, SettingsPatch } from '../settings.ts';

export const systemCalls = {
  /** What Graft and this computer are. */
  'system.about': z.object({}),
  /** The same, and whether training works: it trains a step to know. */
  'system.doctor': z.object({}),
  /** Of Graft and what it is made of, as text. */
  'system.licences': z.object({}),
  'system.tasks': z.object({}),
  'system.generators': z.object({}),
  'settings.read': z.object({}),
  'settings.update': SettingsPatch,
  /** Told by the window when its first view is on the screen. */
  'window.painted': z.object({}),
  /** What a folder holds, for choosing files and folders; null: the user's home. */
  'files.list': z.object({ dir: FilePath.nullable() }),
} satisfies Record<string, z.ZodType>;

export const systemChanges = {
  'settings.update': ['settings'],
} as const satisfies Partial<Record<keyof typeof systemCalls, readonly ChangedKind[]>>;

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do where it is not ok. */
  readonly remedy: string | null;
}

/** What the window is shown in. */
export interface ShellInfo {
  /** An app window of Chromium, Chrome or Edge; the user's browser; none: whoever opens the address. */
  readonly name: 'electron' | 'chromium' | 'browser' | 'none';
  /** With its version or place, for people: "Electron 45.4.1". */
  readonly detail: string;
  /** Why it is not Electron, and what to do about it; null where it is. */
  readonly reason: string | null;
}

/** A graphics card that training can use. */
export interface GraphicsCard extends Adapter {
  /** What of it Graft uses, by WebGPU's names. */
  readonly features: readonly string[];
  /** Of one tensor, in bytes. */
  readonly largestTensorBytes: number;
  /** Memory that invocations of one workgroup share, in bytes. */
  readonly workgroupBytes: number;
  readonly invocationsPerWorkgroup: number;
}

export interface AboutReport {
  readonly graft: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of the processor, by the names under which they are sold: AVX2, AVX512-VNNI …; null where they are not known. */
  readonly processorFeatures: readonly string[] | null;
}

export interface DoctorReport extends AboutReport {
  /** The engine that training will use. */
  readonly engine: EngineInfo | null;
  /** Why it is not native TensorFlow, where it is not. */
  readonly engineReason: string | null;
  /** The strongest first; empty: none, and a check says why. */
  readonly graphicsCards: readonly GraphicsCard[];
  /** Null where the engine has no host that shows windows. */
  readonly shell: ShellInfo | null;
  readonly checks: readonly DoctorCheck[];
}

export interface TaskInfo extends PretrainingTaskFacts {
  readonly task: PretrainingTask;
}

export interface GeneratorInfo {
  readonly name: string;
  readonly description: string;
}

export interface FolderListing {
  readonly dir: string;
  /** null at the top. */
  readonly parent: string | null;
  readonly entries: readonly {
    readonly name: string;
    readonly path: string;
    readonly kind: 'folder' | 'file';
  }[];
}

export interface SystemOutputs {
  'system.about': AboutReport;
  'system.doctor': DoctorReport;
  'system.licences': string;
  'system.tasks': TaskInfo[];
  'system.generators': GeneratorInfo[];
  'settings.read': Settings;
  'settings.update': Settings;
  'window.painted': null;
  'files.list': FolderListing;
}
