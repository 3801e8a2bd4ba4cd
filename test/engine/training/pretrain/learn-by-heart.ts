/**
 * `node learn-by-heart.ts TASK …`: prints what share of its first loss each task comes down to. A process of its own,
 * because TensorFlow chooses its kernels when it is loaded.
 */
import { PretrainingTask } from '../../../../shared/entities.ts';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { learnedByHeart } from './few-images.ts';

const engine = await startEngine({ threads: 1, engine: 'tensorflow' });
const shares: number[] = [];
for (const name of process.argv.slice(2)) {
  shares.push(await learnedByHeart(PretrainingTask.parse(name), { engine, seed: 1 }));
}
process.stdout.write(JSON.stringify(shares));
