/** What the two halves of a promptable network take and answer, as SAM's export lays them out. */
import type { InferenceSession } from 'onnxruntime-node';
import { AppError } from '../../shared/errors.ts';
import { EMBEDDING, FRAME_PX, MASK_PX } from './frame.ts';

/** Sides; null is any number. */
type Shape = readonly (number | string | null)[];

interface Tensor {
  readonly type: string;
  readonly shape: Shape;
}

/** Of every tensor: exports in half precision, and quantised ones that take bytes, have others. */
const ELEMENT = 'float32';

const DECODER_INPUTS: Readonly<Record<string, Shape>> = {
  image_embeddings: EMBEDDING.shape,
  point_coords: [1, null, 2],
  point_labels: [1, null],
  mask_input: [1, 1, MASK_PX, MASK_PX],
  has_mask_input: [1],
  orig_im_size: [2],
};

const DECODER_OUTPUTS: Readonly<Record<string, Shape>> = {
  iou_predictions: [1, null],
  low_res_masks: [1, null, MASK_PX, MASK_PX],
};

/** Sizes that differ; names of dimensions and null fit any. */
export const fits = (found: Shape, wanted: Shape): boolean =>
  found.length === wanted.length &&
  found.every((side, i) => typeof side !== 'number' || wanted[i] === null || side === wanted[i]);

export const inWords = (shape: Shape): string =>
  shape.map((side) => (side === '' ? 'n' : (side ?? 'n'))).join(' × ');

function tensorsOf(metadata: InferenceSession['inputMetadata']): Map<string, Tensor> {
  return new Map(metadata.flatMap((one) => (one.isTensor ? [[one.name, one] as const] : [])));
}

/** Files need not say what shape they answer. */
const answerFits = ({ shape }: Tensor, wanted: Shape) => shape.length === 0 || fits(shape, wanted);

/** Errors: unsupported, with what it has instead. Returns the name of its input. */
export function assertEncoder(
  path: string,
  { inputMetadata, outputMetadata, outputNames }: InferenceSession,
): string {
  const refused = (why: string) => new AppError('unsupported', `${path} ${why}`, { subject: path });
  const inputs = [...tensorsOf(inputMetadata)];
  const [first, ...others] = inputs;
  const wanted = [1, 3, FRAME_PX, FRAME_PX];
  if (first === undefined || others.length > 0 || !fits(first[1].shape, wanted)) {
    const found = inputs.map(([name, { shape }]) => `${name} ${inWords(shape)}`).join(', ');
    throw refused(
      `takes ${found || 'nothing'}, but the encoder of a promptable network takes one image of ${inWords(wanted)}. Is it the decoder? Export the image encoder for inputs of that shape.`,
    );
  }
  const [name, { type }] = first;
  if (type !== ELEMENT) {
    throw refused(`takes images of ${type} numbers. Export the image encoder with ${ELEMENT}.`);
  }
  if (outputNames.length !== 1) {
    throw refused(
      `has ${outputNames.length} outputs (${outputNames.join(', ')}), so it is an encoder of another family, such as SAM 2. Graft takes encoders with one output of ${inWords(EMBEDDING.shape)}.`,
    );
  }
  for (const answer of tensorsOf(outputMetadata).values()) {
    if (answer.type === ELEMENT && answerFits(answer, EMBEDDING.shape)) continue;
    throw refused(
      `answers ${answer.type} ${inWords(answer.shape)}, but the encoder of a promptable network answers ${ELEMENT} ${inWords(EMBEDDING.shape)}. Choose or export another.`,
    );
  }
  return name;
}

/** Errors: unsupported, with what is missing or different. */
export function assertDecoder(
  path: string,
  { inputMetadata, outputMetadata }: InferenceSession,
): void {
  const inputs = tensorsOf(inputMetadata);
  const outputs = tensorsOf(outputMetadata);
  const different = (name: string, { type, shape }: Tensor, isFitting: boolean, wanted: Shape) => [
    ...(isFitting ? [] : [`${name} of ${inWords(shape)}, not ${inWords(wanted)}`]),
    ...(type === ELEMENT ? [] : [`${name} of ${type} numbers, not ${ELEMENT}`]),
  ];
  const all = [
    ...Object.entries(DECODER_INPUTS).flatMap(([name, wanted]) => {
      const found = inputs.get(name);
      if (found === undefined) return [`no input ${name}`];
      return different(name, found, fits(found.shape, wanted), wanted);
    }),
    ...[...inputs.keys()]
      .filter((name) => !Object.hasOwn(DECODER_INPUTS, name))
      .map((name) => `the input ${name}, which is not known`),
    ...Object.entries(DECODER_OUTPUTS).flatMap(([name, wanted]) => {
      const found = outputs.get(name);
      if (found === undefined) return [`no output ${name}`];
      return different(name, found, answerFits(found, wanted), wanted);
    }),
  ];
  if (all.length === 0) return;
  throw new AppError(
    'unsupported',
    `${path} is no decoder as SAM's export makes it: it has ${all.join('; ')}.`,
    { subject: path },
  );
}

/** Errors: unsupported. Weights that were damaged or overflow answer what no mask can be made of. */
export function assertNumbers(path: string, values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw new AppError(
    'unsupported',
    `${path} answered what is no number, so its weights are damaged or of too little precision. Choose another.`,
    { subject: path },
  );
}
