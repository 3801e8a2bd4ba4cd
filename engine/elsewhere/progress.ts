/** How far a bundle is, seen from its folder alone, which may be mounted from far away. Writes nothing. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { BundleProgress } from '../../shared/api.ts';
import { WireError } from '../../shared/errors.ts';
import { readRegularFile } from '../data/regular-file.ts';
import {
  type Bundle,
  checkBundle,
  failedFolder,
  failurePath,
  openBundle,
  resultsFolder,
  runningFolder,
  signPath,
} from './bundle.ts';
import { readSign } from './sign.ts';

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

/** As a shell takes it. */
const quoted = (text: string) =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

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

/** Errors: those of openBundle. */
export async function bundleProgress(
  path: string,
  { check, onProgress }: { check: boolean; onProgress: (done: number, total: number) => void },
): Promise<BundleProgress> {
  const bundle = openBundle(path);
  const { dir, manifest } = bundle;
  const done = runsIn(resultsFolder(bundle), '.run');
  const states = runsIn(runningFolder(bundle), '.state');
  const failed = runsIn(failedFolder(bundle), '.json');
  const alive = running(bundle, done);
  const isAlive = new Set(alive.map(({ runId }) => runId));
  const open = manifest.runs.filter(({ id }) => !done.has(id) && !isAlive.has(id));
  const failures = open.flatMap(({ id: runId, label }) => {
    const failure = failed.has(runId) ? readFailure(failurePath(bundle, runId)) : null;
    if (failure === null) return [];
    const { error, host, job, at, log } = failure;
    return [{ runId, label, message: error.message, host, job, at, log }];
  });
  const hasFailed = new Set(failures.map(({ runId }) => runId));
  const runAll = quoted(join(dir, 'run-all.sh'));
  const submit = quoted(join(dir, 'slurm', 'submit.sh'));
  return {
    dir,
    studyName: manifest.study.name,
    madeAt: manifest.createdAt,
    runs: manifest.runs.length,
    done: manifest.runs.filter(({ id }) => done.has(id)).length,
    running: alive,
    failures,
    waiting: open.flatMap(({ id: runId, label }) =>
      hasFailed.has(runId) ? [] : [{ runId, label, hasState: states.has(runId) }],
    ),
    wrong: check ? await checkBundle(bundle, onProgress) : null,
    commands: {
      here: runAll,
      slurm: submit,
      failedHere: `${runAll} --failed`,
      failedSlurm: `${submit} --failed`,
    },
  };
}
