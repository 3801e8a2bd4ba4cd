/**
 * What a project says and its own bytes contradict, although every byte is as it was stored: sizes of images, names that
 * lead out of a folder, links to what is no file, label values that are no class. Such a project was damaged before it was
 * stored, or made by somebody to do harm.
 */
import { availableParallelism } from 'node:os';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { labelValues } from '../../shared/label-map.ts';
import { fileNameProblem } from '../../shared/names.ts';
import { counted } from '../../shared/number-format.ts';
import { type DecoderRequest, OpenedImage } from '../data/decoder-messages.ts';
import { foreignDecoders, imageRequest } from '../data/decoders.ts';
import type { ImageFile } from '../data/image-file.ts';
import { openOriginal } from '../data/image-source.ts';
import { type FoundValues, valuesWithoutClass } from '../data/label-values.ts';
import { DamageError, type Project } from '../db/project.ts';
import type { Finding, ImageFacts } from './mending.ts';

/** Originals that are looked at at once. */
const AT_ONCE = Math.min(3, availableParallelism());

const FACTS = ['width', 'height', 'channels', 'bitDepth'] as const;

const storedFacts = ({ widthPx, heightPx, channels, bitDepth }: ImageRecord): ImageFacts => ({
  ...{ width: widthPx, height: heightPx, channels, bitDepth },
});

export const factsInWords = ({ width, height, channels, bitDepth }: ImageFacts): string =>
  `${width}×${height} px, ${counted(channels, 'channel')} of ${bitDepth} bits`;

/** Every image of every dataset, those in bins too. A row that cannot be read was named before. */
function imagesOf(project: Project): ImageRecord[] {
  return project.datasets
    .list()
    .flatMap(({ id }) => [
      ...project.datasets.images(id),
      ...project.imageEdits.binned(id).flatMap((one) => project.datasets.image(one.id) ?? []),
    ]);
}

const handOf = (what: string): Finding => ({ what, mending: { by: 'hand' } });

/** What an original says otherwise than the project; null: nothing. */
async function originalFinding(project: Project, image: ImageRecord): Promise<Finding | null> {
  const { name, page, channelPages, linkPath } = image;
  let file: ImageFile;
  try {
    file = await openOriginal(project, image);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Bytes that are damaged or gone were named before.
    if (error instanceof DamageError || error.code === 'corrupt') return null;
    return handOf(error.message);
  }
  const subject = linkPath ?? name;
  const of = imageRequest(file, { subject, page, channelPages });
  const request: DecoderRequest = { what: 'open', ...of, wholeBytes: 0 };
  try {
    const opened = await foreignDecoders.use(async (ask) => {
      const needs = { subject, fileBytes: file.sizeBytes };
      const found = OpenedImage.parse(await ask(request, needs));
      await ask({ what: 'shut', subject }, needs);
      return found;
    });
    const stored = storedFacts(image);
    if (FACTS.every((fact) => stored[fact] === opened[fact])) return null;
    const { width, height, channels, bitDepth } = opened;
    const facts = { width, height, channels, bitDepth };
    return {
      what: `image ${name} is stored as ${factsInWords(stored)}; its file says ${factsInWords(facts)}`,
      mending: { by: 'facts', imageId: image.id, facts },
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // A process that could not start says nothing of the project: no finding, and no AppError, which would be taken for one.
    if (error.code === 'internal') throw new Error(error.message, { cause: error });
    return handOf(
      `the original of ${name} is as it was stored, but cannot be read: ${error.message} Exclude or delete the image: graft images exclude, or in the library.`,
    );
  }
}

function nameFinding({ id, name }: ImageRecord): Finding | null {
  const problem = fileNameProblem(name);
  if (problem === null) return null;
  const what = `the image name ${JSON.stringify(name.slice(0, 100))} ${problem}`;
  return { what, mending: { by: 'name', imageId: id } };
}

/** Current labels alone: what a version before holds, nobody trains on, exports or measures. */
function* labelFindings(project: Project): Generator<Finding> {
  for (const dataset of project.datasets.list()) {
    const names = new Map(project.datasets.images(dataset.id).map(({ id, name }) => [id, name]));
    const found: FoundValues[] = [];
    for (const { imageId, bytes } of project.labelMaps.latestOf(dataset.id)) {
      if (bytes === null) continue;
      found.push({ name: names.get(imageId) ?? `image ${imageId}`, values: valuesIn(bytes) });
    }
    const foreign = valuesWithoutClass(dataset, found);
    if (foreign !== null) yield handOf(foreign.words);
  }
}

/** None of a code that is damaged, which was named before. */
function valuesIn(code: Uint8Array): number[] {
  try {
    return labelValues(code);
  } catch (error) {
    if (error instanceof AppError && error.code === 'corrupt') return [];
    throw error;
  }
}

/** Tells all there are; `onProgress`: share of the images, 0 … 1. Their files are read in processes of their own. */
export async function findContradictions(
  project: Project,
  { tell, onProgress }: { tell: (found: Finding) => void; onProgress: (share: number) => void },
): Promise<void> {
  for (const found of labelFindings(project)) tell(found);
  const images = imagesOf(project);
  for (const image of images) {
    const found = nameFinding(image);
    if (found !== null) tell(found);
  }
  const left = images.values();
  let done = 0;
  const lookOn = async () => {
    for (const image of left) {
      const found = await originalFinding(project, image);
      if (found !== null) tell(found);
      onProgress(++done / images.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lookOn));
  } finally {
    foreignDecoders.close();
  }
}
