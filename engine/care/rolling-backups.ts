/**
 * Backups that are made by themselves while a project is worked on: one a day on which something changed, of which the last
 * few are kept. A copy is gone through before it takes the place of an older one: a damaged project never wears out its
 * good backups.
 */
import { rmSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Settings } from '../../shared/settings.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { backupPath, backupsOf } from '../db/backup.ts';
import type { Project } from '../db/project.ts';
import { backupPlace } from './backup-place.ts';
import { checkFile } from './check.ts';

/** How often it is asked whether one is due, and how old the last one is then. */
const ASK_EVERY_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const KEPT = 3;

export class RollingBackups {
  readonly #project: Project;
  readonly #notice: (message: string) => void;
  readonly #settings: () => Settings['backups'];
  /** What hindered the last one was told; null: nothing did. */
  #told: string | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = new AbortController();
  #changesBacked: number;
  #running: Promise<void> = Promise.resolve();

  /** `settings`: asked each time, since they may change. */
  constructor(
    project: Project,
    notice: (message: string) => void,
    settings: () => Settings['backups'] = () => ({ automatic: true, folder: null }),
  ) {
    this.#project = project;
    this.#notice = notice;
    this.#settings = settings;
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
    const { automatic, folder } = this.#settings();
    if (!automatic) return;
    try {
      const place = backupPlace(path, folder);
      const [last] = backupsOf(place).filter(({ isAutomatic }) => isAutomatic);
      if (last !== undefined && now.getTime() - last.at < DAY_MS) return;
      const { bavail, bsize } = statfsSync(dirname(place));
      // A backup never takes the room that labels and checkpoints need.
      if (bavail * bsize < 3 * statSync(path).size) return;
      await this.#backUp(place, now);
      this.#told = null;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cancelled') this.#tell(messageOf(error));
    }
  }

  /** Once, not every few minutes until it is mended. */
  #tell(why: string): void {
    if (why === this.#told) return;
    this.#told = why;
    this.#notice(`No backup of ${this.#project.path} could be made today: ${why}`);
  }

  async #backUp(place: string, now: Date): Promise<void> {
    const to = backupPath(place, 'auto', now);
    const { signal } = this.#abort;
    const { path } = this.#project;
    const changes = this.#project.changesSoFar();
    await this.#project.backup(to, { signal });
    const damaged = await checkFile(to, { signal, contradictions: false });
    if (damaged.length > 0) {
      rmSync(to, { force: true });
      throw new Error(
        `${path} is damaged (${damaged[0]?.what ?? ''}). Check and repair it; its older backups are kept.`,
      );
    }
    this.#changesBacked = changes;
    const old = backupsOf(place)
      .filter(({ isAutomatic }) => isAutomatic)
      .slice(KEPT);
    for (const backup of old) rmSync(backup.path, { force: true });
  }
}
