/** Calls over HTTP: one JSON message a line of an answer. Over a WebSocket: window-socket.ts. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClientMessage, type ServerMessage } from '../../shared/api.ts';
import { AppError, problemsOf, toWireError } from '../../shared/errors.ts';
import { callTooLarge, MAX_CALL_BYTES } from '../../shared/limits.ts';
import type { Engine } from '../engine.ts';
import { readBody } from './reply.ts';

export type Call = Extract<ClientMessage, { readonly type: 'call' }>;

/** null where the text is not JSON: no message of Graft is null, so the schema refuses it. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export async function carry(
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

function parseCall(text: string): Call {
  const parsed = ClientMessage.safeParse(jsonOrNull(text));
  if (parsed.data?.type === 'call') return parsed.data;
  const why = parsed.success
    ? 'it asks for nothing'
    : problemsOf(parsed.error, { whole: 'message' });
  throw new AppError('invalid-input', `The message is not a call of Graft (${why}).`);
}

/** Progress while the call lasts, then the result or the error. Who hangs up cancels it. */
export async function answerCall(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const write = (message: ServerMessage) => {
    // Who does not read misses how far it is, not what came of it.
    if (message.type === 'progress' && response.writableNeedDrain) return;
    response.write(`${JSON.stringify(message)}\n`);
  };
  try {
    const body = await readBody(request, { limitBytes: MAX_CALL_BYTES, tooLarge: callTooLarge });
    const call = parseCall(body.toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await carry(engine, call, { signal: abort.signal, write });
  } catch (error) {
    write({ type: 'error', id: 0, error: toWireError(error) });
  }
  response.end();
}
