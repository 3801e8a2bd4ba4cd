/** Entry of a thread of the pixel classifier in the engine: tile-threads.ts talks to it. */
import { parentPort } from 'node:worker_threads';
import { answered, type TileRequest, TileWork } from '../../shared/assist/tile-work.ts';

const work = new TileWork();

parentPort?.on('message', (request: TileRequest) => {
  const { answer, transfer } = answered(work, request);
  parentPort?.postMessage(answer, transfer);
});
