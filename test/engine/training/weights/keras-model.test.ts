import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { initialWeights } from '../../../../engine/training/network/parameters.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import { readWeightFile } from '../../../../engine/training/weights/import-weights.ts';
import { readKerasFile } from '../../../../engine/training/weights/keras-file.ts';
import { kerasModel } from '../../../../engine/training/weights/keras-model.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

// That Keras loads these models and computes what onnxruntime does is fixtures/check-keras-models.py's business.
it.each([
  ['plain', 'batch'],
  ['resnet18', 'group'],
  ['mobilenetv2', 'batch'],
] as const)(
  'a %s network with norm %s is written as HDF5 with every weight',
  async (encoder, norm) => {
    const network = NetworkConfig.parse({ base: 4, encoderWidth: 0.125, encoder, norm });
    const spec = segmentationSpec(network, 3);
    const weights = initialWeights(spec, 4);
    const bytes = await kerasModel({
      network,
      spec,
      weights,
      part: 'segmentation',
      classes: ['background', 'a', 'b'],
      sampling: null,
    });
    const { tensors, epsilons } = await readKerasFile(bytes, 'model.h5');
    for (const { name, layer, shape, kind } of spec.parameters) {
      const ownLayer = layer.replaceAll('/', '_');
      const stored = kind === 'gamma' || kind === 'beta' ? `${ownLayer}_norm` : ownLayer;
      const variable = kind === 'depthwise' ? 'kernel' : kind;
      const tensor = tensors.get(`${stored}/${variable}`);
      expect(tensor?.shape).toEqual(shape);
      expect(tensor?.values).toEqual(weights.parameters.get(name));
    }
    for (const { layer, channels } of spec.statistics) {
      const values = (part: string) =>
        tensors.get(`${layer.replaceAll('/', '_')}_norm/${part}`)?.values;
      const both = weights.statistics.get(layer);
      expect(values('moving_mean')).toEqual(both?.slice(0, channels));
      expect(values('moving_variance')).toEqual(both?.slice(channels));
    }
    expect(new Set(epsilons.values())).toEqual(new Set([1e-5]));
  },
);

it.each([
  ['plain', 'batch', 'none'],
  ['plain', 'group', 'concat'],
  ['resnet18', 'batch', 'conv'],
  ['mobilenetv2', 'batch', 'conv'],
] as const)(
  'a %s network with norm %s and skips %s is read back as it was written, without its head',
  async (encoder, norm, skips) => {
    const network = NetworkConfig.parse({
      ...{ base: 4, encoderWidth: 0.125, encoder, norm, skips, padding: 'same' },
      preprocessing: { mean: [0.25], deviation: [0.5] },
      encoderEpsilon: 1e-3,
    });
    const spec = segmentationSpec(network, 3);
    const weights = initialWeights(spec, 4);
    const path = join(temporaryFolder(), 'model.h5');
    const model = { network, spec, weights, classes: ['background', 'a', 'b'], sampling: null };
    writeFileSync(path, await kerasModel({ ...model, part: 'segmentation' }));
    const read = await readWeightFile(path, { preprocessing: 'auto', base: 16 });
    expect(read.obstacle).toBeNull();
    expect(read.network).toEqual(network);
    expect(read.report.naming).toBe('graft');
    expect(read.report.unused).toEqual(['head/segmentation/kernel', 'head/segmentation/bias']);
    expect(new Set(read.report.layers.map((l) => l.state))).toEqual(new Set(['loaded']));
    for (const { name, group } of spec.parameters) {
      if (group === 'head') continue;
      expect(read.weights.parameters.get(name)).toEqual(weights.parameters.get(name));
    }
    expect(read.weights.statistics).toEqual(weights.statistics);
    if (norm === 'batch') {
      const { epsilons } = await readKerasFile(
        await kerasModel({ ...model, part: 'segmentation' }),
        'model.h5',
      );
      expect(new Set(epsilons.values())).toEqual(new Set([1e-3, 1e-5])); // encoder, decoder
    }
  },
);
