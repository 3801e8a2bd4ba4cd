import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { initialWeights, joinSpecs } from '../../../../engine/training/network/parameters.ts';
import { depthSpec } from '../../../../engine/training/objectives/object-depths.ts';
import { segmentationSpec } from '../../../../engine/training/objectives/segmentation.ts';
import { exportModel } from '../../../../engine/training/weights/export-model.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

const network = NetworkConfig.parse({ base: 4, depth: 3, inputChannels: 1 });
const spec = segmentationSpec(network, 3);

async function exported(classes: readonly string[], own = spec) {
  const path = join(temporaryFolder(), 'model.zip');
  const { notes } = await exportModel({
    ...{ network, sampling: null, spec: own, weights: initialWeights(own, 1) },
    ...{ part: 'segmentation', format: 'bioimage', classes, path },
    about: { name: 'nuclei: "first" try', authors: ['A. Author'], licence: null },
  });
  return { notes, files: unzipSync(readFileSync(path)) };
}

/** Of version 1.0 with float32. */
function npy(bytes: Uint8Array | undefined) {
  const all = Buffer.from(bytes ?? []);
  const end = 10 + all.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = all.toString('latin1', 10, end);
  const [, shape = ''] =
    /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(header) ?? [];
  const values = all.buffer.slice(all.byteOffset + end, all.byteOffset + all.length);
  return { shape: shape.split(', ').map(Number), data: new Float32Array(values) };
}

it('writes a zip for bioimage.io whose test output is that of its model', async () => {
  const { files, notes } = await exported(['background', 'Kern (groß)', 'kern-gro']);
  expect(Object.keys(files).sort()).toEqual([
    ...['README.md', 'rdf.yaml', 'test_input.npy', 'test_output.npy', 'weights.onnx'],
  ]);
  const input = npy(files['test_input.npy']);
  const output = npy(files['test_output.npy']);
  expect([input.shape, output.shape]).toEqual([
    [1, 1, 64, 64],
    [1, 3, 64, 64],
  ]);
  const session = await InferenceSession.create(files['weights.onnx'] ?? new Uint8Array());
  const again = await session.run({ image: new Tensor('float32', input.data, input.shape) });
  expect(again['probabilities']?.data).toEqual(output.data);
  expect(notes.join(' ')).toMatch(/also wants a licence, as SPDX calls it, a citation/);
  expect(notes.join(' ')).not.toContain('authors');
});

it('describes it as model description 0.5.7 has it, with the hash of each file', async () => {
  const { files } = await exported([
    ...['background', 'Kern (groß)', 'Kern gross!', '1', 'None', 'x_7', 'x', 'x'],
  ]);
  const text = Buffer.from(files['rdf.yaml'] ?? []).toString();
  expect(text.split('\n').slice(0, 6)).toEqual([
    'format_version: "0.5.7"',
    'type: "model"',
    'name: "nuclei   first  try"',
    'description: "A U-Net trained with Graft that tells background, Kern (groß), Kern gross!, 1, None, x_7, x, x apart."',
    'authors:',
    '  - name: "A. Author"',
  ]);
  expect(text).not.toContain('license');
  expect(text).toContain('axis_id: "y"');
  for (const name of ['test_input.npy', 'test_output.npy', 'weights.onnx']) {
    const sha256 = createHash('sha256')
      .update(files[name] ?? '')
      .digest('hex');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`source: "${name}" sha256: "${sha256}"`);
  }
  const channels = text.slice(text.indexOf('outputs:'));
  const names = [...channels.matchAll(/- "(\w+)"/g)].map(([, name]) => name);
  expect(names).toEqual([
    'background',
    'Kern_gro',
    'Kern_gross',
    'class_3',
    'class_4',
    'x_7',
    'x',
    'x_7_',
  ]);
});

it('of a network that tells objects apart the classes go out, and what is left out is said', async () => {
  const own = joinSpecs(spec, depthSpec(network));
  const { files, notes } = await exported(['background', 'kern', 'rand'], own);
  expect(npy(files['test_output.npy']).shape).toEqual([1, 3, 64, 64]);
  const session = await InferenceSession.create(files['weights.onnx'] ?? new Uint8Array());
  expect(session.outputNames).toEqual(['probabilities']);
  expect(notes.at(-1)).toMatch(/^Left out: what tells touching objects apart/);
  const [keras, onnx] = [join(temporaryFolder(), 'm.h5'), join(temporaryFolder(), 'm.onnx')];
  const model = { network, sampling: null, spec: own, weights: initialWeights(own, 1) };
  const to = { part: 'segmentation', classes: ['background', 'kern', 'rand'] } as const;
  const asKeras = await exportModel({ ...model, ...to, format: 'keras', path: keras });
  expect(asKeras.notes.at(-1)).toMatch(/^Left out: what tells touching objects apart/);
  const asOnnx = await exportModel({ ...model, ...to, format: 'onnx', path: onnx });
  expect(asOnnx.notes.at(-1)).toMatch(/^depths: how deep inside its object/);
  const whole = await InferenceSession.create(readFileSync(onnx));
  expect(whole.outputNames).toEqual(['probabilities', 'depths']);
});
