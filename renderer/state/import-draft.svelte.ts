/**
 * What somebody is about to bring in: where from, how it is read, into which dataset, and what was found. A new dataset and
 * an addition to one that is there are one draft, which differs in the calls that it makes.
 */
import type {
  AdditionHolds,
  AdditionPreview,
  AdditionReport,
  BackgroundChoice,
  ClashChoice,
  ImportAlternative,
  ImportFormat,
  ImportPreview,
  ImportReport,
  OneMask,
  PagesAs,
  Placing,
  SameChoice,
} from '../../shared/api.ts';
import { CONTROLS } from '../../shared/controls.ts';
import type { Split } from '../../shared/entities.ts';
import { messageOf } from '../../shared/errors.ts';
import type { MaskReading } from '../../shared/mask-readings.ts';
import type { Api } from '../api.ts';
import { Job } from './jobs.svelte.ts';

export type BroughtIn =
  | { readonly kind: 'import'; readonly report: ImportReport }
  | { readonly kind: 'addition'; readonly report: AdditionReport };

/** The last name of a path, without the ending of annotations. */
function nameFrom(text: string): string {
  const last =
    text
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? '';
  return last.replace(/\.((geo)?json|xml|ya?ml)$/i, '');
}

export class ImportDraft {
  path = $state('');
  format = $state<ImportFormat>('auto');
  imagesDir = $state('');
  /** Which files of a folder are masks, as the preview proposed; null: told by their names. */
  masks = $state<string | null>(null);
  pages = $state<PagesAs>('auto');
  oneMask = $state<OneMask>('first');
  background = $state<BackgroundChoice>('auto');
  /** How mask values are read; another than the first is one of the preview's alternatives. */
  reading = $state<MaskReading>('auto');
  /** Where the user wants something else than the preview proposes. */
  mapping = $state.raw<Readonly<Record<string, number>>>({});
  link = $state(false);
  /** Of a new dataset. */
  name = $state('');
  /** Dataset that it all goes into; null: a new one. */
  into = $state<number | null>(null);
  holds = $state<AdditionHolds>('auto');
  same = $state<SameChoice>('skip');
  clash = $state<ClashChoice>('refuse');
  newClasses = $state(false);
  placing = $state.raw<Placing>(null);
  /** Splits of the dataset that it goes into. */
  splits = $state.raw<readonly Split[]>([]);
  /** Where files were copied to that go when Graft closes: no place to leave originals. */
  temporary = $state<string | null>(null);
  preview = $state.raw<ImportPreview | null>(null);
  /** The same, of an addition. */
  addition = $state.raw<AdditionPreview | null>(null);
  done = $state.raw<BroughtIn | null>(null);
  trouble = $state<string | null>(null);
  job = $state.raw<Job | null>(null);
  /** What was looked at last: choices were made for it. */
  #looked = '';
  #api: Pick<Api, 'call'>;
  #project: string;

  constructor(api: Pick<Api, 'call'>, project: string) {
    this.#api = api;
    this.#project = project;
  }

