/** A study that is computed in a folder on other computers: how far that is, as long as somebody looks. */
import type { BundleProgress, MergeReport } from '../../shared/api.ts';
import { messageOf } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import type { AppState } from './app.svelte.ts';

/** A folder may be mounted from far away: it is looked at as often as its runs give signs, and no more. */
const LOOK_MS = 10_000;

export class StudyElsewhere {
  readonly #app: AppState;
  readonly #project: string;
  readonly #studyId: number;
  /** Whether the folder is known to be of this study: that is asked once. */
  #isOfStudy = false;
  readonly dir: string;
  progress = $state.raw<BundleProgress | null>(null);
  /** Why the folder cannot be read now; what was seen of it stays. */
  trouble = $state<string | null>(null);
  merged = $state.raw<MergeReport | null>(null);

  constructor(
    app: AppState,
    { project, studyId, dir }: { project: string; studyId: number; dir: string },
  ) {
    this.#app = app;
    this.#project = project;
    this.#studyId = studyId;
    this.dir = dir;
  }

  async look(): Promise<void> {
    try {
      const of = { project: this.#project, studyId: this.#studyId };
      this.progress = await this.#app.api.call('studies.bundleProgress', {
        dir: this.dir,
        ...(this.#isOfStudy ? {} : { of }),
      });
      this.#isOfStudy = true;
      this.trouble = null;
    } catch (error) {
      this.trouble = messageOf(error);
    }
  }

  /** Looks now and now and then. Returns how to stop. */
  follow(): () => void {
    const look = () => this.#app.attempt(() => this.look());
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }

  /** `withFailures`: what failed there counts as failed. */
  async merge(withFailures: boolean): Promise<void> {
    await this.#app.jobs.run('Merging results', async (options) => {
      const input = { project: this.#project, dir: this.dir, withFailures };
      const report = await this.#app.api.call('studies.merge', input, options);
      this.merged = report;
      const left = report.left === 0 ? 'none is left' : `${report.left} left to do`;
      const words = `${counted(report.merged.length, 'run')} merged; ${left}.`;
      this.#app.toasts.show(report.refused.length === 0 ? 'good' : 'bad', words);
    });
    await this.look();
  }
}
