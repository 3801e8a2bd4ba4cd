/** What the benchmarks share: timing, growth, a table for people and one JSON line for programs. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Timed {
  /** Shortest of the repetitions: the one that other work on the machine disturbed least. */
  readonly ms: number;
  /** Processor time of that repetition, all threads. */
  readonly cpuMs: number;
}

/** Runs `work` `repeats` times. */
export async function timed(work: () => unknown, repeats = 3): Promise<Timed> {
  const all: Timed[] = [];
  for (let i = 0; i < repeats; i++) {
    const cpuStart = process.cpuUsage();
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpuStart);
    all.push({ ms, cpuMs: (user + system) / 1000 });
  }
  return all.reduce((best, one) => (one.ms < best.ms ? one : best));
}

/** One line of a table: numbers are rounded where they are shown. */
export type Row = Readonly<Record<string, string | number>>;

const shown = (value: string | number | undefined) =>
  typeof value !== 'number'
    ? (value ?? '')
    : String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** Prints the rows as a table, then as JSON: { subject, machine, node, date, rows }. */
export function report(subject: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  for (const line of lines) {
    console.log(line.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '));
  }
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
  const date = new Date().toISOString().slice(0, 10);
  console.log(JSON.stringify({ subject, machine, node: process.versions.node, date, rows }));
}

/** Runs a Python script of peers/ and parses the JSON that it prints. Errors: where a package is missing. */
export function runPeer(python: string, script: string, args: readonly string[]): unknown {
  const path = join(import.meta.dirname, 'peers', script);
  const output = execFileSync(python, [path, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}
