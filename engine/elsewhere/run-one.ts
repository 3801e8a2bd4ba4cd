/**
 * Computes one run of a bundle, on whatever computer this is: reads the bundle alone, and adds one file to it. No
 * database is written. Where it is asked to stop it leaves a state, and the next attempt goes on from that with the same
 * bits; so does one whose computer died, from the state before.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, toWireError } from '../../shared/errors.ts';
import {
  assertPlanWhole,
  assertSameGraft,
  type Bundle,
  type BundledRun,
  bundledRun,
  failurePath,
  givenPath,
  openBundle,
  readRunFile,
  resultPath,
  statePath,
} from './bundle.ts';
import type { RunFile } from './run-file.ts';
import { BEAT_MS, OwnSign, readSign } from './sign.ts';
import { noteFailure, RunAttempt, type RunOneOptions } from './run-attempt.ts';

export type RunOneEnd = 'done' | 'there already';

/** The files whose weights a run starts from, by run. Errors: conflict, where one is not computed yet. */
function sourcesOf(bundle: Bundle, run: BundledRun): RunFile[] {
  const files: RunFile[] = [];
  for (const id of run.given) {
    const file = id === run.id ? null : readRunFile(join(bundle.dir, givenPath(id)));
    if (file !== null) files.push(file);
  }
  if (run.dependsOn === null) return files;
  const pretrained = readRunFile(resultPath(bundle, run.dependsOn));
  if (pretrained === null) {
    const sign = readSign(bundle, run.dependsOn);
    if (sign !== null) {
      throw new AppError(
        'locked',
        `Run ${run.id} starts from run ${run.dependsOn}, which ${sign.host} computes, at step ${sign.step} of ${sign.steps}. Run it again when that is done.`,
      );
    }
    throw new AppError(
      'conflict',
      `Run ${run.id} starts from run ${run.dependsOn}, which has no result in ${bundle.dir} yet. Run that first: graft run-one BUNDLE ${run.dependsOn}`,
    );
  }
  return [...files, pretrained];
}

/** Errors: those of the bundle, of the run (engine/training/run.ts), cancelled (a state is left), no-space, locked. */
export async function runOne(
  path: string,
  runId: number,
  options: RunOneOptions,
): Promise<RunOneEnd> {
  const { say, signal } = options;
  const bundle = openBundle(path);
  const run = bundledRun(bundle, runId);
  if (readRunFile(resultPath(bundle, run.id)) !== null) return 'there already';
  try {
    assertSameGraft(bundle);
    await assertPlanWhole(bundle);
  } catch (error) {
    // A whole array that ends so must not look as if it waited.
    noteFailure(bundle, run, { error: toWireError(error), step: 0, log: [], say });
    throw error;
  }
  const sources = sourcesOf(bundle, run);
  const sign = new OwnSign(bundle, run, options.beatMs ?? BEAT_MS);
  await sign.take();
  let attempt: RunAttempt | undefined;
  try {
    // Whoever had it may have ended it while this one waited.
    if (readRunFile(resultPath(bundle, run.id)) !== null) return 'there already';
    attempt = new RunAttempt(bundle, run, { sources, sign, options });
    await attempt.compute();
    rmSync(statePath(bundle, run.id), { force: true });
    rmSync(failurePath(bundle, run.id), { force: true });
    return 'done';
  } catch (error) {
    const wire = toWireError(error);
    // What was asked to stop, or found no room, has not failed: it goes on when it is asked again.
    if (!signal.aborted && wire.code !== 'no-space') attempt?.noteFailure(wire);
    say(wire.message);
    throw error;
  } finally {
    sign.end();
  }
}
