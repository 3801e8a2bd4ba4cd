/**
 * Run as a process of its own under the pinned Node, with the path of an addon: loads tfjs-node with that addon,
 * multiplies two matrices, and prints TensorFlow's version. With the path of Graft's own operations behind it: computes
 * with one of them as well. A crash in the library ends only this process.
 */
import { createRequire } from 'node:module';
import util from 'node:util';

process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
// tfjs-node still calls both; newer Node has removed or deprecated them.
Object.assign(util, {
  isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined,
  isArray: Array.isArray,
});

const [, , addon, operations] = process.argv;
const require = createRequire(import.meta.url);
/** @type {(name: string) => unknown} */
const load = require;
// tfjs-node asks this package where its addon is; it gets our answer.
load('@mapbox/node-pre-gyp');
const locator = require.cache[require.resolve('@mapbox/node-pre-gyp')];
if (locator === undefined) throw new Error('node-pre-gyp is not a CommonJS module any more');
locator.exports = { find: () => addon };

const tf = /** @type {typeof import('@tensorflow/tfjs-node')} */ (load('@tensorflow/tfjs-node'));
const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0];
if (tf.getBackend() !== 'tensorflow' || product !== 11) {
  throw new Error(`TensorFlow computed ${String(product)} where 11 is right`);
}
if (operations !== undefined) {
  load(operations);
  const backend =
    /** @type {{ executeSingleOutput(name: string, attributes: [], inputs: object[]): import('@tensorflow/tfjs-node').Tensor }} */ (
      /** @type {unknown} */ (tf.backend())
    );
  const image = tf.tensor4d([1, 4, 3, 2], [1, 2, 2, 1]);
  const largest = backend.executeSingleOutput('GraftMaxPool', [], [image]).dataSync()[0];
  if (largest !== 4) throw new Error(`the largest of 4 numbers was ${String(largest)}`);
}
const { binding } = /** @type {{ binding: { TF_Version: string } }} */ (
  /** @type {unknown} */ (tf.backend())
);
process.stdout.write(binding.TF_Version);
