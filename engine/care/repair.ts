/**
 * Brings back what is damaged in a project: bytes from its backups and from the files that they were imported from, each
 * only where its SHA-256 is the one that was stored. Where more than bytes is damaged, all that can be read goes into a new
 * project beside the damaged one, which stays as it is.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, parse } from 'node:path';
import { z } from 'zod';
import type { RepairReport } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { fileNameProblem, oneName } from '../../shared/names.ts';
import { shareOf } from '../../shared/progress-share.ts';
import { bytesOf, openFile } from '../data/image-file.ts';
import { findContents } from '../data/relink.ts';
import { backupsOf } from '../db/backup.ts';
import type { BlobPlace } from '../db/check.ts';
import { assertBackup, openBackup, openProject, type Project } from '../db/project.ts';
import { salvage } from '../db/salvage.ts';
import { type CareOptions, checkFile } from './check.ts';
import { factsInWords } from './contradictions.ts';
import type { Finding } from './mending.ts';

/** Of a name that is made shorter. */
const MOST_CHARACTERS = 200;

interface BlobDamage {
  readonly what: string;
  readonly blob: BlobPlace;
}

/** Those of bytes. */
const blobsOf = (found: readonly Finding[]): BlobDamage[] =>
  found.flatMap(({ what, mending }) =>
    mending.by === 'bytes' ? [{ what, blob: mending.place }] : [],
  );
const byHand = (found: readonly Finding[]): string[] =>
  found.flatMap(({ what, mending }) => (mending.by === 'hand' ? [what] : []));

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

interface RepairOptions extends CareOptions {
  /** Files, in the order in which they are looked into. */
  readonly backups: readonly string[];
  /** Hears of every image whose name, size, original or labels are others now, also where repairing then ends early. */
  readonly onImage?: ((imageId: number) => void) | undefined;
}

/** The image that bytes belong to; undefined: they are of none. */
function imageOf(project: Project, { kind, key }: BlobPlace): number | undefined {
  const [id] = z.array(z.unknown()).parse(JSON.parse(key));
  if (typeof id !== 'number') return undefined;
  if (kind === 'original' || kind === 'scribbles') return id;
  return kind === 'label map' || kind === 'objects'
    ? project.labelMaps.get(id)?.imageId
    : undefined;
}

/** Puts back what can be had. Returns what it was and where from, and what is left. */
async function repairBlobs(
  project: Project,
  damages: readonly BlobDamage[],
  { backups, onImage, ...options }: RepairOptions,
): Promise<Pick<RepairReport, 'repaired' | 'lost'>> {
  const repaired: string[] = [];
  const putBack = ({ what, blob }: BlobDamage, bytes: Uint8Array, from: string) => {
    project.transaction(() => project.restoreBlob(blob, bytes));
    repaired.push(`${what} (from ${from})`);
    const imageId = imageOf(project, blob);
    if (imageId !== undefined) onImage?.(imageId);
  };
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
        else putBack(damage, bytes, basename(path));
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
    putBack(damage, await bytesOf(await openFile(path)), path);
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

/** Images of a project, told by what is stored of them now. */
function mendImages(
  project: Project,
  found: readonly Finding[],
  { onImage }: Pick<RepairOptions, 'onImage'>,
): string[] {
  const mended: string[] = [];
  const images: number[] = [];
  project.transaction(() => {
    for (const { mending } of found) {
      if (mending.by !== 'facts' && mending.by !== 'name') continue;
      const image = project.datasets.image(mending.imageId);
      if (image === undefined) continue;
      images.push(image.id);
      if (mending.by === 'facts') {
        project.imageEdits.setFacts(image.id, mending.facts);
        mended.push(`${image.name} is ${factsInWords(mending.facts)}, as its file says`);
      } else {
        const name = plainName(project, image);
        project.imageEdits.rename(image.id, name);
        mended.push(`the image ${JSON.stringify(image.name.slice(0, 100))} is called ${name} now`);
      }
    }
  });
  for (const imageId of images) onImage?.(imageId);
  return mended;
}

/** What is left of a name without what leads elsewhere, and no other image of its dataset is called. */
function plainName(project: Project, { id, name, datasetId, hash }: ImageRecord): string {
  const last = name.split(/[/\\]/).findLast((part) => fileNameProblem(part) === null);
  const base = last?.slice(-MOST_CHARACTERS) ?? `image-${id}${extname(name)}`;
  // Pages of one file have one name.
  const others = project.datasets.images(datasetId).filter((image) => image.hash !== hash);
  const taken = new Set(others.map((image) => oneName(image.name)));
  const { name: stem, ext } = parse(base);
  for (let n = 1; ; n++) {
    const free = n === 1 ? base : `${stem} (${n})${ext}`;
    if (!taken.has(oneName(free))) return free;
  }
}

/** Puts right what can be. Errors: cancelled. */
async function mend(
  project: Project,
  found: readonly Finding[],
  options: RepairOptions,
): Promise<Pick<RepairReport, 'repaired' | 'lost'>> {
  const images = mendImages(project, found, options);
  const { repaired, lost } = await repairBlobs(project, blobsOf(found), options);
  const done = [...images, ...repaired];
  if (images.length === 0) return { repaired: done, lost: [...lost, ...byHand(found)] };
  // Of an image that is of another size now, labels may be left that are not.
  const left = await checkFile(project.path, options);
  return { repaired: done, lost: left.map(({ what }) => what) };
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

/**
 * Errors: locked, cancelled, no-space; corrupt, where nothing can be read and no backup lies beside it; those of opening a
 * backup in `from`.
 */
export async function repairFile(
  path: string,
  project: Repairable,
  options: Omit<RepairOptions, 'backups'> & {
    readonly from?: readonly string[];
    /** Beside which its backups lie; the project itself where nothing is said. */
    readonly places?: readonly string[];
  } = {},
): Promise<RepairReport> {
  for (const backup of options.from ?? []) assertBackup(backup);
  const damages = await checkFile(path, options);
  const found = (options.places ?? [path]).flatMap(backupsOf).sort((a, b) => b.at - a.at);
  const backups = [...(options.from ?? []), ...found.map((backup) => backup.path)];
  if (damages.length === 0) return { repaired: [], lost: [], copy: null };
  if (damages.every(({ mending }) => mending.by !== 'salvage')) {
    return { ...(await mend(project.open(), damages, { ...options, backups })), copy: null };
  }
  await project.close();
  const copy = freePath(path);
  const { lost, fromBackup } = salvage(path, copy, { backup: backups[0] ?? null });
  const whole = openProject(copy);
  try {
    const left = await checkFile(copy, options);
    // Images of the copy, which nobody shows yet.
    const report = await mend(whole, left, { ...options, backups, onImage: undefined });
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
