/**
 * Trains the product's network for a few steps on the portable engine and prints what became of it as JSON. Ends as a
 * trainer does: by having nothing left to do.
 * usage: train-process.ts THREADS SEED
 */
import { createHash } from 'node:crypto';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { createSteps } from './training-steps.ts';

const [threads = 1, seed = 0] = process.argv.slice(2).map(Number);
const engine = await startEngine({ engine: 'wasm', threads });
const steps = createSteps(engine, { sizePx: 32, batch: 4, base: 8, depth: 3, seed });
const losses = await Promise.all(Array.from({ length: 4 }, () => steps.next()));
const { theta, statistics, m, v } = await steps.read();
const hash = createHash('sha256');
for (const values of [theta, statistics, m, v]) hash.update(values);
process.stdout.write(
  JSON.stringify({ threads: engine.info.threads, losses, weights: hash.digest('hex') }),
);
