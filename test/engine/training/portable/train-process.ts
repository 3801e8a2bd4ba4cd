/**
 * Trains the product's network for a few steps on the portable engine and prints what became of it as JSON. Ends as a
 * trainer does: by having nothing left to do.
 * usage: train-process.ts THREADS SEED …
 */
import { createHash } from 'node:crypto';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { createSteps } from './training-steps.ts';

const [threads = 1, ...seeds] = process.argv.slice(2).map(Number);
const engine = await startEngine({ engine: 'wasm', threads });
const trained: { readonly losses: readonly number[]; readonly weights: string }[] = [];
for (const seed of seeds) {
  const steps = createSteps(engine, { sizePx: 32, batch: 4, base: 8, depth: 3, seed });
  const losses = await Promise.all(Array.from({ length: 4 }, () => steps.next()));
  const { theta, statistics, m, v } = await steps.read();
  const hash = createHash('sha256');
  for (const values of [theta, statistics, m, v]) hash.update(values);
  trained.push({ losses, weights: hash.digest('hex') });
}
process.stdout.write(JSON.stringify({ threads: engine.info.threads, trained }));
