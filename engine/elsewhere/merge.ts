/**
 * Brings results of a bundle back into the project: each is checked against the plan, and written down by the code that
 * writes down what trainers here send, in a transaction of its own. So merging can be stopped and repeated at any time,
 * and what it says at the end is what a study that ran here would say.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MergeReport, Progress } from '../../shared/api.ts';
import type { Run, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { EngineEvent } from '../../shared/events.ts';
import { fileError } from '../data/file-error.ts';
import { readRegularFile } from '../data/regular-file.ts';
import type { Project } from '../db/project.ts';
import { sha256 } from '../sha256.ts';
import { RunRecords } from '../study/running/run-records.ts';
import { GRAFT_VERSION } from '../version.ts';
import { decodeCheckpoint, weightsHash } from '../training/checkpoint.ts';
import type { GivenCheckpoint } from '../training/protocol.ts';
import { assertOfPlan, type ResultFile } from './assert-of-plan.ts';
import { type Bundle, failurePath, openBundle, resultsFolder } from './bundle.ts';
import { checkpointsOf } from './journal.ts';
import { readFailure } from './progress.ts';
import { decodeRunFile } from './run-file.ts';
import { sourceHash } from './run-attempt.ts';
import { studyOf } from './study-of.ts';

export interface MergeOptions {
  readonly emit: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Takes runs that failed there as failed, so that the study ends without them. */
  readonly withFailures: boolean;
}

/** Files that were being written when something ended, and what a desktop puts into every folder. */
const PASSED_OVER = /\.partial$|^\.|^Thumbs\.db$|^desktop\.ini$/;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !PASSED_OVER.test(name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  }
}

/** Those of a folder in the order of the runs: pretrainings before what starts from them. */
const inOrder = (names: readonly string[]) =>
  names.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));

const hashesOf = (checkpoints: readonly GivenCheckpoint[]) =>
  new Map(checkpoints.map(({ kind, bytes }) => [kind, weightsHash(decodeCheckpoint(bytes))]));

function storedHashes(project: Project, runId: number) {
  const stored = (['best', 'last'] as const).flatMap((kind) => {
    const found = project.runs.checkpoint(runId, kind);
    return found === undefined ? [] : [{ ...found, runId }];
  });
  return { hashes: hashesOf(stored), source: stored.length === 0 ? null : sourceHash(stored) };
}

