/**
 * What a file from outside may cost: memory and time by its own size and by what it says it holds, within what the machine
 * has. Beyond that its process is ended.
 */
import { availableParallelism, loadavg, totalmem } from 'node:os';

export interface Needs {
  /** Of the file. */
  readonly fileBytes: number;
  /** Reserved beside it for what it holds. */
  readonly memoryBytes?: number;
  /** What is to be worked through beside it: decoded bytes. */
  readonly workBytes?: number;
}

export interface Limits {
  /** Beyond what the process held before. */
  readonly memoryBytes: number;
  readonly timeMs: number;
}

/** Libraries that are loaded for the first file of their kind, and what they do with any file. */
const BASE_BYTES = 2 ** 28;
/** A file as it came, as it is decoded, and a copy of a part of either. */
const COPIES = 4;
/** Of what the machine has, or a container grants. */
const MEMORY_SHARE = 0.5;

/** The start of the process included. */
const BASE_MS = 10_000;
/** Far below what the slowest decoder does on a slow machine. */
const BYTES_PER_MS = 4_000;

/** What one process may have of this machine. */
export const machineBytes = (): number =>
  // 0 where nobody grants less.
  Math.min(totalmem(), process.constrainedMemory() || Infinity) * MEMORY_SHARE;

/** Work on a machine that is busy with other things takes longer. */
const business = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

export function limitsFor({ fileBytes, memoryBytes = 0, workBytes = 0 }: Needs): Limits {
  return {
    memoryBytes: Math.min(machineBytes(), BASE_BYTES + COPIES * fileBytes + memoryBytes),
    timeMs: Math.round(business() * (BASE_MS + (fileBytes + workBytes) / BYTES_PER_MS)),
  };
}
