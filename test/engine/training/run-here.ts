/** Runs of a small project in this process: what a trainer computes, without the start of one. */
import { executeRun } from '../../../engine/training/run.ts';
import { resumeCheckpoint } from '../../../engine/training/run-start.ts';
import type { Engine } from '../../../engine/training/tensorflow/backend.ts';
import type { Project } from '../../../engine/db/project.ts';
import type { TrainerEvent } from '../../../engine/training/protocol.ts';

/** Plays trainer and engine: resumes from the stored checkpoint, where there is one, and stores those of the run. */
export async function runHere(
  project: Project,
  runId: number,
  {
    engine,
    stopAfter = Infinity,
    checkpointInterval = Infinity,
  }: {
    readonly engine: Engine;
    readonly stopAfter?: number;
    /** Milliseconds; left out: none but the last. */
    readonly checkpointInterval?: number;
  },
) {
  const run = project.runs.get(runId);
  if (run === undefined) throw new Error(`there is no run ${runId}`);
  const events: TrainerEvent[] = [];
  let steps = 0;
  const ended = executeRun({
    project,
    run,
    engine,
    resume: resumeCheckpoint(project, runId),
    trainingData: null,
    checkpointInterval,
    emit(event) {
      events.push(event);
      if (event.type === 'checkpoint')
        project.runs.saveCheckpoint(runId, event.kind, event.step, event.bytes);
    },
    stopRequested: () => ++steps >= stopAfter,
  });
  const { outcome, failure } = await ended.then(
    ({ outcome: how, step, kept }) => {
      if (kept !== null) project.runs.saveCheckpoint(runId, 'last', step, kept);
      return { outcome: how, failure: null };
    },
    async (error: unknown) => ({
      outcome: 'failed' as const,
      failure: engine.card === null ? error : await engine.card.explained(error),
    }),
  );
  const of = <T extends TrainerEvent['type']>(type: T) =>
    events.filter((e): e is Extract<TrainerEvent, { type: T }> => e.type === type);
  return { outcome, failure, of };
}
