/** How calls and events travel: one JSON message a line of an answer, or one a message of a WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import { ClientMessage, type ServerMessage } from '../../shared/api.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import type { Engine } from '../engine.ts';
import { readBody } from './reply.ts';

/** The largest are splits and selections: some 35 bytes for each of up to 450,000 images. Pixels do not come here. */
export const MAX_MESSAGE_BYTES = 2 ** 24;

type Call = Extract<ClientMessage, { readonly type: 'call' }>;

/** null where the text is not JSON: no message of Graft is null, so the schema refuses it. */
function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function carry(
  engine: Engine,
  { id, name, input, origin }: Call,
  { signal, write }: { signal: AbortSignal; write: (message: ServerMessage) => void },
): Promise<void> {
  const output = await engine.callUntrusted(name, input, {
    signal,
    onProgress: (progress) => write({ type: 'progress', id, progress }),
    ...(origin === undefined ? {} : { origin }),
  });
  write({ type: 'result', id, output });
}

/** Progress while the call lasts, then the result or the error. Who hangs up cancels it. */
export async function answerCall(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const write = (message: ServerMessage) => void response.write(`${JSON.stringify(message)}\n`);
  try {
    const { data: message } = ClientMessage.safeParse(
      jsonOrNull((await readBody(request, MAX_MESSAGE_BYTES)).toString('utf8')),
    );
    if (message?.type !== 'call') {
      throw new AppError('invalid-input', 'The message is not a call of Graft.');
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await carry(engine, message, { signal: abort.signal, write });
  } catch (error) {
    write({ type: 'error', id: 0, error: toWireError(error) });
  }
  response.end();
}

/** Answers the calls of one window and tells it all events, until it closes: then its calls are cancelled. */
export function serveSocket(engine: Engine, socket: WebSocket): void {
  const running = new Map<number, AbortController>();
  const write = (message: ServerMessage) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const unsubscribe = engine.subscribe((event) => write({ type: 'event', event }));

  function start(call: Call): void {
    const { id } = call;
    const abort = new AbortController();
    running.set(id, abort);
    carry(engine, call, { signal: abort.signal, write })
      .catch((error: unknown) => write({ type: 'error', id, error: toWireError(error) }))
      .finally(() => running.delete(id));
  }

  // A frame that is none: ws closes the connection and says why; only the end of it matters here.
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    const parsed = ClientMessage.safeParse(jsonOrNull(data.toString('utf8')));
    if (!parsed.success) socket.close(1007, 'not a message of Graft');
    else if (parsed.data.type === 'cancel') running.get(parsed.data.id)?.abort();
    else start(parsed.data);
  });
  socket.on('close', () => {
    unsubscribe();
    for (const abort of running.values()) abort.abort();
  });
}
