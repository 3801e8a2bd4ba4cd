/** Writes a network to a file of one of the formats that leave Graft. */
import { writeFile } from 'node:fs/promises';
import type { ExportedModel, ModelFormat } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { filterSpec } from '../network/parameters.ts';
import type { PretrainedNetwork } from './encoder-weights.ts';
import { kerasModel } from './keras-model.ts';
import { encodeNetwork } from './network-file.ts';
import { onnxModel } from './onnx-model.ts';

export interface ExportOptions extends PretrainedNetwork {
  /** encoder: image → features, without heads; segmentation: image → class probabilities. */
  readonly part: 'encoder' | 'segmentation';
  /** Names in the order of the probabilities; null for an encoder. */
  readonly classes: readonly string[] | null;
  readonly format: ModelFormat;
  readonly path: string;
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

async function encode(options: ExportOptions): Promise<Encoded> {
  const { network, sampling, spec, weights, part, classes, format } = options;
  const kept = filterSpec(spec, ({ group }) => part === 'segmentation' || group !== 'head');
  if (format === 'graft') {
    return {
      bytes: encodeNetwork({ network, classes, sampling, spec: kept, weights }),
      notes: ['Graft reads it back with: graft encoder import'],
    };
  }
  if (format === 'keras') {
    return {
      bytes: await kerasModel({ network, spec: kept, weights, part, classes, sampling }),
      notes: [
        `keras.models.load_model reads it. Input [n, height, width, ${network.inputChannels}], values in [0, 1].`,
        'Graft reads it back with: graft encoder import',
        ...(classes === null ? [] : [`Classes in order: ${classes.join(', ')}.`]),
      ],
    };
  }
  const names = classes === null ? null : classes.join(', ');
  const { bytes, outputs } = onnxModel({
    network,
    spec: kept,
    weights,
    part,
    metadata: names === null ? {} : { classes: names },
  });
  return {
    bytes,
    notes: [
      `Input image [n, ${network.inputChannels}, height, width], values in [0, 1]${sampling === null ? '' : `; trained at ${sampling.sizePx} px`}. Outputs: ${outputs.join(', ')}.`,
      ...(names === null ? [] : [`Classes in order: ${names}.`]),
    ],
  };
}

/** Errors: conflict (the file exists), unreadable (the folder cannot be written). */
export async function exportModel(options: ExportOptions): Promise<ExportedModel> {
  const { path } = options;
  const { bytes, notes } = await encode(options);
  try {
    await writeFile(path, bytes, { flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') {
      throw new AppError('conflict', `${path} exists already. Choose another name.`, {
        subject: path,
      });
    }
    throw new AppError(
      'unreadable',
      `${path} cannot be written (${String(code)}). Check that the folder exists and that you may write there.`,
      { subject: path, cause: error },
    );
  }
  return { path, bytes: bytes.length, notes };
}
