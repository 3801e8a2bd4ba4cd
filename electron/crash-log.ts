/**
 * What went wrong beneath the page (engine, page process, graphics, the shell itself), as text that a person can read
 * and may send to somebody. Nobody else is told. Names of the user's folders are left out.
 */
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { withoutHome } from '../shared/without-home.ts';

/** More than that is halved, the older half going. */
const MOST_BYTES = 200_000;

export interface CrashLogOptions {
  readonly file: string;
  /** Stands in the log as ~. */
  readonly home: string;
  /** Versions and system, for whoever reads it. */
  readonly about: string;
  readonly now: () => number;
}

export class CrashLog {
  readonly #options: CrashLogOptions;

  constructor(options: CrashLogOptions) {
    this.#options = options;
  }

  get file(): string {
    return this.#options.file;
  }

  /** `what`: one line; `detail`: the last words of what died. */
  add(what: string, detail = ''): void {
    const { file, home, about, now } = this.#options;
    const text = `${new Date(now()).toISOString()} ${what}\n${about}\n${detail.trim()}`.trim();
    try {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${withoutHome(text, home)}\n\n`);
      this.#shorten();
    } catch {
      // A disk that takes no log: what is shown on the screen says it, too.
    }
  }

  /** Made where there was nothing to tell so far, so that there is something to be shown. */
  ensure(): void {
    const { file, about } = this.#options;
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `Nothing has crashed so far.\n${about}\n\n`);
  }

  #shorten(): void {
    const { file } = this.#options;
    if (statSync(file).size <= MOST_BYTES) return;
    const text = readFileSync(file, 'utf8');
    const from = text.indexOf('\n\n', text.length / 2);
    writeFileSync(file, text.slice(from + 2));
  }
}
