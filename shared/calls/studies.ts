/** Studies, from plan to report. */
import { z } from 'zod';
import type { StudyFindings } from '../analysis.ts';
import {
  Id,
  type EngineName,
  type Kernels,
  type MetricPoint,
  PrimaryQuestion,
  type Study,
  StudyConfig,
} from '../entities.ts';
import type { ChangedKind } from '../events.ts';
import { FilePath, Name } from '../limits.ts';
import type { StudyPower } from '../power.ts';
import type { StudyProgress } from '../study-progress.ts';
import { project } from './project.ts';

/** Of a study to come: older ones may have names that none is given today. */
const config = StudyConfig.extend({ name: Name });

export const studiesCalls = {
  'studies.list': z.object({ project }),
  /** What a study would run, and how long it would take on this machine. */
  'studies.plan': z.object({ project, config, calibrate: z.boolean().default(true) }),
  'studies.create': z.object({ project, config }),
  'studies.run': z.object({ project, studyId: Id }),
  'studies.pause': z.object({ project, studyId: Id }),
  'studies.cancel': z.object({ project, studyId: Id }),
  'studies.status': z.object({ project, studyId: Id }),
  /** Learning curves of all runs: validation Dice of fine-tuning, loss of pretraining. */
  'studies.metrics': z.object({ project, studyId: Id }),
  /** Test Dice of every finished fine-tuning, image by image. */
  'studies.results': z.object({ project, studyId: Id }),
  'studies.delete': z.object({ project, studyId: Id }),
  'studies.analysis': z.object({ project, studyId: Id }),
  /**
   * Seeds and test images that would decide, from this study as a pilot, and how long that takes. `delta`: another
   * margin than the study's; `primary`: other primary questions than the study's ([]: all that could be); `testImages`:
   * numbers to plan for, else once, twice and four times the pilot's.
   */
  'studies.power': z.object({
    project,
    studyId: Id,
    delta: z.number().positive().max(0.5).optional(),
    primary: z.array(PrimaryQuestion).optional(),
    testImages: z.array(z.number().int().min(2)).min(1).max(10).optional(),
  }),
  'studies.report': z.object({ project, studyId: Id, dir: FilePath }),
  /** The same as one HTML document, as it stands now. */
  'studies.reportPage': z.object({ project, studyId: Id }),
} satisfies Record<string, z.ZodType>;

export const studiesChanges = {
  'studies.create': ['studies', 'runs', 'splits'],
  'studies.run': ['studies'],
  'studies.pause': ['studies'],
  'studies.cancel': ['studies'],
  'studies.delete': ['studies', 'runs', 'encoders'],
} as const satisfies Partial<Record<keyof typeof studiesCalls, readonly ChangedKind[]>>;

export interface StudyPlan {
  readonly pretrainRuns: number;
  readonly finetuneRuns: number;
  readonly arms: readonly string[];
  /** Label counts with `all` resolved. */
  readonly labelCounts: readonly number[];
  readonly trainImages: number;
  readonly valImages: number;
  readonly testImages: number;
  /** Divisions of the target; the three numbers above are those of the first. */
  readonly splits: number;
  /** Images that are tested on in any of them. */
  readonly testedImages: number;
  readonly sourceImages: number;
  /** As StudyConfig.execution. */
  readonly execution: StudyConfig['execution'];
  readonly estimateSeconds: number | null;
  /** The same, where every label count goes on (StudyConfig.extension); equal where none may. */
  readonly longestSeconds: number | null;
  /** Measured by calibration: each way of sharing the processor, and its throughput; the chosen kernels in all but one. */
  readonly calibration: readonly {
    readonly threads: number;
    readonly parallel: number;
    /** Left out where there is no choice. */
    readonly kernels?: Kernels | undefined;
    readonly engine?: EngineName | undefined;
    /** Name of the graphics card. */
    readonly adapter?: string | undefined;
    readonly msPerStep: number;
    readonly stepsPerSecond: number;
  }[];
  /** Things worth knowing before the start: few seeds, indicative only, arms that do not fit. */
  readonly notes: readonly string[];
}

export interface StudyResults {
  readonly images: readonly {
    readonly imageId: number;
    readonly name: string;
    /** The label map that predictions were scored against. */
    readonly labelMapId: number | null;
  }[];
  readonly runs: readonly {
    readonly runId: number;
    /** Whether its weights are in the project, so that it can predict. */
    readonly predicts: boolean;
    /** Of the best-validation checkpoint, in the order of `images`; null where it was not scored. */
    readonly dice: readonly (number | null)[];
  }[];
}

export interface StudiesOutputs {
  'studies.list': Study[];
  'studies.plan': StudyPlan;
  'studies.create': Study;
  'studies.run': StudyProgress;
  'studies.pause': StudyProgress;
  'studies.cancel': StudyProgress;
  'studies.status': StudyProgress;
  'studies.metrics': { runId: number; points: MetricPoint[] }[];
  'studies.results': StudyResults;
  'studies.delete': null;
  'studies.analysis': StudyFindings;
  'studies.power': StudyPower;
  'studies.report': {
    html: string;
    json: string;
    csv: string;
    headline: readonly string[];
    /** What was found of objects, in sentences; none where nobody told them apart. */
    objects: readonly string[];
    /** What a reader must know beside it: a baseline that has not converged, runs that are missing, quick mode … */
    notes: readonly string[];
  };
  'studies.reportPage': string;
}
