/** What the command line prints: one JSON document or plain text on standard output, progress on standard error. */
import type { ImportIssue, Progress } from '../../shared/api.ts';
import { duration, percentUnderWay } from '../../shared/number-format.ts';
import { EXIT } from './exit-codes.ts';

const BAR_WIDTH = 24;
/** Piped output gets a line now and then instead of a moving bar. */
const PLAIN_LINE_EVERY_MS = 5000;

/**
 * Where output goes may close before the command ends (`graft … | head`): what is written then is let go, and the work
 * goes on to its end. Any other failure to write is told on standard error.
 */
export function letOutputClose(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      process.exitCode = error.code === 'ENOSPC' ? EXIT.noSpace : EXIT.bug;
      if (stream === process.stdout) {
        process.stderr.write(
          `graft: the output cannot be written (${error.code ?? error.message}).\n`,
        );
      }
    });
  }
}

/**
 * What steers a terminal is shown and not obeyed: names come from files and projects of strangers. Ends of lines and tabs
 * stay.
 */
export function harmless(text: string): string {
  // Unicode has pictures for the first 32 and for DEL; those from 0x80 on have none.
  return text.replaceAll(/[\p{Cc}--[\t\n]]/gv, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** On standard output, as it is read by people. */
export const writeOut = (text: string): void => void process.stdout.write(harmless(text));
/** On standard error. */
export const writeErr = (text: string): void => void process.stderr.write(harmless(text));

/** Issues beyond these are counted, not listed, unless --json asks for all. */
const LISTED_ISSUES = 20;

export function issueLines(issues: readonly ImportIssue[]): string[] {
  const lines = issues
    .slice(0, LISTED_ISSUES)
    .map((issue) => `  ${issue.severity}: ${issue.path}: ${issue.message}`);
  const more = issues.length - lines.length;
  return more > 0 ? [...lines, `  … and ${more} more (--json lists all)`] : lines;
}

export interface OutputOptions {
  readonly json: boolean;
}

/** `document` is printed with --json, `text` without. */
export function print(
  { json }: OutputOptions,
  document: unknown,
  text: string | readonly string[],
): void {
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else writeOut(`${typeof text === 'string' ? text : text.join('\n')}\n`);
}

export interface ProgressBar {
  update(progress: Progress & { remainingSeconds?: number | null }): void;
  /** Takes the bar off the screen. */
  end(): void;
}

/** A moving line with the time left on a terminal; plain lines when piped. */
export function createProgressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const startedAt = Date.now();
  let lastPlain = 0;
  let lastMessage = '';
  return {
    update({ done, total, message: said, remainingSeconds }) {
      const message = harmless(said);
      const share = total === 0 ? 0 : Math.min(1, done / total);
      const elapsed = (Date.now() - startedAt) / 1000;
      const guess = share > 0.02 ? (elapsed / share) * (1 - share) : null;
      const left = remainingSeconds === undefined ? guess : remainingSeconds;
      const time = left === null ? '' : ` · ${duration(left)} left`;
      const percent = percentUnderWay(done, total).padStart(5);
      if (stream.isTTY) {
        const filled = Math.min(BAR_WIDTH - 1, Math.floor(share * BAR_WIDTH));
        const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
        const line = `${bar} ${percent}${time} · ${message}`;
        stream.write(`\r\u001b[K${line.slice(0, stream.columns - 1)}`);
        return;
      }
      const now = Date.now();
      if (now - lastPlain < PLAIN_LINE_EVERY_MS && (message === lastMessage || done !== 0)) return;
      lastPlain = now;
      lastMessage = message;
      stream.write(`${percent}${time} · ${message}\n`);
    },
    end() {
      if (stream.isTTY) stream.write('\r\u001b[K');
    },
  };
}

/** Columns padded to their widest cell; the first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
