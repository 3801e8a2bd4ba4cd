/** What images of the project look like as numbers, for comparing them: one `features` event an image. */
import { AppError, toWireError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';
import { checkpointWeights, decodeCheckpoint } from './checkpoint.ts';
import { squeezed } from './images/image-rows.ts';
import { pictureFeatures } from './images/picture-features.ts';
import { withInput } from './images/tiles.ts';
import type { TrainerEvent, TrainerRequest } from './protocol.ts';
import { createFeatureExtractor } from './scoring/encoder-features.ts';
import type { Engine } from './tensorflow/backend.ts';
import { encoderWeights, type PretrainedNetwork } from './weights/encoder-weights.ts';

type FeatureRequest = Extract<TrainerRequest, { type: 'features' }>;

/** Side of the input of an encoder that was not trained here. */
const USUAL_SIZE_PX = 128;

interface Surroundings {
  /** Started only where a network is asked. */
  readonly engine: () => Promise<Engine>;
  readonly emit: (event: TrainerEvent) => void;
}

/** Errors: not-found, where the network has no weights here; corrupt. */
function networkOf(
  project: Project,
  source: Exclude<FeatureRequest['source'], { kind: 'picture' }>,
): PretrainedNetwork {
  if (source.kind === 'encoder') return encoderWeights(project, source.encoderId);
  const stored =
    project.runs.checkpoint(source.runId, 'best') ?? project.runs.checkpoint(source.runId, 'last');
  if (stored === undefined) {
    throw new AppError('not-found', `Run ${source.runId} has no weights in this project.`);
  }
  const checkpoint = decodeCheckpoint(stored.bytes);
  const { network, sampling } = checkpoint.header;
  return { network, sampling, ...checkpointWeights(checkpoint) };
}

/** Images that cannot be read give an event with their error, and the rest goes on. */
export async function computeFeatures(
  project: Project,
  { source, imageIds }: FeatureRequest,
  { engine, emit }: Surroundings,
): Promise<void> {
  const told = (imageId: number, features: Float32Array) =>
    emit({ type: 'features', imageId, features, error: null });
  const each = async (work: (imageId: number) => Promise<void>) => {
    for (const imageId of imageIds) {
      try {
        await work(imageId);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        emit({ type: 'features', imageId, features: null, error: toWireError(error).message });
      }
    }
  };
  const imageOf = (imageId: number) => {
    const image = project.datasets.image(imageId);
    if (image !== undefined) return image;
    throw new AppError('not-found', `There is no image ${imageId} in this project.`);
  };
  if (source.kind === 'picture') {
    return each(async (imageId) => {
      const image = imageOf(imageId);
      const { channels } = image;
      told(imageId, await withInput(project, { image, channels }, pictureFeatures));
    });
  }
  const { network, sampling, spec, weights } = networkOf(project, source);
  const sizePx = sampling?.sizePx ?? USUAL_SIZE_PX;
  const extractor = createFeatureExtractor({
    ...{ engine: await engine(), network, sizePx, spec, weights },
  });
  let waiting: { imageId: number; input: Float32Array }[] = [];
  const flush = async () => {
    const found = await extractor.features(waiting.map(({ input }) => input));
    for (const [i, { imageId }] of waiting.entries()) {
      told(imageId, found[i] ?? new Float32Array());
    }
    waiting = [];
  };
  await each(async (imageId) => {
    const of = { image: imageOf(imageId), channels: network.inputChannels };
    const { data: input } = await withInput(project, of, (rows) => squeezed(rows, sizePx));
    waiting.push({ imageId, input });
    if (waiting.length === extractor.atOnce) await flush();
  });
  if (waiting.length > 0) await flush();
  extractor.dispose();
}
