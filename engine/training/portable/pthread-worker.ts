/**
 * Entry of each compute thread of the threaded wasm build. @tensorflow/tfjs-backend-wasm ships emscripten's worker
 * only as a string, meant for a browser's Blob; here it runs as the body of a Node worker.
 */
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';

const require = createRequire(import.meta.url);
const shipped: unknown = require('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js');
if (
  typeof shipped !== 'object' ||
  shipped === null ||
  !('wasmWorkerContents' in shipped) ||
  typeof shipped.wasmWorkerContents !== 'string'
) {
  throw new Error('tfjs-backend-wasm ships no worker source');
}
// The template literal it is kept in turned the escaped newlines of its string literals into real ones.
const source = shipped.wasmWorkerContents.replaceAll('\n', '\\n');
const run = compileFunction(source, ['require', '__filename']);
Reflect.apply(run, undefined, [require, import.meta.filename]);
