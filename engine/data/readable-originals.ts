/**
 * Whether the originals that a training is going to read can be read, asked before it starts: else it would end over one of
 * them in the middle, or only at its test images. Each is decoded to its end in a process of its own, once while Graft runs;
 * what is linked is looked for each time.
 */
import { availableParallelism } from 'node:os';
import type { Progress } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, pronounFor } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';
import type { Project } from '../db/project.ts';
import { checkImage } from './foreign-images.ts';
import { openOriginal } from './image-source.ts';
import { pageName } from './page-names.ts';

/** Images that are read at once. */
const AT_ONCE = Math.min(3, availableParallelism());
/** Images that an error names. */
const NAMED = 5;

interface Host {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** What was read to its end, by its content: a decoder answers alike the next time. */
const sound = new Set<string>();
const contentOf = ({ hash, page, channelPages }: ImageRecord): string =>
  [hash, page, ...(channelPages ?? [])].join(' ');

/** Errors: cancelled, internal; those of the image, which are its own. */
async function read(project: Pick<Project, 'datasets'>, image: ImageRecord): Promise<void> {
  const file = await openOriginal(project, image);
  if (sound.has(contentOf(image))) return;
  const { page, channelPages } = image;
  await checkImage(file, { subject: image.linkPath ?? image.name, page, channelPages });
  sound.add(contentOf(image));
}

const isOfImage = (error: unknown): error is AppError =>
  error instanceof AppError && !['cancelled', 'internal'].includes(error.code);

/**
 * Errors: of the first image that cannot be read its code, with the names of all of them and how to go on without them;
 * cancelled; internal.
 */
export async function assertReadable(
  project: Pick<Project, 'datasets'>,
  images: readonly ImageRecord[],
  { signal, progress }: Host,
): Promise<void> {
  const wanted = images.filter((image) => image.linkPath !== null || !sound.has(contentOf(image)));
  const failed: { readonly image: ImageRecord; readonly error: AppError }[] = [];
  const left = wanted.values();
  let done = 0;
  const readOn = async () => {
    for (const image of left) {
      if (signal.aborted) throw new AppError('cancelled', 'Cancelled. No training was begun.');
      try {
        await read(project, image);
      } catch (error) {
        if (!isOfImage(error)) throw error;
        failed.push({ image, error });
      }
      progress({ done: ++done, total: wanted.length, message: 'Reading all images once' });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readOn));
  const [first] = failed.toSorted((a, b) => a.image.id - b.image.id);
  if (first === undefined) return;
  const names = failed.map(({ image }) => pageName(image));
  const more = names.length - NAMED;
  const listed = more > 0 ? [...names.slice(0, NAMED), counted(more, 'other')] : names;
  throw new AppError(
    first.error.code,
    `${first.error.message} No training was begun, since ${inWords(listed)} cannot be read. To train without ${pronounFor(names.length, 'them')}, exclude ${pronounFor(names.length, 'them')}: in the library, or with graft images exclude.`,
    { subject: first.image.name, cause: first.error },
  );
}
