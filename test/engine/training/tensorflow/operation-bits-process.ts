/**
 * Prints operation-bits.ts's result for a number of threads, which holds for a process; before it, on stderr, how many
 * kilobytes of files are in its memory once TensorFlow has started: operation-bits-process.ts THREADS
 */
import { readFileSync } from 'node:fs';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { bitsOfOperations } from './operation-bits.ts';

const { native } = await startEngine({ threads: Number(process.argv[2]), engine: 'tensorflow' });
if (native === null) throw new Error('asked for TensorFlow, got another engine');
process.stderr.write(
  /^RssFile:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '',
);
process.stdout.write(bitsOfOperations(native));
