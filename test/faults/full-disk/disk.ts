/** A folder whose disk fills up at a write that is chosen (full-disk.c), for processes that are started with its environment. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';

/** Two numbers of 64 bits: writes so far, and the one that finds no space. */
function counts(fills: number): Uint8Array {
  return new Uint8Array(BigInt64Array.of(0n, BigInt(fills)).buffer);
}

/** What is put before libc: compiled once a process, in the folder that it is given. Errors: unsupported. */
export function compileFullDisk(folder: string): string {
  const library = join(folder, 'full-disk.so');
  const source = join(import.meta.dirname, 'full-disk.c');
  try {
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], {
      stdio: 'pipe',
    });
  } catch (error) {
    throw new AppError('unsupported', `There is no C compiler here: ${String(error)}`);
  }
  return library;
}

export class Disk {
  /** Of the project, of what is written, and of temporary files. */
  readonly folder: string;
  readonly #home: string;
  readonly #counts: string;
  readonly #library: string;

  /** `fills`: number of the first write that finds no space, from 0; null: never. */
  constructor(library: string, fills: number | null) {
    this.#home = mkdtempSync(join(tmpdir(), 'graft-faults-disk-'));
    this.folder = join(this.#home, 'disk');
    mkdirSync(join(this.folder, 'tmp'), { recursive: true });
    this.#counts = join(this.#home, 'counts');
    this.#library = library;
    writeFileSync(this.#counts, counts(fills ?? -1));
  }

  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.#library,
      GRAFT_DISK: this.folder,
      GRAFT_DISK_COUNTS: this.#counts,
      TMPDIR: join(this.folder, 'tmp'),
    };
  }

  get writes(): number {
    return Number(new BigInt64Array(new Uint8Array(readFileSync(this.#counts)).buffer)[0] ?? 0n);
  }

  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
