/** Writes a network to a file of one of the formats that leave Graft. */
import type { ExportedModel, ModelAbout, ModelFormat } from '../../../shared/api.ts';
import { assertNothingThere, writeWhole } from '../../data/write-file.ts';
import { filterSpec } from '../network/parameters.ts';
import { tellsObjects, withoutDepths } from '../objectives/object-depths.ts';
import { bioimageModel } from './bioimage-model.ts';
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
  /** What `bioimage` says of it. */
  readonly about?: ModelAbout & { readonly name: string };
  readonly path: string;
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

async function encode(options: ExportOptions): Promise<Encoded> {
  const { network, sampling, spec, weights, part, classes, format } = options;
  const wanted = filterSpec(spec, ({ group }) => part === 'segmentation' || group !== 'head');
  const isTold = tellsObjects([wanted]);
  // bioimage.io names one output, and Keras' layers are checked with one.
  const leavesOut = isTold && (format === 'keras' || format === 'bioimage');
  const kept = leavesOut ? withoutDepths(wanted) : wanted;
  const ofObjects = leavesOut
    ? [
        'Left out: what tells touching objects apart, the second output. The formats onnx and graft hold it.',
      ]
    : isTold && format === 'onnx'
      ? [
          'depths: how deep inside its object each pixel lies, 0 to 1; a valley parts touching objects.',
        ]
      : [];
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
        ...ofObjects,
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
  const inputs = `Input image [n, ${network.inputChannels}, height, width], values in [0, 1]`;
  if (format === 'bioimage') {
    const { about } = options;
    if (classes === null || about === undefined) throw new Error('only segmentation networks');
    return {
      bytes: await bioimageModel({
        network,
        sampling,
        model: bytes,
        classes,
        about,
        at: new Date(),
      }),
      notes: [
        `rdf.yaml (bioimage.io model description 0.5.7), weights.onnx, README.md, test input and output. ${inputs}.`,
        ...missingAbout(about),
        ...ofObjects,
      ],
    };
  }
  return {
    bytes,
    notes: [
      `${inputs}${sampling === null ? '' : `; trained at ${sampling.sizePx} px`}. Outputs: ${outputs.join(', ')}.`,
      ...(names === null ? [] : [`Classes in order: ${names}.`]),
      ...ofObjects,
    ],
  };
}

/** What bioimage.io asks for when a model is uploaded, and Graft cannot know. */
function missingAbout({ authors, licence }: ModelAbout): string[] {
  const missing = [
    ...(authors.length === 0 ? ['authors'] : []),
    ...(licence === null ? ['a licence, as SPDX calls it'] : []),
    'a citation',
    'a cover picture',
  ];
  return [`For an upload bioimage.io also wants ${missing.join(', ')}: add them to rdf.yaml.`];
}

/** The file is whole or not there. Errors: conflict (it exists), no-space, unreadable, engine-unavailable. */
export async function exportModel(options: ExportOptions): Promise<ExportedModel> {
  const { path } = options;
  assertNothingThere(path);
  const { bytes, notes } = await encode(options);
  assertNothingThere(path);
  await writeWhole(path, bytes);
  return { path, bytes: bytes.length, notes };
}
