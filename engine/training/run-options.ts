/** What one run is given, and what it is asked while it trains. */
import type { Run } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import type { TrainingData } from './batches/training-data.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import type { TrainerEvent } from './protocol.ts';
import type { Engine } from './tensorflow/backend.ts';

export interface RunOptions {
  readonly project: Project;
  readonly run: Run;
  readonly engine: Engine;
  readonly resume: TrainingCheckpoint | null;
  /** Prepared beside the training; null: on its thread. */
  readonly trainingData: TrainingData | null;
  /** Milliseconds between checkpoints. */
  readonly checkpointInterval: number;
  readonly emit: (event: TrainerEvent) => void;
  readonly stopRequested: () => boolean;
  /** Whether it is to end with what it has; left out: never. */
  readonly finishRequested?: () => boolean;
}
