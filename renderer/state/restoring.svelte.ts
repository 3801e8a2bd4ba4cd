/**
 * Images that are taken out of the bin. Where some were added again meanwhile, somebody is asked first what becomes of
 * them; nothing is restored until then.
 */
import type { AgainThere, CallOutputs, RestoreChoice } from '../../shared/api.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import { restoredWords } from '../../shared/restored-words.ts';
import type { Api } from '../api.ts';
import type { Toasts } from './toasts.svelte.ts';

/** What is asked about. */
interface Question {
  readonly project: string;
  readonly imageIds: readonly number[];
  /** Of these, those that are there again. */
  readonly again: readonly AgainThere[];
}

export class Restoring {
  /** null: nothing is to be decided. */
  question = $state.raw<Question | null>(null);
  readonly #api: Pick<Api, 'call'>;
  readonly #toasts: Pick<Toasts, 'show'>;

  constructor(api: Pick<Api, 'call'>, toasts: Pick<Toasts, 'show'>) {
    this.#api = api;
    this.#toasts = toasts;
  }

  /** Restores them, or asks. Errors: those of images.restore. */
  async begin(project: string, imageIds: readonly number[]): Promise<void> {
    const asked = { project, imageIds: [...imageIds] };
    const { again } = await this.#api.call('images.previewRestore', asked);
    if (again.length > 0) this.question = { ...asked, again };
    else this.#tell(await this.#api.call('images.restore', asked));
  }

  /** As somebody chose. */
  async answer(same: Exclude<RestoreChoice, 'refuse'>): Promise<void> {
    const { question } = this;
    if (question === null) return;
    this.question = null;
    const { project, imageIds } = question;
    this.#tell(await this.#api.call('images.restore', { project, imageIds: [...imageIds], same }));
  }

  #tell({ imageIds, left, replaced, renamed }: CallOutputs['images.restore']): void {
    const words = [
      imageIds.length === 0
        ? 'Nothing was restored'
        : `${counted(imageIds.length, 'image')} restored`,
      ...(left.length === 0
        ? []
        : [
            `${counted(left.length, 'image')} that ${verbFor(left.length, 'are')} there again stayed in the bin`,
          ]),
      ...(replaced.length === 0
        ? []
        : [
            `${counted(replaced.length, 'image')} that ${verbFor(replaced.length, 'were')} added went into the bin`,
          ]),
    ];
    this.#toasts.show('good', `${words.join('; ')}. ${restoredWords(renamed)}`.trim());
  }
}
