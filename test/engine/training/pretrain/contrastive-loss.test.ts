import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attentionMean } from '../../../../engine/training/network/attention-pooling.ts';
import { ntXent } from '../../../../engine/training/pretrain/contrastive-loss.ts';
import { trace } from '../../../../engine/training/tensorflow/trace.ts';
import { nativeEngineOrSkip } from '../native-engine.ts';

const engine = await nativeEngineOrSkip();

const projections = () =>
  tf.tensor2d(
    Float32Array.from({ length: 24 }, (_, i) => Math.sin(1.7 * i + 0.3) * (1 + (i % 5))),
    [6, 4],
  );

// torch 2.13, float64: u = normalize(z); s = u·uᵀ/τ with −∞ on the diagonal; 2·cross_entropy(s, i ^ 1)
const LOSS = 2.116138338156906;
const LOSS_AT_A_TENTH = 2.778706744106833;
const GRADIENT = [
  -0.103953, 0.003748, -0.009041, -0.003084, 0.098056, -0.137102, 0.007479, 0.245698, 0.015506,
  0.083687, 0.09275, -0.042195, -0.082729, -0.043398, -0.03638, 0.02155, 0.085513, 0.017759,
  -0.082463, -0.051773, 0.03886, -0.001226, -0.004763, -0.003105,
];

describe('NT-Xent', () => {
  it.each([
    ['traced', engine],
    ['eager', { ...engine, traced: false }],
  ])('has the value and gradient that PyTorch finds (%s)', (_, own) => {
    const step = trace(own, 'NT-Xent', ([z]) => {
      if (z === undefined) throw new Error('no input');
      const { value, grad } = tf.valueAndGrad((x) => ntXent({}, x as tf.Tensor2D))(z);
      return [value, grad];
    });
    const [value, gradient] = step.run([projections()]);
    expect(value?.dataSync()[0]).toBeCloseTo(LOSS, 5);
    gradient?.dataSync().forEach((g, i) => expect(g).toBeCloseTo(GRADIENT[i] ?? NaN, 5));
    step.dispose();
  });

  it('depends on the temperature, and not on the length of the vectors', () => {
    expect(ntXent({}, projections(), 0.1).dataSync()[0]).toBeCloseTo(LOSS_AT_A_TENTH, 5);
    expect(ntXent({}, tf.mul(projections(), 7)).dataSync()[0]).toBeCloseTo(LOSS, 5);
  });

  it('is that of guessing where all views are alike, and small where pairs agree and others do not', () => {
    const alike = tf.ones<tf.Rank.R2>([8, 5]);
    expect(ntXent({}, alike).dataSync()[0]).toBeCloseTo(2 * Math.log(7), 4);
    const pairs = tf.tensor2d([1, 0, 1, 0, -1, 0, -1, 0], [4, 2]);
    // Each view: e² for its partner, twice e⁻² for the others.
    const expected = 2 * Math.log(1 + 2 * Math.exp(-4));
    expect(ntXent({}, pairs).dataSync()[0]).toBeCloseTo(expected, 5);
  });

  it('survives a view without any features', () => {
    const { value, grad } = tf.valueAndGrad((x) => ntXent({}, x as tf.Tensor2D))(tf.zeros([4, 3]));
    expect(value.dataSync()[0]).toBeCloseTo(2 * Math.log(3), 4);
    expect([...grad.dataSync()].every(Number.isFinite)).toBe(true);
  });
});

describe('the attended mean', () => {
  it('is mean(a·F) / mean(a), channel by channel', () => {
    const features = tf.tensor4d(
      Float32Array.from({ length: 24 }, (_, i) => Math.cos(0.9 * i)),
      [2, 2, 2, 3],
    );
    const attention = tf.tensor4d(
      Float32Array.from({ length: 8 }, (_, i) => 1 / (1 + Math.exp(-Math.sin(2.1 * i)))),
      [2, 2, 2, 1],
    );
    // torch 2.13, float64: (a·f).mean((1, 2)) / a.mean((1, 2))
    const expected = [
      -0.03569096685, -0.24191382096, -0.26506111829, 0.13111036758, 0.31525359486, 0.26081918661,
    ];
    const found = attentionMean({}, features, attention).dataSync();
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
  });

  it('is the mean where all places are attended alike', () => {
    const features = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    expect([...attentionMean({}, features, tf.fill([1, 2, 2, 1], 0.3)).dataSync()]).toEqual([
      expect.closeTo(4, 5),
      expect.closeTo(5, 5),
    ]);
  });
});
