/** Runs of every kind of network on the portable engine. */
import { beforeAll, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { NetworkConfig } from '../../../../shared/entities.ts';
import { runHere } from '../run-here.ts';
import { squaresProject } from '../squares-project.ts';

const { project, common, addRun, pretrainConfig, stored } = squaresProject();
let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ engine: 'wasm', threads: 1 });
});

it.each([
  { encoder: 'resnet18' },
  { encoder: 'mobilenetv2' },
  { encoder: 'resnet18', norm: 'group' },
  { encoder: 'plain', norm: 'group', skips: 'none', depth: 2 },
])('pretrains %o', async (network) => {
  const runId = addRun({
    ...pretrainConfig('in-painting'),
    network: NetworkConfig.parse({ base: 2, encoderWidth: 0.0625, bottleneck: 4, ...network }),
    optimisation: { ...common.optimisation, steps: 3, batch: 2, evaluateEvery: 1 },
  });
  const { of, outcome } = await runHere(project, runId, { engine });
  expect(outcome).toBe('done');
  expect(of('started')[0]?.engine.name).toBe('wasm');
  const losses = of('metrics').flatMap((e) => e.points.filter((p) => p.name === 'loss'));
  expect(losses).toHaveLength(3);
  expect(losses.every(({ value }) => Number.isFinite(value) && value > 0)).toBe(true);
  expect(stored(runId, 'last').trained.theta.every(Number.isFinite)).toBe(true);
  expect(of('example')).toHaveLength(4);
});
