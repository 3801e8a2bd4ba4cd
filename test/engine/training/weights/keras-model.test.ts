import { expect, it } from 'vitest';
import { initialWeights } from '../../../../engine/training/parameters.ts';
import { segmentationSpec } from '../../../../engine/training/segmentation.ts';
import { readKerasFile } from '../../../../engine/training/weights/keras-file.ts';
import { kerasModel } from '../../../../engine/training/weights/keras-model.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';

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
    const bytes = await kerasModel({ network, spec, weights, part: 'segmentation' });
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
