/** A file for what a process needs only while it lives: no name, so it is gone when the process is, however that ends. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { fileError } from '../../data/file-error.ts';

export interface ScratchFile {
  /** Room for so many bytes: the place at which they begin. */
  reserve(bytes: number): number;
  /** Errors: no-space, before anything is written: other programs, and the project itself, need some of the disk. */
  assertRoom(bytes: number, subject: string): void;
  /** Errors: no-space, unreadable. */
  write(at: number, data: NodeJS.ArrayBufferView): void;
  /** Fills `into`. Errors: unreadable. */
  read(at: number, into: NodeJS.ArrayBufferView): void;
  close(): void;
}

/** Left free for the project and everything else on the disk. */
const RESERVE_BYTES = 2 ** 29;

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Errors: unreadable, where nothing can be written in the folder. */
export function openScratchFile(folder: string): ScratchFile {
  const path = join(folder, `.graft-scratch-${process.pid}-${randomBytes(6).toString('hex')}`);
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw fileError(folder, error);
    }
  };
  const opened = attempt(() => openSync(path, 'wx+', 0o600));
  attempt(() => rmSync(path));
  /** The number of a closed file may soon be that of another. */
  let isOpen = true;
  const file = () => {
    if (!isOpen) throw new Error('the scratch file is closed');
    return opened;
  };
  let size = 0;
  return {
    reserve(bytes) {
      const at = size;
      size += bytes;
      return at;
    },
    assertRoom(bytes, subject) {
      const { bavail, bsize } = attempt(() => statfsSync(folder));
      const free = bavail * bsize - RESERVE_BYTES;
      if (bytes <= free) return;
      throw new AppError(
        'no-space',
        `${subject} does not fit into the memory, so it is kept on disk while it is trained on: that takes ${gigabytes(bytes)} in ${folder}, and ${gigabytes(Math.max(0, free))} can be used. Free some space there, then retry.`,
        { subject: folder },
      );
    },
    write(at, data) {
      const target = file();
      attempt(() => {
        for (let done = 0; done < data.byteLength;) {
          const offset = data.byteOffset + done;
          const rest = new Uint8Array(data.buffer, offset, data.byteLength - done);
          done += writeSync(target, rest, 0, rest.length, at + done);
        }
      });
    },
    read(at, into) {
      const source = file();
      const read = attempt(() => readSync(source, into, 0, into.byteLength, at));
      if (read !== into.byteLength) throw new Error(`the scratch file ends before ${at + read}`);
    },
    close() {
      closeSync(file());
      isOpen = false;
    },
  };
}
