/**
 * The WebSocket of a window: its calls, and all events. What a peer can do to it ends it alone: frames that are none,
 * messages that are none, too large or too many, and answers that nobody reads.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { ClientMessage, type ServerMessage } from '../../shared/api.ts';
import { AppError, problemsOf, toWireError } from '../../shared/errors.ts';
import { callTooLarge, MAX_CALL_BYTES } from '../../shared/limits.ts';
import { leave } from '../caller-gone.ts';
import type { Engine } from '../engine.ts';
import { type Call, carry, jsonOrNull } from './calls.ts';

/** What waits to be read by one window. A page that was busy for a while has some of it; one that never reads has all. */
const MAX_UNREAD_BYTES = 2 ** 26;
/** Calls of one window at once; a page has a few dozen. */
const MAX_CALLS_AT_ONCE = 1000;

/** Close codes (RFC 6455) under which ws itself hangs up, in words that fit into a frame. */
const WORDS: Readonly<Record<number, string>> = {
  1002: 'not a frame of a WebSocket',
  1007: 'not text',
  1009: callTooLarge().message,
};

/** Says why it hangs up. */
class TalkingSocket extends WebSocket {
  override close(code?: number, reason: string | Buffer = WORDS[code ?? 0] ?? ''): void {
    super.close(code, reason);
  }
}

const Numbered = z.object({ id: z.number().int() });

/** Answers the calls of one window and tells it all events, until it closes: then its calls end, but for what belongs to a project. */
function serveWindow(engine: Engine, socket: WebSocket): void {
  const running = new Map<number, AbortController>();
  const whileRead = (send: () => void) => {
    if (socket.readyState !== socket.OPEN) return;
    // A window that is still there connects again, and asks anew for what it shows.
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
    else send();
  };
  const write = (message: ServerMessage) => whileRead(() => socket.send(JSON.stringify(message)));
  const refuse = (id: number, error: unknown) =>
    write({ type: 'error', id, error: toWireError(error) });
  const unsubscribe = engine.subscribe((event) => write({ type: 'event', event }));

  function start(call: Call): void {
    const { id } = call;
    if (running.has(id)) {
      refuse(id, new AppError('invalid-input', `The call ${id} is under way already.`));
    } else if (running.size >= MAX_CALLS_AT_ONCE) {
      const message = `${MAX_CALLS_AT_ONCE} calls are under way. Wait for one to end.`;
      refuse(id, new AppError('conflict', message));
    } else {
      const abort = new AbortController();
      running.set(id, abort);
      carry(engine, call, { signal: abort.signal, write })
        .catch((error: unknown) => refuse(id, error))
        .finally(() => running.delete(id));
    }
  }

  /** To the call where its number can be told, so that the others go on. */
  function refuseMessage(json: unknown, why: string): void {
    const { data: numbered } = Numbered.safeParse(json);
    const message = `The message is not one of Graft (${why}).`;
    if (numbered === undefined) socket.close(1007, 'not a message of Graft');
    else refuse(numbered.id, new AppError('invalid-input', message));
  }

  socket.on('message', (data: Buffer) => {
    const json = jsonOrNull(data.toString('utf8'));
    const parsed = ClientMessage.safeParse(json);
    if (!parsed.success) refuseMessage(json, problemsOf(parsed.error, { whole: 'message' }));
    else if (parsed.data.type === 'cancel') running.get(parsed.data.id)?.abort();
    else start(parsed.data);
  });
  socket.on('ping', (data: Buffer) => whileRead(() => socket.pong(data)));
  // Of a frame that is none: ws hangs up by itself, and only the end of the connection matters here.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    unsubscribe();
    for (const abort of running.values()) leave(abort);
  });
}

export interface WindowSockets {
  /** Makes a connection that was let in the line of a window. */
  open(request: IncomingMessage, connection: Duplex, head: Buffer): void;
  /** Breaks all. */
  close(): void;
}

export function createWindowSockets(engine: Engine): WindowSockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_CALL_BYTES,
    // Answered above: ws by itself would keep answers for a peer that reads none.
    autoPong: false,
    WebSocket: TalkingSocket,
  });
  return {
    open(request, connection, head) {
      sockets.handleUpgrade(request, connection, head, (socket) => serveWindow(engine, socket));
    },
    close() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}
