/** How far a bundle is, seen from its folder alone, which may be mounted from far away. Writes nothing. */
import { readdirSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { BundleProgress } from '../../shared/api.ts';
import { messageOf, WireError } from '../../shared/errors.ts';
import { readRegularFile } from '../data/regular-file.ts';
import {
  type Bundle,
  checkBundle,
  failedFolder,
  failurePath,
  openBundle,
  resultPath,
  resultsFolder,
  runningFolder,
  signPath,
} from './bundle.ts';
import type { Project } from '../db/project.ts';
import { damageAtAGlance, damagedWords } from './run-file.ts';
import { readSign } from './sign.ts';
import { assertOfStudy } from './study-of.ts';

/** A sign that is older than so many beats is missed. */
const QUIET_BEATS = 4;

const Failure = z.object({
  error: WireError,
  host: z.string(),
  job: z.string().nullable(),
  at: z.string(),
  log: z.array(z.object({ at: z.string(), message: z.string() })),
});
export type Failure = z.infer<typeof Failure>;

/** What a run that failed left; null: it did not, or that is being written. */
export function readFailure(path: string): Failure | null {
  try {
    return Failure.parse(JSON.parse(readRegularFile(path).toString()));
  } catch {
    return null;
  }
}

/** Numbers of runs that have a file with this ending; one look into the folder for all of them. */
function runsIn(folder: string, ending: string): Set<number> {
  try {
    return new Set(
      readdirSync(folder).flatMap((name) =>
        name.endsWith(ending) ? [Number(name.slice(0, -ending.length))] : [],
      ),
    );
  } catch {
    return new Set(); // not there before the first run
  }
}

/** Results that were found whole: those of others are looked at again, since they may be on their way. */
const foundWhole = new Set<string>();

/** What is wrong with a result; null: nothing that is seen at a glance. */
function damageOf(bundle: Bundle, runId: number): string | null {
  const path = resultPath(bundle, runId);
  // Copied anew or made again, a folder of the same name is another one.
  const known = `${bundle.manifest.createdAt} ${path}`;
  if (foundWhole.has(known)) return null;
  try {
    const damage = damageAtAGlance(path);
    if (damage === null) foundWhole.add(known);
    return damage === null ? null : damagedWords(path, damage);
  } catch (error) {
    return messageOf(error);
  }
}

function running(bundle: Bundle, done: ReadonlySet<number>) {
  const signed = runsIn(runningFolder(bundle), '.json');
  return bundle.manifest.runs.flatMap(({ id: runId, label }) => {
    const sign = signed.has(runId) && !done.has(runId) ? readSign(bundle, runId) : null;
    if (sign === null) return [];
    const at = statSync(signPath(bundle, runId), { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    // The clock of a file server may be ahead of this one.
    const quietSeconds = Math.max(0, (Date.now() - at) / 1000);
    const { step, steps, host, job, processor, beat, beatMs } = sign;
    const isQuiet = quietSeconds * 1000 > QUIET_BEATS * beatMs;
    return [{ runId, label, step, steps, host, job, processor, beat, quietSeconds, isQuiet }];
  });
}

export interface ProgressOptions {
  /** Reads all that the folder brought along. */
  readonly check: boolean;
  readonly onProgress: (done: number, total: number) => void;
  /** Whose folder it must be; left out: that of any study. */
  readonly of?: { readonly project: Project; readonly studyId: number } | undefined;
}

/** Errors: those of openBundle; conflict, where it is the folder of another study. */
export async function bundleProgress(
  path: string,
  { check, onProgress, of }: ProgressOptions,
): Promise<BundleProgress> {
  const bundle = openBundle(path);
  if (of !== undefined) assertOfStudy(of.project, bundle, of.studyId);
  const { dir, manifest } = bundle;
  const there = runsIn(resultsFolder(bundle), '.run');
  const damaged = manifest.runs.flatMap(({ id: runId, label }) => {
    const message = there.has(runId) ? damageOf(bundle, runId) : null;
    return message === null ? [] : [{ runId, label, message }];
  });
  const isDamaged = new Set(damaged.map(({ runId }) => runId));
  const states = runsIn(runningFolder(bundle), '.state');
  const failed = runsIn(failedFolder(bundle), '.json');
  const alive = running(bundle, there);
  const isAlive = new Set(alive.map(({ runId }) => runId));
  const open = manifest.runs.filter(({ id }) => !there.has(id) && !isAlive.has(id));
  const failures = open.flatMap(({ id: runId, label }) => {
    const failure = failed.has(runId) ? readFailure(failurePath(bundle, runId)) : null;
    if (failure === null) return [];
    const { error, host, job, at, log } = failure;
    return [{ runId, label, message: error.message, host, job, at, log }];
  });
  const hasFailed = new Set(failures.map(({ runId }) => runId));
  return {
    dir,
    studyName: manifest.study.name,
    madeAt: manifest.createdAt,
    runs: manifest.runs.length,
    done: manifest.runs.filter(({ id }) => there.has(id) && !isDamaged.has(id)).length,
    running: alive,
    failures,
    damaged,
    waiting: open.flatMap(({ id: runId, label }) =>
      hasFailed.has(runId) ? [] : [{ runId, label, hasState: states.has(runId) }],
    ),
    wrong: check
      ? [...(await checkBundle(bundle, onProgress)), ...damaged.map(({ message }) => message)]
      : null,
  };
}
