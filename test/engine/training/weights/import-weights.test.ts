import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  createForwardPass,
  tensorWeights,
} from '../../../../engine/training/network/forward-pass.ts';
import { createLayers } from '../../../../engine/training/network/layers.ts';
import { flattenWeights } from '../../../../engine/training/network/parameters.ts';
import { encode } from '../../../../engine/training/network/unet.ts';
import {
  type ImportedWeights,
  readWeightFile,
} from '../../../../engine/training/weights/import-weights.ts';
import { readKerasFile } from '../../../../engine/training/weights/keras-file.ts';
import {
  readSafetensors,
  writeSafetensors,
} from '../../../../engine/training/weights/safetensors.ts';
import type { StoredTensor } from '../../../../engine/training/weights/stored-tensor.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';
import { FIXTURES, floats, image, madeUp, reference, SIZE } from './made-up-weights.ts';

const engine = await nativeEngineOrSkip();
const layers = createLayers(engine);
const portable = createLayers({ ...engine, native: null });

const CYCLE =
  'H4sIAAAAAAACA+v0cHHj5ZLiYuLgYICB/1AQxgjhG0DFI6bbrfD3cAliUlAs5M5GxhVMQsgaYYCLiYGRgYGNh4GBkYEx8TDMfA8GqgFxvtK15DspCeYkMVYGFgYmEMueYiftvXlkEQCVJB/oVgEAAA==';

const AUTO = { preprocessing: 'auto', base: 8 } as const;

