/**
 * Backups that are made by themselves while a project is worked on: one a day on which something changed, of which the last
 * few are kept. A copy is gone through before it takes the place of an older one: a damaged project never wears out its
 * good backups.
 */
import { rmSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, messageOf } from '../../shared/errors.ts';
import { backupPath, backupsOf } from '../db/backup.ts';
import type { Project } from '../db/project.ts';
import { checkFile } from './check.ts';

/** How often it is asked whether one is due, and how old the last one is then. */
const ASK_EVERY_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const KEPT = 3;

export class RollingBackups {
  readonly #project: Project;
  readonly #notice: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = new AbortController();
  #changesBacked: number;
  #running: Promise<void> = Promise.resolve();

  constructor(project: Project, notice: (message: string) => void) {
    this.#project = project;
    this.#notice = notice;
    this.#changesBacked = project.changesSoFar();
    this.#timer = setInterval(() => void this.backUpIfDue(), ASK_EVERY_MS);
    // Nobody stays for this alone.
    this.#timer.unref();
  }

  /** Settles when the backup is made, where one is due; tells of what hinders it, and throws nothing. */
  backUpIfDue(now = new Date()): Promise<void> {
    this.#running = this.#running.then(() => this.#backUpIfDue(now));
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await this.#running;
  }

  async #backUpIfDue(now: Date): Promise<void> {
    const { path } = this.#project;
    if (this.#abort.signal.aborted || this.#project.changesSoFar() === this.#changesBacked) return;
    const [last] = backupsOf(path).filter(({ isAutomatic }) => isAutomatic);
    if (last !== undefined && now.getTime() - last.at < DAY_MS) return;
    try {
      const { bavail, bsize } = statfsSync(dirname(path));
      // A backup never takes the room that labels and checkpoints need.
      if (bavail * bsize < 3 * statSync(path).size) return;
      await this.#backUp(backupPath(path, 'auto', now));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cancelled') {
        this.#notice(`No backup of ${path} could be made today: ${messageOf(error)}`);
      }
    }
  }

  async #backUp(to: string): Promise<void> {
    const { signal } = this.#abort;
    const { path } = this.#project;
    const changes = this.#project.changesSoFar();
    await this.#project.backup(to, { signal });
    const damaged = (await checkFile(to, { signal })).filter(({ isLink }) => !isLink);
    if (damaged.length > 0) {
      rmSync(to, { force: true });
      throw new Error(
        `${path} is damaged (${damaged[0]?.what ?? ''}). Check and repair it; its older backups are kept.`,
      );
    }
    this.#changesBacked = changes;
    const old = backupsOf(path)
      .filter(({ isAutomatic }) => isAutomatic)
      .slice(KEPT);
    for (const backup of old) rmSync(backup.path, { force: true });
  }
}
