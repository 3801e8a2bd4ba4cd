import { describe, expect, it } from 'vitest';
import { parsePretraining, parseTask } from '../../../engine/cli/pretraining-option.ts';

describe('a pretraining on the command line', () => {
  it('is a task, with arms and options where they are given', () => {
    expect(parseTask('autoencoder')).toEqual({
      name: null,
      what: 'autoencoder',
      transfers: null,
      options: {},
    });
    expect(parseTask('gentle=segmentation:E,E+deepD,permuted:rate=0.1,deep=2,steps=800')).toEqual({
      name: 'gentle',
      what: 'segmentation',
      transfers: ['encoder', 'encoder+deep-decoder', 'permuted-encoder'],
      options: { rate: 0.1, deep: 2, steps: 800 },
    });
    expect(parsePretraining('ImageNet ResNet-18:E,frozen')).toMatchObject({
      name: null,
      what: 'ImageNet ResNet-18',
      transfers: ['encoder', 'frozen-encoder'],
    });
    expect(parseTask('segmentation:E:rate=0.1').name).toBeNull();
    expect(parseTask('multi-conrec::heads=shared,contrastive=0.5')).toMatchObject({
      transfers: null,
      options: { heads: 'shared', contrastive: 0.5 },
    });
  });

  it('is refused with what may be written', () => {
    expect(() => parseTask('guessing')).toThrow(/tasks are classification/);
    expect(() => parseTask('segmentation:F')).toThrow(
      /arms are E, E\+D, D, frozen, E\+deepD, permuted/,
    );
    expect(() => parseTask('segmentation:E:rate=2')).toThrow(/rate=2 is no option/);
    expect(() => parseTask('segmentation:E:speed=2')).toThrow(/speed=2 is no option/);
  });
});