  readonly #source = $derived({
    path: this.path.trim(),
    format: this.format,
    imagesDir: this.imagesDir.trim() === '' ? null : this.imagesDir.trim(),
    masks: this.masks,
    reading: this.reading,
    pages: this.pages,
    oneMask: this.oneMask,
    background: this.background,
    mapping: Object.keys(this.mapping).length === 0 ? null : this.mapping,
  });

  /** Whether what went wrong is that nobody said where the images of labels lie: it names the control for that. */
  get lacksImages(): boolean {
    return this.trouble?.includes(CONTROLS.imagesDir) ?? false;
  }

  /** Why what was found cannot be brought in as it stands; null: it can. */
  readonly obstacle = $derived.by((): string | null => {
    const { preview, addition } = this;
    if (preview === null) return 'Look at a folder first.';
    if (addition === null) {
      if (this.name.trim() === '') return 'Name the dataset.';
      return preview.images === 0 ? 'None of the images can be imported.' : null;
    }
    if (addition.clashes.length > 0 && this.clash === 'refuse')
      return 'Say what becomes of images whose names are taken.';
    if (addition.newClasses.length + addition.newImageClasses.length > 0 && !this.newClasses)
      return 'Say whether the new classes are added.';
    return addition.images + addition.revisions === 0 ? 'There is nothing to add.' : null;
  });

  begin(from: string | null, options: { into: number | null; temporary: boolean }): void {
    this.path = from ?? '';
    this.temporary = options.temporary ? from : null;
    this.into = options.into;
    this.format = 'auto';
    this.link = false;
    this.#forget();
    this.#show(null);
    this.done = null;
    this.trouble = null;
    this.#looked = this.path;
  }

  /** What was chosen for one folder says nothing about another. */
  #forget(): void {
    this.imagesDir = '';
    this.masks = null;
    this.pages = 'auto';
    this.oneMask = 'first';
    this.background = 'auto';
    this.holds = 'auto';
    this.same = 'skip';
    this.clash = 'refuse';
    this.placing = null;
    this.readAnew();
  }

  /** What values mean is asked about anew. */
  readAnew(): void {
    this.mapping = {};
    this.reading = 'auto';
    this.newClasses = false;
  }

  #show(found: ImportPreview | AdditionPreview | null): void {
    this.preview = found;
    this.addition = found !== null && 'holds' in found ? found : null;
  }

  /** What goes wrong is told by `trouble`. */
  async during(title: string, work: (job: Job) => Promise<void>): Promise<void> {
    this.job?.cancel();
    const own = new Job(title);
    this.job = own;
    this.trouble = null;
    try {
      await work(own);
    } catch (error) {
      if (this.job === own) this.trouble = messageOf(error);
    } finally {
      if (this.job === own) this.job = null;
    }
  }

  /** `same`: all but what becomes of it is as it was, so what was found stays in sight meanwhile. */
  async look({ same = false }: { same?: boolean } = {}): Promise<void> {
    if (this.path.trim() === '') return;
    if (this.path !== this.#looked) {
      if (this.name === nameFrom(this.#looked)) this.name = '';
      this.#forget();
      this.#looked = this.path;
    }
    await this.during('Looking at what is there', async (own) => {
      if (!same) this.#show(null);
      const { into } = this;
      if (into === null) {
        this.#show(await this.#api.call('datasets.preview', this.#source, own.options));
      } else {
        const of = { project: this.#project, datasetId: into };
        this.splits = await this.#api.call('splits.list', of);
        const { holds, same: twins, clash } = this;
        const asked = { ...of, ...this.#source, holds, same: twins, clash };
        this.#show(await this.#api.call('additions.preview', asked, own.options));
      }
      if (this.name === '') this.name = nameFrom(this.path);
    });
  }

  readOtherwise(to: Omit<ImportAlternative, 'words' | 'flag'>): Promise<void> {
    this.reading = to.reading;
    this.mapping = to.mapping ?? {};
    this.holds = to.holds ?? this.holds;
    if (to.masks !== undefined) {
      this.masks = to.masks;
      this.format = 'folder';
    }
    return this.look();
  }

  /** Masks are told by the names of files again. */
  findMasks(): Promise<void> {
    this.masks = null;
    this.format = 'auto';
    this.readAnew();
    return this.look();
  }

  /** What there is to learn then is told before anything is written. */
  mapValues(more: Readonly<Record<string, number>>): Promise<void> {
    this.mapping = { ...this.mapping, ...more };
    return this.look({ same: true });
  }

  goInto(datasetId: number | null): Promise<void> {
    this.into = datasetId;
    this.placing = null;
    this.readAnew();
    return this.look();
  }

  start(): Promise<void> {
    const { into, link } = this;
    const project = this.#project;
    return this.during(into === null ? 'Importing' : 'Adding', async (own) => {
      if (into === null) {
        const input = { project, name: this.name.trim(), link, ...this.#source };
        const report = await this.#api.call('datasets.import', input, own.options);
        this.done = { kind: 'import', report };
        return;
      }
      const { holds, same, clash, newClasses, placing } = this;
      const report = await this.#api.call(
        'additions.add',
        {
          ...{ project, datasetId: into, link, ...this.#source },
          ...{ holds, same, clash, newClasses, placing },
        },
        own.options,
      );
      this.done = { kind: 'addition', report };
    });
  }
}
