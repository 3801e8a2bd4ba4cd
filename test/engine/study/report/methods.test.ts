import { expect, it } from 'vitest';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { describeMethods } from '../../../../engine/study/report/methods.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

function methodsOf(changes: Parameters<typeof smallStudy>[1]): string {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 6, classes: 2 });
  const target = addDataset(project, 'target', { count: 20 });
  const study = createStudy(project, smallStudy({ source, target }, changes));
  return describeMethods(project, study, []).join('\n');
}

it('describe the plain network as it is configured', () => {
  const text = methodsOf({ network: { depth: 3, base: 4, skips: 'none' } });
  expect(text).toMatch(/U-Net of depth 3 with 4, 8, 16 channels and a bottleneck of 64/);
  expect(text).toMatch(/; batch normalisation; .*; no skips; 1 input channel/);
  expect(text).not.toMatch(/skip convolutions/);
});

it('say which classes are scored, and what class 0 was when the study was planned', () => {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 6 });
  const target = addDataset(project, 'target', { count: 20 });
  const plan = (name: string) =>
    describeMethods(
      project,
      createStudy(project, smallStudy({ source, target }, { name })),
      [],
    ).join('\n');
  expect(plan('first')).toContain('(cell; class 0 is the background, learned and not scored)');
  project.datasets.setBackground(target, false);
  expect(plan('second')).toContain('(background and cell; class 0 is one of them)');
});

it('describe another encoder by its name, its padding and its decoder, never as a plain U-Net', () => {
  const text = methodsOf({
    network: { encoder: 'resnet18', norm: 'group', inputChannels: 3, base: 8 },
  });
  expect(text).toMatch(/encoder of ResNet-18 \(He et al\. 2016\), symmetric padding/);
  expect(text).toMatch(/decoder of 5 levels with 128, 64, 32, 16, 8 channels/);
  expect(text).toMatch(/group normalisation \(Wu & He 2018\)/);
  expect(text).not.toMatch(/batch normalisation|U-Net of depth/);
});

it('say what preprocessing, precision, loss and learning rates were', () => {
  const { finetuning } = smallStudy({ source: 1, target: 2 });
  const text = methodsOf({
    network: { preprocessing: { mean: [0.5], deviation: [0.25] } },
    finetuning: { ...finetuning, precision: 'bfloat16' },
    learningRates: [5e-4, 2e-3],
    loss: { kind: 'focal+dice', focalGamma: 3 },
  });
  expect(text).toMatch(/values in \[0, 1\], less 0\.500 and over 0\.250 inside the network/);
  expect(text).toMatch(/learning rates 0\.0005, 0\.002, .*in mixed precision with bfloat16/);
  expect(text).toMatch(/focal loss with γ = 3/);
});

it('say what a task changes of the network, and how its parts weigh', () => {
  const { finetuning: optimisation } = smallStudy({ source: 1, target: 2 });
  const pretrainings = [
    { task: 'autoencoder', transfers: ['encoder'], optimisation },
    {
      task: 'multi-conrec',
      transfers: ['encoder'],
      optimisation,
      options: { reconstructionWeight: 10, heads: 'shared' },
    },
  ];
  const text = methodsOf({ pretrainings });
  expect(text).toMatch(/autoencoder, 10 steps .*?; trained without skips; /);
  expect(text).toMatch(/reconstruction weighs 10, contrast 1, one output layer for all/);
  expect(methodsOf({ pretrainings, network: { skips: 'none' } })).not.toMatch(/without skips/);
});
