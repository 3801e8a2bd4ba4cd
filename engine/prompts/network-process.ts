/**
 * Entry of the process in which a promptable network runs: whatever its files do to it costs this process alone. Sessions
 * stay while it lives.
 */
import { availableParallelism } from 'node:os';
import { readFileSync, statSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-node';
import { AppError, messageOf } from '../../shared/errors.ts';
import { serveIsolated } from '../isolated/serve.ts';
import { type AllMasks, withAllMasks } from './all-masks.ts';
import { EMBEDDING, FRAME_PX, MASK_PX } from './frame.ts';
import { NetworkRequest } from './messages.ts';

/** Of ImageNet, on 0 … 255, as every export of SAM wants them. */
const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;

const DECODER_INPUTS = {
  image_embeddings: [1, 256, 64, 64],
  point_coords: [1, null, 2],
  point_labels: [1, null],
  mask_input: [1, 1, MASK_PX, MASK_PX],
  has_mask_input: [1],
  orig_im_size: [2],
} as const;

const runtime = () =>
  import('onnxruntime-node').catch((error: unknown) => {
    throw new AppError(
      'engine-unavailable',
      `Clicks and boxes need onnxruntime, which could not be loaded on this computer (${messageOf(error)}). Everything else works without.`,
    );
  });

/** A network that is loaded, and where a decoder holds the masks that it chooses from. */
interface Loaded {
  readonly session: InferenceSession;
  readonly all: Omit<AllMasks, 'model'> | null;
}

const sessions = new Map<string, Promise<Loaded>>();

const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: availableParallelism(),
  logSeverityLevel: 4,
};

/** null where it cannot be had that way. */
async function openWithAllMasks(path: string): Promise<Loaded | null> {
  const { InferenceSession: Session } = await runtime();
  try {
    const all = withAllMasks(readFileSync(path));
    if (all === null) return null;
    return { session: await Session.create(all.model, OPTIONS), all };
  } catch {
    // What is wrong with the file is told by loading it as it is.
    return null;
  }
}

async function open(path: string): Promise<Loaded> {
  const { InferenceSession: Session } = await runtime();
  try {
    return { session: await Session.create(path, OPTIONS), all: null };
  } catch (error) {
    throw new AppError(
      'unreadable',
      `${path} is no ONNX network that can be loaded here (${messageOf(error).split('\n', 1)[0] ?? ''}). Choose the two files of a promptable network, as exported from SAM or MobileSAM.`,
      { subject: path, cause: error },
    );
  }
}

/** Loaded once, as long as the file stays as it is. */
function loaded(what: string, path: string, load: () => Promise<Loaded>): Promise<Loaded> {
  const { size, mtimeMs } = statSync(path);
  const key = `${what} ${path} ${size} ${mtimeMs}`;
  const known = sessions.get(key) ?? load();
  sessions.set(key, known);
  return known;
}

const encoderSession = async (path: string): Promise<InferenceSession> =>
  (await loaded('encoder', path, () => open(path))).session;

const decoderSession = (path: string): Promise<Loaded> =>
  loaded('decoder', path, async () => (await openWithAllMasks(path)) ?? open(path));

/** Which masks serve first. SAM's own rule: of four the first is meant for several prompts, the others for one. */
function preferred(scores: Float32Array, prompts: number): number[] {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  if (scores.length !== 4) return order;
  return [...(prompts > 2 ? [0] : []), ...order.filter((one) => one > 0)];
}

type Shape = readonly (number | string | null)[];

/** Sizes that differ; names of dimensions and null fit any. */
const fits = (found: Shape, wanted: Shape) =>
  found.length === wanted.length &&
  found.every((side, i) => typeof side !== 'number' || wanted[i] === null || side === wanted[i]);

const inWords = (shape: Shape) => shape.map((side) => side ?? 'n').join(' × ');

function shapesOf(metadata: InferenceSession['inputMetadata']): Map<string, Shape> {
  return new Map(metadata.flatMap((one) => (one.isTensor ? [[one.name, one.shape] as const] : [])));
}

/** Errors: unsupported, with what it has instead. */
function assertEncoder(path: string, { inputMetadata, outputNames }: InferenceSession): string {
  const inputs = [...shapesOf(inputMetadata)];
  const [first, ...others] = inputs;
  const wanted = [1, 3, FRAME_PX, FRAME_PX];
  if (first !== undefined && others.length === 0 && fits(first[1], wanted)) {
    if (outputNames.length === 1) return first[0];
    throw new AppError(
      'unsupported',
      `${path} has ${outputNames.length} outputs (${outputNames.join(', ')}), so it is an encoder of another family, such as SAM 2. Graft takes encoders with one output of ${inWords(EMBEDDING.shape)}.`,
      { subject: path },
    );
  }
  const found = inputs.map(([name, shape]) => `${name} ${inWords(shape)}`).join(', ');
  throw new AppError(
    'unsupported',
    `${path} takes ${found || 'nothing'}, but the encoder of a promptable network takes one image of ${inWords(wanted)}. Is it the decoder? Export the image encoder for inputs of that shape.`,
    { subject: path },
  );
}

