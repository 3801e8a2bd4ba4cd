/** Prints operation-bits.ts's result for a number of threads, which holds for a process: operation-bits-process.ts THREADS */
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { bitsOfOperations } from './operation-bits.ts';

const { native } = await startEngine({ threads: Number(process.argv[2]), engine: 'tensorflow' });
if (native === null) throw new Error('asked for TensorFlow, got another engine');
process.stdout.write(bitsOfOperations(native));
