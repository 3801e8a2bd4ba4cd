/**
 * Whether a path leads to an ordinary file. A device or a pipe has no end, or waits for ever; what the system tells of
 * itself under /proc and /sys looks like files, but has no size and may wait, too.
 */
import { readFileSync, type Stats, statfsSync, statSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';

/** Linux's statfs numbers of file systems that hold no files of anybody. */
const SYSTEM_FILES = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x73636673, // securityfs
  0xcafe4a11, // bpf
]);

const mayBeSystem = process.platform === 'linux';

const KINDS = [
  ['isFIFO', 'a pipe'],
  ['isSocket', 'a socket'],
  ['isCharacterDevice', 'a device'],
  ['isBlockDevice', 'a device'],
] as const;

/** Size in bytes of an ordinary file, links followed. Errors: unreadable; those of the file system, for fileError. */
export async function regularFileSize(path: string): Promise<number> {
  const facts = await stat(path);
  const isOnDisk = !facts.isFile() || !mayBeSystem || !SYSTEM_FILES.has((await statfs(path)).type);
  assertRegular(path, facts, isOnDisk);
  return facts.size;
}

/** All of an ordinary file. Errors: those of regularFileSize. */
export function readRegularFile(path: string): Buffer {
  const facts = statSync(path);
  const isOnDisk = !facts.isFile() || !mayBeSystem || !SYSTEM_FILES.has(statfsSync(path).type);
  assertRegular(path, facts, isOnDisk);
  return readFileSync(path);
}

function assertRegular(path: string, facts: Stats, isOnDisk: boolean): void {
  if (facts.isFile() && isOnDisk) return;
  const kind = facts.isFile() ? 'made up by the system' : kindOf(facts);
  throw new AppError(
    'unreadable',
    `${path} is ${kind}, and only ordinary files are read. Name a file that lies on a disk.`,
    { subject: path },
  );
}

const kindOf = (facts: Stats): string =>
  KINDS.find(([is]) => facts[is]())?.[1] ?? 'a folder, where a file is expected';
