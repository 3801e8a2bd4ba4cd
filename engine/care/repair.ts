/**
 * Brings back what is damaged in a project: bytes from its backups and from the files that they were imported from, each
 * only where its SHA-256 is the one that was stored. Where more than bytes is damaged, all that can be read goes into a new
 * project beside the damaged one, which stays as it is.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RepairReport } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { shareOf } from '../../shared/progress-share.ts';
import { findContents } from '../data/relink.ts';
import { bytesOf, openFile } from '../data/image-file.ts';
import { backupsOf } from '../db/backup.ts';
import type { BlobPlace, Damage } from '../db/check.ts';
import { openBackup, openProject, type Project } from '../db/project.ts';
import { salvage } from '../db/salvage.ts';
import { type CareOptions, checkFile } from './check.ts';

interface BlobDamage extends Damage {
  readonly blob: BlobPlace;
}
const isBlob = (damage: Damage): damage is BlobDamage => damage.blob !== null;

/** The file of a dataset that an image was imported from, where its folder is still there. */
async function fromImportFolder(
  project: Project,
  damages: readonly BlobDamage[],
  options: CareOptions,
): Promise<Map<string, string>> {
  const wanted = new Set(damages.map(({ blob }) => blob.sha256));
  const found = new Map<string, string>();
  for (const { id, origin } of project.datasets.list()) {
    const { path: dir } = origin;
    if (typeof dir !== 'string' || !existsSync(dir)) continue;
    const images = project.datasets.images(id).filter(({ hash }) => wanted.has(hash));
    if (images.length === 0) continue;
    const { paths } = await findContents(
      images.map(({ hash, name }) => ({ hash, name, linkPath: null })),
      {
        dir: statSync(dir).isDirectory() ? dir : dirname(dir),
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => undefined),
      },
    );
    for (const [hash, [first]] of paths) if (first !== undefined) found.set(hash, first);
  }
  return found;
}

/** Puts back what can be had. Returns what it was and where from, and what is left. */
async function repairBlobs(
  project: Project,
  damages: readonly BlobDamage[],
  { backups, ...options }: CareOptions & { readonly backups: readonly string[] },
): Promise<Pick<RepairReport, 'repaired' | 'lost'>> {
  const repaired: string[] = [];
  let left = damages;
  for (const path of backups) {
    if (left.length === 0) break;
    const backup = openBackup(path);
    if (backup === null) continue;
    const still: BlobDamage[] = [];
    try {
      for (const [i, damage] of left.entries()) {
        if (options.signal?.aborted === true)
          throw new AppError('cancelled', 'Cancelled; what was repaired stays so.');
        options.onProgress?.(shareOf(i / left.length, `looking in ${basename(path)}`));
        const bytes = backup.find(damage.blob);
        if (bytes === null) still.push(damage);
        else {
          project.transaction(() => project.restoreBlob(damage.blob, bytes));
          repaired.push(`${damage.what} (from ${basename(path)})`);
        }
      }
    } finally {
      backup.close();
    }
    left = still;
  }
  const originals = left.filter(({ blob }) => blob.kind === 'original');
  const files = await fromImportFolder(project, originals, options);
  left = await keepMissing(left, async (damage) => {
    const path = damage.blob.sha256 === null ? undefined : files.get(damage.blob.sha256);
    if (path === undefined) return false;
    const bytes = await bytesOf(await openFile(path));
    project.transaction(() => project.restoreBlob(damage.blob, bytes));
    repaired.push(`${damage.what} (from ${path})`);
    return true;
  });
  return { repaired, lost: left.map(({ what }) => what) };
}

async function keepMissing(
  damages: readonly BlobDamage[],
  repair: (damage: BlobDamage) => Promise<boolean>,
): Promise<BlobDamage[]> {
  const missing: BlobDamage[] = [];
  for (const damage of damages) if (!(await repair(damage))) missing.push(damage);
  return missing;
}

/** `cells-repaired.graft`, or with a number where that is taken. */
function freePath(path: string): string {
  const stem = join(dirname(path), basename(path, '.graft'));
  for (let n = 1; ; n++) {
    const free = `${stem}-repaired${n === 1 ? '' : `-${n}`}.graft`;
    if (!existsSync(free)) return free;
  }
}

export interface Repairable {
  /** The project, opened as its one owner. Errors: those of opening. */
  open(): Project;
  /** Lets go of it, where this process has it open. */
  close(): Promise<void>;
}

/** Errors: locked, cancelled, no-space; corrupt, where nothing can be read and no backup lies beside it. */
export async function repairFile(
  path: string,
  project: Repairable,
  options: CareOptions & {
    readonly from?: readonly string[];
    /** Beside which its backups lie; the project itself where nothing is said. */
    readonly places?: readonly string[];
  } = {},
): Promise<RepairReport> {
  const damages = await checkFile(path, options);
  const found = (options.places ?? [path]).flatMap(backupsOf).sort((a, b) => b.at - a.at);
  const backups = [...(options.from ?? []), ...found.map((backup) => backup.path)];
  if (damages.length === 0) return { repaired: [], lost: [], copy: null };
  const links = damages.filter(({ isLink }) => isLink);
  if (damages.every((damage) => isBlob(damage) || damage.isLink)) {
    const report = await repairBlobs(project.open(), damages.filter(isBlob), {
      ...options,
      backups,
    });
    return { ...report, lost: [...report.lost, ...links.map(({ what }) => what)], copy: null };
  }
  await project.close();
  const copy = freePath(path);
  const { lost, fromBackup } = salvage(path, copy, { backup: backups[0] ?? null });
  const whole = openProject(copy);
  try {
    const left = (await checkFile(copy, options)).filter(isBlob);
    const report = await repairBlobs(whole, left, { ...options, backups });
    return {
      repaired: [
        ...fromBackup.map((table) => `what ${table} lacked (from a backup)`),
        ...report.repaired,
      ],
      lost: [...lost, ...report.lost],
      copy,
    };
  } finally {
    whole.close();
  }
}
