/** What is kept of a run: the checkpoints that it resumes from, and what stays of it when it has ended. */
import type { MetricPoint, Run } from '../../shared/entities.ts';
import type { RunData } from './batches/run-data.ts';
import { encodeCheckpoint, type TrainingCheckpoint } from './checkpoint.ts';
import type { Project } from '../db/project.ts';
import type { RunOptions } from './run-options.ts';
import type { RunStart } from './run-start.ts';
import type { TrainingProgress } from './train.ts';
import type { TrainingState } from './training-step.ts';

/** Encodes the state of a run: as checkpoints that it resumes from, and as what is kept of it when it has ended. */
export function checkpointsOf(options: RunOptions, data: RunData, start: RunStart) {
  const { run, engine, emit } = options;
  const { config } = run;
  let emittedBest = start.progress.best?.step ?? 0;
  const encode = (
    { best, step, trainedSeconds }: TrainingProgress,
    weights: Omit<TrainingCheckpoint, 'header' | 'frozen'>,
  ) =>
    encodeCheckpoint({
      header: {
        objective: config.kind === 'pretrain' ? config.task : ('finetune' as const),
        network: data.objective.network,
        sampling: config.sampling,
        classes: data.classes,
        seed: config.seed,
        step,
        trainedSeconds,
        engine: engine.info,
        layers: start.layers,
        best: best && { step: best.step, score: best.score },
        trained: start.specs.trained,
        frozen: start.specs.frozen,
      },
      frozen: start.frozen,
      ...weights,
    });
  return {
    /** Emits `best` only when there is a better one than the last time. */
    save: (
      { theta, statistics, m, v }: TrainingState,
      progress: TrainingProgress,
      points: readonly MetricPoint[],
    ) => {
      const { best, step } = progress;
      // The best weights first: a crash in between must not leave a `last` that counts on a `best` never written.
      if (best !== null && best.step !== emittedBest) {
        const alone = { trained: best.weights, moments: null, best: null };
        const bytes = encode({ ...progress, step: best.step }, alone);
        emit({ type: 'checkpoint', kind: 'best', step: best.step, bytes });
        emittedBest = best.step;
      }
      const trained = { theta, statistics };
      const bytes = encode(progress, { trained, moments: { m, v }, best: best?.weights ?? null });
      emit({ type: 'checkpoint', kind: 'last', step, bytes, points: [...points] });
    },
    /** The last weights without what only resuming takes, three times as much. */
    weightsAlone: ({ theta, statistics }: TrainingState, progress: TrainingProgress) =>
      encode(progress, { trained: { theta, statistics }, moments: null, best: null }),
  };
}

/** Whether a run that is done may be given more steps (engine/study/running/extension.ts), and so needs all of its state. */
export function mayGoOn(project: Project, { config, studyId }: Run): boolean {
  // A model that is gone on from is another run.
  if (config.kind === 'pretrain' || config.mayLackParts === true) return false;
  const study = studyId === null ? undefined : project.studies.get(studyId);
  return study === undefined || study.config.extension !== null;
}
