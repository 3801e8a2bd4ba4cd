/** Entry of a thread of the pixel classifier: tile-threads.ts talks to it, shared/assist/tile-work.ts does the work. */
import { parentPort } from 'node:worker_threads';
import {
  buffersOf,
  type TileReply,
  type TileRequest,
  TileWork,
} from '../../shared/assist/tile-work.ts';
import { messageOf } from '../../shared/errors.ts';

/** What comes back, in the order of the questions. */
export type TileAnswer = { readonly reply: TileReply } | { readonly failed: string };

const work = new TileWork();
const port = parentPort;

port?.on('message', (request: TileRequest) => {
  try {
    const reply = work.answer(request);
    const answer: TileAnswer = { reply };
    port.postMessage(answer, buffersOf(reply) as ArrayBuffer[]);
  } catch (error) {
    const answer: TileAnswer = { failed: messageOf(error) };
    port.postMessage(answer);
  }
});