function readResult(path: string): { readonly bytes: Uint8Array; readonly sha256: string } {
  try {
    const bytes = readRegularFile(path);
    return { bytes, sha256: sha256(bytes) };
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Clocks that agree better than this agree. */
const CLOCK_SLACK_MS = 120_000;

export class Merger {
  readonly #project: Project;
  readonly #options: MergeOptions;
  readonly #records: RunRecords;

  constructor(project: Project, options: MergeOptions) {
    this.#project = project;
    this.#options = options;
    this.#records = new RunRecords(project, options.emit);
  }

  /** Errors: those of openBundle and studyOf, cancelled; what single files are refused for is in the report. */
  async merge(path: string): Promise<MergeReport> {
    const bundle = openBundle(path);
    const study = studyOf(this.#project, bundle);
    const before = new Map(
      this.#project.merged.ofStudy(study.id).map(({ runId, sha256: hash }) => [hash, runId]),
    );
    const report = {
      merged: [] as number[],
      already: [] as number[],
      refused: [] as { file: string; message: string }[],
      failed: [] as { runId: number; message: string }[],
    };
    const folder = resultsFolder(bundle);
    const names = inOrder(namesIn(folder));
    for (const [index, name] of names.entries()) {
      this.#assertGoingOn();
      this.#options.onProgress({ done: index, total: names.length, message: `merging ${name}` });
      try {
        const { fate, runId } = this.#mergeFile(study, { folder, name, before });
        report[fate].push(runId);
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'no-space') throw error;
        report.refused.push({ file: name, message: error.message });
      }
      await nextTurn();
    }
    report.failed.push(...this.#failures(bundle));
    this.#project.transaction(() =>
      this.#settle(study.id, {
        startedAt: bundle.manifest.createdAt,
        isNews: report.merged.length > 0,
      }),
    );
    return this.#told(study, report, bundle);
  }

  #assertGoingOn(): void {
    if (!this.#options.signal.aborted) return;
    throw new AppError(
      'cancelled',
      'Stopped. What was merged so far is kept; merge again to go on.',
    );
  }

  #mergeFile(
    study: Study,
    { folder, name, before }: { folder: string; name: string; before: ReadonlyMap<string, number> },
  ): { fate: 'merged' | 'already'; runId: number } {
    const { bytes, ...found } = readResult(join(folder, name));
    const known = before.get(found.sha256);
    if (known !== undefined) return { fate: 'already', runId: known };
    const result: ResultFile = { name, sha256: found.sha256, file: decodeRunFile(bytes, name) };
    const { runId } = result.file;
    const run = this.#project.runs.get(runId);
    if (run?.studyId !== study.id) {
      throw new AppError(
        'conflict',
        `${name} is a stranger: "${study.name}" has no run ${runId}. It was left where it is.`,
      );
    }
    assertOfPlan(this.#project, run, result);
    if (run.status === 'running') {
      throw new AppError(
        'conflict',
        `Run ${runId} is being computed here as well. Pause the study (graft study pause), then merge again.`,
      );
    }
    if (run.status === 'done') return { fate: this.#duplicate(run, result), runId };
    this.#assertSameSource(run, result);
    this.#project.transaction(() => this.#store(run, result));
    return { fate: 'merged', runId };
  }

  /** Done here already: with the same weights there is nothing to do. Errors: conflict. */
  #duplicate(run: Run, { name, file }: ResultFile): 'already' {
    const [here, there] = [
      storedHashes(this.#project, run.id).hashes,
      hashesOf(checkpointsOf(file)),
    ];
    if ([...there].every(([kind, hash]) => (here.get(kind) ?? hash) === hash)) return 'already';
    throw new AppError(
      'conflict',
      `${name} is a duplicate: run ${run.id} is done in this project already, with other weights. The project's were kept.`,
    );
  }

  /** Errors: conflict, where its pretraining is not there, or is another one. */
  #assertSameSource({ id, dependsOn }: Run, { file }: ResultFile): void {
    if (dependsOn === null) return;
    if (this.#project.runs.get(dependsOn)?.status !== 'done') {
      throw new AppError(
        'conflict',
        `Run ${id} waits for its pretraining, run ${dependsOn}, whose result is not there yet. Merge again when it is.`,
      );
    }
    if (storedHashes(this.#project, dependsOn).source === file.startedFrom) return;
    throw new AppError(
      'conflict',
      `Run ${id} started from other weights than those of run ${dependsOn} in this project: that pretraining was computed twice, on different computers. Copy this project's result of run ${dependsOn} into that bundle, and run ${id} again.`,
    );
  }

  #store(run: Run, { sha256: hash, file }: ResultFile): void {
    const { runs, merged } = this.#project;
    for (const { at, message } of file.log) runs.log(run.id, message, at);
    for (const event of file.events) this.#records.store(run, event);
    const [first, last] = [file.attempts.at(0), file.attempts.at(-1)];
    if (first !== undefined && last !== undefined) {
      runs.setTimes(run.id, first.startedAt, last.endedAt);
    }
    merged.add({ runId: run.id, sha256: hash, attempts: file.attempts });
  }

  /** Runs that failed there and have no result here. */
  #failures(bundle: Bundle): { runId: number; message: string }[] {
    const failed: { runId: number; message: string }[] = [];
    for (const { id } of bundle.manifest.runs) {
      const run = this.#project.runs.get(id);
      const failure = readFailure(failurePath(bundle, id));
      if (run === undefined || failure === null || run.status === 'done') continue;
      failed.push({ runId: id, message: failure.error.message });
      if (!this.#options.withFailures || run.status !== 'queued') continue;
      this.#project.transaction(() =>
        this.#records.store(run, { type: 'failed', error: failure.error }),
      );
    }
    return failed;
  }

  /** Ends the study where nothing of it is left; label counts that go on wait for whoever runs them, here or elsewhere. */
  #settle(
    studyId: number,
    { startedAt, isNews }: { readonly startedAt: string; readonly isNews: boolean },
  ): void {
    const { runs, studies } = this.#project;
    const status = studies.get(studyId)?.status;
    if (status === 'cancelled' || (!isNews && (status === 'done' || status === 'failed'))) return;
    const own = runs.ofStudy(studyId);
    if (own.some((run) => run.status === 'queued' || run.status === 'running')) return;
    studies.startedElsewhere(studyId, startedAt);
    studies.setStatus(studyId, 'running');
    this.#records.settleStudy(studyId);
    if (studies.get(studyId)?.status === 'running') studies.setStatus(studyId, 'paused');
  }

  #told(
    { id: studyId, name }: Study,
    report: Pick<MergeReport, 'merged' | 'already' | 'refused' | 'failed'>,
    { manifest }: Bundle,
  ): MergeReport {
    const own = this.#project.runs.ofStudy(studyId);
    const ofBundle = new Set(manifest.runs.map(({ id }) => id));
    const open = own.filter(({ status }) => status === 'queued' || status === 'running');
    const study = this.#project.studies.get(studyId);
    return {
      ...report,
      missing: open.flatMap(({ id }) => (ofBundle.has(id) ? [id] : [])),
      left: open.length,
      studyId,
      studyName: name,
      status: study?.status ?? 'planned',
      notes: this.#notes(studyId, manifest),
    };
  }

  #notes(studyId: number, { createdAt: madeAt, graft }: Bundle['manifest']): string[] {
    const notes: string[] = [];
    if (graft !== GRAFT_VERSION) {
      notes.push(
        `These runs were computed by Graft ${graft}, and this is ${GRAFT_VERSION}. Their plan is the same, so they are taken; the rest of the study is best computed by ${graft}, too, so that pairs differ in nothing else.`,
      );
    }
    if (this.#labelsMoved(studyId)) {
      notes.push(
        'Labels of these images have changed since the study was planned. The study has those it was planned with, and so had its runs: nothing is lost, and nothing of the new labels is in its verdict.',
      );
    }
    const ahead = this.#project.merged
      .ofStudy(studyId)
      .flatMap(({ attempts }) => attempts)
      .filter(
        ({ startedAt, endedAt }) =>
          Date.parse(endedAt) > Date.now() + CLOCK_SLACK_MS ||
          Date.parse(startedAt) < Date.parse(madeAt) - CLOCK_SLACK_MS,
      );
    const hosts = [...new Set(ahead.map(({ host }) => host))];
    if (hosts.length > 0) {
      notes.push(
        `The clock of ${hosts.join(', ')} differs from this computer's: times of runs are as it said. Nothing is decided by them.`,
      );
    }
    return notes;
  }

  #labelsMoved(studyId: number): boolean {
    const { snapshots, datasets, studies } = this.#project;
    const study = studies.get(studyId);
    if (study === undefined) return false;
    return [study.sourceSnapshotId, study.targetSnapshotId].some((id) =>
      snapshots
        .items(id)
        .some(({ imageId, labelMapId }) => datasets.image(imageId)?.labelMapId !== labelMapId),
    );
  }
}
