/** How much memory work takes in a process that may do one work after another. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Whether this system starts the count of a process anew: Linux does (proc(5), clear_refs). */
let counted = false;

/** The peak begins here, where the system can tell; elsewhere it stays that of the whole process, an upper bound. */
export function resetPeakMemory(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    counted = true;
  } catch {
    counted = false;
  }
}

/** Bytes that this process has held at once since the count began. */
export function peakMemoryBytes(): number {
  const peak = counted
    ? /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    : undefined;
  return (peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) * 1024;
}
