/**
 * A process of its own that takes the memory of a card until there is none (its parent limits what it may take), then
 * asks it for values. Prints what it is told, as JSON.
 */
import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../../../../engine/training/tensorflow/backend.ts';
import { messageOf } from '../../../../shared/errors.ts';

const BUFFER_BYTES = 2 ** 28;
const MOST_BUFFERS = 64;

const { card } = await startEngine({ threads: 1, engine: 'webgpu' });
if (card === null) throw new Error('no card');
let told = '';
let taken = 0;
while (told === '' && taken < MOST_BUFFERS) {
  try {
    card.device.createBuffer({ size: BUFFER_BYTES, usage: GPUBufferUsage.STORAGE });
    taken++;
    const value = tf.scalar(1);
    await card.values(tf.square(value));
  } catch (error) {
    told = messageOf(error);
  }
}
process.stdout.write(`${JSON.stringify({ taken, told })}\n`);
process.exit(0);
