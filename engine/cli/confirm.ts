/** What cannot be undone is asked about on a terminal, and has to be meant, by --yes, in scripts. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { AppError } from '../../shared/errors.ts';
import { harmless } from './output.ts';

export interface YesFlag {
  readonly yes: boolean;
}

export const withYes = (command: Command): Command =>
  command.option('--yes', 'go on without asking: what it does cannot be undone', false);

/** Where it is asked: the terminal of this process, or what a test plays. */
interface Terminal {
  readonly isThere: boolean;
  /** null: Ctrl+C, or the end of the input. */
  readonly ask: (question: string) => Promise<string | null>;
}

const TERMINAL: Terminal = {
  get isThere() {
    return process.stdin.isTTY && process.stderr.isTTY;
  },
  async ask(question) {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    const ended = new Promise<null>((resolve) => {
      reader.once('SIGINT', () => resolve(null));
      reader.once('close', () => resolve(null));
    });
    try {
      return await Promise.race([reader.question(harmless(question)), ended]);
    } finally {
      reader.close();
    }
  },
};

/**
 * `what`: a sentence that says what would be gone. Errors: cancelled, where somebody says no; invalid-input, where nobody
 * can be asked.
 */
export async function confirm(
  what: string,
  { yes }: YesFlag,
  terminal: Terminal = TERMINAL,
): Promise<void> {
  if (yes) return;
  if (!terminal.isThere) {
    throw new AppError(
      'invalid-input',
      `${what} This cannot be undone, and nobody can be asked here: say --yes if it is meant. Nothing was changed.`,
    );
  }
  const answer = await terminal.ask(`${what} This cannot be undone. Go on? [y/N] `);
  if (/^y(?:es)?$/i.test(answer?.trim() ?? '')) return;
  throw new AppError('cancelled', 'Nothing was changed.');
}