function store(name: string, bytes: Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** A file as PyTorch's users have it, of the network of that reference. */
function torchTensors(name: string): Map<string, StoredTensor> {
  const { tensors = [] } = reference(name);
  return new Map(
    tensors.map(([key, kind, shape]) => [key, { shape, values: madeUp(key, kind, shape) }]),
  );
}
const torchFile = (name: string) =>
  store('net.safetensors', writeSafetensors({ tensors: torchTensors(name), metadata: {} }));
/** torchvision's resnet18 with a sixteenth of its channels: what names and shapes decide takes no 40 MB. */
function narrowTensors(): Map<string, StoredTensor> {
  const { tensors = [] } = reference('torchvision resnet18');
  return new Map(
    tensors.map(([key, kind, shape]) => {
      const narrow = shape.map((side) => (side % 64 === 0 ? side / 16 : side));
      return [key, { shape: narrow, values: madeUp(key, kind, narrow) }];
    }),
  );
}
const keptFile = (name: string) =>
  store(name, gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`))));

/** Largest difference from the reference at any level, relative to the largest value there. */
function largestDifference(read: ImportedWeights, name: string, own = layers): number {
  const { theta, statistics } = flattenWeights(read.spec, read.weights);
  return tf.tidy(() => {
    const pass = createForwardPass(own, {
      trained: null,
      fixed: [tensorWeights(read.spec, tf.tensor1d(theta), tf.tensor1d(statistics))],
    });
    const input = tf.tensor4d(image(), [1, SIZE, SIZE, 3]);
    const { skips, bottleneck } = encode<Tensor4D>(pass, read.network, input);
    const differences = Object.entries(reference(name).levels).map(([level, wanted]) => {
      const output = level === 'bottleneck' ? bottleneck : skips[Number(level) - 1];
      expect(output?.shape).toEqual(wanted.shape);
      const values = output?.dataSync<'float32'>() ?? new Float32Array();
      const expected = floats(wanted.values);
      let difference = 0;
      let largest = 0;
      expected.forEach((v, i) => {
        difference = Math.max(difference, Math.abs((values[i * wanted.step] ?? NaN) - v));
        largest = Math.max(largest, Math.abs(v));
      });
      expect(largest).toBeGreaterThan(0.1);
      return difference / Math.max(1, largest);
    });
    expect(differences).toHaveLength(5);
    return Math.max(...differences);
  });
}

describe('weights of PyTorch', () => {
  it.each([
    ['torchvision resnet18', 'torchvision', 'resnet18', 1],
    ['torchvision resnet34', 'torchvision', 'resnet34', 1],
    ['torchvision mobilenet_v2', 'torchvision', 'mobilenetv2', 1],
    ['timm resnet18', 'torchvision', 'resnet18', 1],
    ['timm mobilenetv2_050', 'timm', 'mobilenetv2', 0.5],
  ] as const)('%s: every level as PyTorch computes it', async (name, naming, encoder, width) => {
    const read = await readWeightFile(torchFile(name), AUTO);
    expect(read.obstacle).toBeNull();
    expect(read.report.naming).toBe(naming);
    expect(read.network).toMatchObject({ encoder, encoderWidth: width, padding: 'symmetric' });
    const own = read.report.layers.filter((l) => l.group === 'encoder');
    expect(new Set(own.map((l) => l.state))).toEqual(new Set(['loaded']));
    expect(largestDifference(read, name)).toBeLessThan(1e-4);
    expect(largestDifference(read, name, portable)).toBeLessThan(1e-4);
  });

  it.each(['zip', 'stream'])('as torch.save writes them, as a %s', async (format) => {
    const path = keptFile(`torch-resnet18-${format}`);
    const read = await readWeightFile(path, AUTO);
    expect(read.obstacle).toBeNull();
    expect(read.network).toMatchObject({ encoder: 'resnet18', encoderWidth: 1 / 16 });
    expect(largestDifference(read, 'narrow resnet18')).toBeLessThan(1e-4);
    expect(largestDifference(read, 'narrow resnet18', portable)).toBeLessThan(1e-4);
  });

  it('are found behind a prefix, and what is left over is named', async () => {
    const tensors = new Map([...narrowTensors()].map(([key, t]) => [`encoder.${key}`, t]));
    const path = store('n', writeSafetensors({ tensors, metadata: {} }));
    const { obstacle, report, network } = await readWeightFile(path, AUTO);
    expect(obstacle).toBeNull();
    expect(network).toMatchObject({ encoder: 'resnet18', encoderWidth: 1 / 16 });
    expect(report.unused).toEqual(['encoder.fc.weight', 'encoder.fc.bias']);
    expect(report.layers[0]).toMatchObject({ layer: 'encoder/stem', source: 'encoder.conv1' });
    expect(report.layers.find((l) => l.group === 'decoder')?.state).toBe('random');
  });
});

describe('weights of Keras', () => {
  it.each(['mobilenet.h5', 'mobilenet.weights.h5', 'mobilenet.keras'])(
    '%s: every level as Keras computes it',
    async (name) => {
      const read = await readWeightFile(keptFile(name), AUTO);
      expect(read.obstacle).toBeNull();
      expect(read.network).toMatchObject({ encoder: 'mobilenetv2', padding: 'same' });
      expect(read.network.preprocessing?.mean).toEqual([0.5, 0.5, 0.5]);
      expect(largestDifference(read, 'keras mobilenet')).toBeLessThan(1e-4);
    },
  );

  it('resnet18.h5, with biases, ε of its own and BGR: every level as Keras computes it', async () => {
    const read = await readWeightFile(keptFile('resnet18.h5'), AUTO);
    expect(read.obstacle).toBeNull();
    expect(read.network).toMatchObject({ encoder: 'resnet18', encoderWidth: 0.0625 });
    expect(read.report.notes.join('\n')).toMatch(
      /biases .* moved into its mean[\s\S]*1\.001e-?5|0\.00001001/,
    );
    expect(largestDifference(read, 'keras resnet18')).toBeLessThan(1e-4);
  });

  it.each([
    ['mobilenet.h5', 'bn_Conv1', 1e-3],
    ['mobilenet.keras', 'block_16_project_BN', 1e-3],
    ['resnet18.h5', 'conv5_block2_2_bn', 1.001e-5],
  ])('%s tells the ε of its layers', async (name, layer, epsilon) => {
    const { epsilons } = await readKerasFile(readFileSync(keptFile(name)), name);
    expect(epsilons.get(layer)).toBe(epsilon);
  });

  it.each([
    ['mobilenet.h5', 1e-3],
    ['mobilenet.weights.h5', 1e-3],
    ['resnet18.h5', 1.001e-5],
  ])('%s keeps its ε in the network, so that training has it, too', async (name, epsilon) => {
    const { network, spec, report } = await readWeightFile(keptFile(name), AUTO);
    expect(network.encoderEpsilon).toBe(epsilon);
    expect(new Set(spec.statistics.map((one) => one.epsilon))).toEqual(new Set([epsilon]));
    expect(report.notes.join(' ')).toContain(`with ε ${epsilon}, as in the file`);
  });

  it('differ where the padding or the preprocessing is taken for another', async () => {
    const read = await readWeightFile(keptFile('mobilenet.h5'), AUTO);
    const { network } = read;
    const padded = { ...read, network: { ...network, padding: 'symmetric' as const } };
    expect(largestDifference(padded, 'keras mobilenet')).toBeGreaterThan(1e-2);
    const seen = { ...read, network: { ...network, preprocessing: null } };
    expect(largestDifference(seen, 'keras mobilenet')).toBeGreaterThan(1e-2);
  });
});

it('reads the types that the safetensors library writes', () => {
  const path = join(FIXTURES, 'types.safetensors');
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  expect(metadata).toEqual({ made: 'by safetensors' });
  expect([...tensors.keys()].sort()).toEqual(['bfloat16', 'float16', 'float32', 'float64']);
  const deviation = { float64: 1e-7, float32: 1e-7, float16: 1e-3, bfloat16: 1e-2 };
  for (const [type, { shape, values }] of tensors) {
    expect(shape).toEqual([3, 3]);
    values.forEach((v, i) => {
      const tolerance = deviation[type as keyof typeof deviation];
      expect(Math.abs(v - (i - 4) / 3)).toBeLessThan(tolerance);
    });
  }
});

describe('a weight file is refused', () => {
  const refusal = async (path: string) => {
    const found = await readWeightFile(path, AUTO).then(
      (read) => read.obstacle,
      (error: unknown) => error,
    );
    return found instanceof Error ? found.message : 'none';
  };
  const changed = (change: (tensors: Map<string, StoredTensor>) => void) => {
    const tensors = narrowTensors();
    change(tensors);
    return store('net.safetensors', writeSafetensors({ tensors, metadata: {} }));
  };

  it('where it is a pickle, with the way out', async () => {
    expect(await refusal(join(FIXTURES, 'pickled.pt'))).toMatch(/such as a/);
    expect(await refusal(store('old.pth', Uint8Array.of(0x80, 2, 0x8a, 10)))).toMatch(/cut off/);
    expect(await refusal(store('bare.pkl', Uint8Array.of(0x80, 2, 0x4e, 0x2e)))).toMatch(
      /a pickle, but not a file of PyTorch.*torch\.save/,
    );
    const array = Buffer.from('\u0093NUMPY\u0001\u0000v\u0000{', 'latin1');
    expect(await refusal(store('a.npy', array))).toMatch(/NumPy array without names/);
  });

  it('where it is of another network, saying which', async () => {
    const bottleneck = changed((t) => {
      t.set('layer1.0.conv3.weight', { shape: [1], values: Float32Array.of(1) });
    });
    expect(await refusal(bottleneck)).toMatch(/another network, namely a ResNet with bottleneck/);
    const other = new Map([['lstm.weight', { shape: [1], values: Float32Array.of(1) }]]);
    const path = store('n', writeSafetensors({ tensors: other, metadata: {} }));
    expect(await refusal(path)).toMatch(/such as lstm\.weight/);
    expect(await refusal(store('z.zip', zipSync({ 'a.txt': strToU8('a') })))).toMatch(
      /neither a Keras model nor weights of PyTorch/,
    );
    expect(await refusal(store('t.txt', strToU8('hello')))).toMatch(
      /neither safetensors nor a file of PyTorch/,
    );
  });

  it('where a layer is missing, of another shape or not a number, naming the layer', async () => {
    const missing = changed((t) => t.delete('layer3.1.bn2.running_var'));
    expect(await refusal(missing)).toMatch(
      /encoder\/stage3\/block2\/conv2: the file has no layer3\.1\.bn2\.running_var/,
    );
    const narrow = changed((t) => {
      t.set('layer2.0.downsample.1.weight', { shape: [3], values: new Float32Array(3) });
    });
    expect(await refusal(narrow)).toMatch(
      /stage2\/block1\/shortcut: layer2\.0\.downsample\.1\.weight is 3 in the file, and the network needs 8/,
    );
    const nan = changed((t) => {
      const values = t.get('layer4.0.conv1.weight')?.values;
      if (values !== undefined) values[7] = NaN;
    });
    expect(await refusal(nan)).toMatch(
      /encoder\/stage4\/block1\/conv1: layer4\.0\.conv1\.weight holds values that are not numbers/,
    );
  });

  it('refuses Keras files that would never end or fill the memory', async () => {
    // HDF5 with a group a that holds itself as b.
    const cycle = gunzipSync(Buffer.from(CYCLE, 'base64'));
    expect(await refusal(store('cycle.h5', cycle))).toMatch(/its groups hold one another/);
    // A little more than any file may claim (stored-tensor.ts).
    const zeros = new Uint8Array(2 ** 26 + 2 ** 23);
    const bomb = zipSync({ 'model.weights.h5': [zeros, { level: 1 }] });
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal(store('bomb.keras', bomb))).toMatch(/model\.weights\.h5 claims 75 MB/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it('where it is cut off', async () => {
    for (const name of ['mobilenet.h5', 'mobilenet.keras']) {
      const whole = readFileSync(keptFile(name));
      for (const share of [0.3, 0.9]) {
        const cut = store(name, whole.subarray(0, Math.floor(share * whole.length)));
        expect(await refusal(cut)).toMatch(/damaged or cut off/);
      }
    }
    const torch = writeSafetensors({ tensors: narrowTensors(), metadata: {} });
    expect(await refusal(store('n', torch.subarray(0, torch.length / 2)))).toMatch(
      /damaged or cut off/,
    );
  });
});
