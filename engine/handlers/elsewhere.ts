/** Calls on studies that are computed on other computers. */
import { bundleProgress } from '../elsewhere/progress.ts';
import { engineOf, limitsOf } from '../elsewhere/limits.ts';
import { makeBundle } from '../elsewhere/make-bundle.ts';
import { Merger } from '../elsewhere/merge.ts';
import { type Handlers, requireStudy } from './context.ts';

export const elsewhereHandlers: Handlers<
  'studies.bundle' | 'studies.merge' | 'studies.bundleProgress'
> = {
  async 'studies.bundle'(input, context) {
    const { db } = context.project(input.project);
    const study = requireStudy(db, input.studyId);
    const { signal, progress } = context;
    progress({ done: 0, total: 1, message: 'Measuring this machine' });
    const runs = db.runs.ofStudy(study.id);
    const limits = await limitsOf(db, study, {
      runs,
      engine: engineOf(study, runs) ?? context.wish.engine,
      signal,
      threads: input.threads,
      minutes: input.minutes,
      memoryMb: input.memoryMb,
    });
    const { checkpointMinutes, dir } = input;
    const made = await makeBundle(db, study, {
      ...{ dir, limits, checkpointMinutes, signal, onProgress: progress },
    });
    return { ...made, ...limits };
  },

  async 'studies.merge'({ project, dir, withFailures }, context) {
    const { db } = context.project(project);
    const { emit, signal, progress } = context;
    const merger = new Merger(db, { emit, signal, onProgress: progress, withFailures });
    const output = await merger.merge(dir);
    return {
      output,
      changes: {
        studies: { updated: [output.studyId] },
        runs: { updated: [...output.merged] },
        encoders: {},
      },
    };
  },

  'studies.bundleProgress': ({ dir, check, of }, context) =>
    bundleProgress(dir, {
      check,
      of: of && { project: context.project(of.project).db, studyId: of.studyId },
      onProgress: (done, total) =>
        context.progress({ done, total, message: 'checking the files of the bundle' }),
    }),
};