/** Errors: unsupported, with what is missing or different. */
function assertDecoder(path: string, { inputMetadata, outputNames }: InferenceSession): void {
  const inputs = shapesOf(inputMetadata);
  const wrong = Object.entries(DECODER_INPUTS).flatMap(([name, wanted]) => {
    const found = inputs.get(name);
    if (found === undefined) return [`no input ${name}`];
    return fits(found, wanted) ? [] : [`${name} of ${inWords(found)}, not ${inWords(wanted)}`];
  });
  const unknown = [...inputs.keys()].filter((name) => !Object.hasOwn(DECODER_INPUTS, name));
  const missing = ['iou_predictions', 'low_res_masks'].filter(
    (name) => !outputNames.includes(name),
  );
  const all = [
    ...wrong,
    ...unknown.map((name) => `the input ${name}, which is not known`),
    ...missing.map((name) => `no output ${name}`),
  ];
  if (all.length === 0) return;
  throw new AppError(
    'unsupported',
    `${path} is no decoder as SAM's export makes it: it has ${all.join('; ')}.`,
    { subject: path },
  );
}

type Of<W extends NetworkRequest['what']> = Extract<NetworkRequest, { what: W }>;

async function encode({ encoder, rgb, width, height }: Of<'encode'>) {
  const { Tensor } = await runtime();
  const session = await encoderSession(encoder);
  const input = assertEncoder(encoder, session);
  const plane = FRAME_PX * FRAME_PX;
  // What is beyond the picture stays 0, as the networks were trained.
  const samples = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const [mean, deviation] = [MEAN[c] ?? 0, DEVIATION[c] ?? 1];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const sample = rgb[(y * width + x) * 3 + c] ?? 0;
        samples[c * plane + y * FRAME_PX + x] = (sample - mean) / deviation;
      }
    }
  }
  const outputs = await session.run({
    [input]: new Tensor('float32', samples, [1, 3, FRAME_PX, FRAME_PX]),
  });
  const [output] = Object.values(outputs);
  if (!(output?.data instanceof Float32Array) || !fits(output.dims, EMBEDDING.shape)) {
    throw new AppError(
      'unsupported',
      `${encoder} answered ${inWords(output?.dims ?? [])}, not ${inWords(EMBEDDING.shape)}: it is no encoder of a promptable network.`,
      { subject: encoder },
    );
  }
  return { embedding: output.data.slice() };
}

async function decode({ decoder, embedding, coordinates, labels, logits }: Of<'decode'>) {
  const { Tensor } = await runtime();
  const { session, all } = await decoderSession(decoder);
  assertDecoder(decoder, session);
  const floats = (values: Float32Array | readonly number[], dims: readonly number[]) =>
    new Tensor('float32', Float32Array.from(values), dims);
  const outputs = await session.run({
    image_embeddings: floats(embedding, EMBEDDING.shape),
    point_coords: floats(coordinates, [1, labels.length, 2]),
    point_labels: floats(labels, [1, labels.length]),
    mask_input: floats(logits ?? new Float32Array(MASK_PX ** 2), [1, 1, MASK_PX, MASK_PX]),
    has_mask_input: floats([logits === null ? 0 : 1], [1]),
    // Its own enlarged masks are not used: logits are enlarged here, alike for every export.
    orig_im_size: floats([MASK_PX, MASK_PX], [2]),
  });
  const scores = outputs[all?.scores ?? 'iou_predictions']?.data;
  const masks = outputs[all?.masks ?? 'low_res_masks']?.data;
  const size = MASK_PX ** 2;
  if (
    !(scores instanceof Float32Array) ||
    !(masks instanceof Float32Array) ||
    masks.length !== scores.length * size
  ) {
    throw new AppError(
      'unsupported',
      `${decoder} answered other masks than a decoder of a promptable network does. Choose another.`,
      { subject: decoder },
    );
  }
  const candidates = preferred(scores, labels.length).map((i) => ({
    score: scores[i] ?? 0,
    logits: masks.slice(i * size, (i + 1) * size),
  }));
  return { candidates };
}

async function inspect({ encoder, decoder }: Of<'inspect'>) {
  assertEncoder(encoder, await encoderSession(encoder));
  assertDecoder(decoder, (await decoderSession(decoder)).session);
  return {};
}

const pathOf = (request: NetworkRequest) =>
  request.what === 'decode' ? request.decoder : request.encoder;

serveIsolated(
  (message) => {
    const request = NetworkRequest.parse(message);
    if (request.what === 'encode') return encode(request);
    return request.what === 'decode' ? decode(request) : inspect(request);
  },
  (message, error) => {
    const path = pathOf(NetworkRequest.parse(message));
    const reason = messageOf(error).split('\n', 1)[0] ?? '';
    return new AppError('unreadable', `${path} failed while it ran (${reason}). Choose another.`, {
      subject: path,
      cause: error,
    });
  },
  // A loaded network stays.
  { fullBytes: Infinity },
);
