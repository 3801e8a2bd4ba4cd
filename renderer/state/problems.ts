/**
 * What went wrong in this window, kept until it is closed, and made into a text that a person may send. Nothing is sent
 * by Graft.
 */
import type { DoctorReport } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { withoutHome } from '../../shared/without-home.ts';

/** More than these tell nothing new. */
const MOST = 50;

interface Problem {
  readonly at: Date;
  readonly text: string;
}

export class Problems {
  #noted: Problem[] = [];
  readonly #now: () => Date;

  constructor(now = () => new Date()) {
    this.#now = now;
  }

  get count(): number {
    return this.#noted.length;
  }

  /** Anything thrown: of what was expected the message, of a bug where it happened as well. */
  note(error: unknown): void {
    const text =
      error instanceof AppError
        ? `${error.code}: ${error.message}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    this.#noted = [...this.#noted, { at: this.#now(), text }].slice(-MOST);
  }

  /** `home`: the user's folder, which stands as ~; null where it is not known. */
  report({
    doctor,
    browser,
    home,
  }: {
    readonly doctor: DoctorReport | null;
    readonly browser: string;
    readonly home: string | null;
  }): string {
    const machine =
      doctor === null
        ? ['This computer was not examined.']
        : [
            `Graft ${doctor.graft}, Node ${doctor.node}, ${doctor.platform}`,
            `${doctor.cpu}, ${doctor.cores} cores, ${(doctor.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
            ...doctor.checks.map(({ name, detail, remedy }) =>
              [`${name}: ${detail}`, remedy].filter((part) => part !== null).join('. '),
            ),
          ];
    const problems = this.#noted.map(({ at, text }) => `${at.toISOString()} ${text}`);
    const text = [
      ...machine,
      browser,
      '',
      ...(problems.length === 0 ? ['Nothing went wrong in this window.'] : problems),
    ].join('\n');
    return `${withoutHome(text, home)}\n`;
  }
}
