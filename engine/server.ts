/**
 * The loopback door to the engine: one page, one WebSocket, one address for calls. Who is let in is server/door.ts, what
 * is answered where is server/routes.ts.
 */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Engine } from './engine.ts';
import { MAX_MESSAGE_BYTES, serveSocket } from './server/calls.ts';
import { createDoor } from './server/door.ts';
import { createPageFiles } from './server/page-files.ts';
import { openPort } from './server/port.ts';
import { createRoutes } from './server/routes.ts';
import { createStaging } from './server/staging.ts';

export interface Server {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** An address that opens the page once, in one browser. */
  launchUrl(): string;
  /** Secret for this user's other processes, sent as a bearer token. */
  readonly token: string;
  close(): Promise<void>;
}

/** Listens on a loopback port. Errors: conflict where `port` is asked for and taken. */
export async function startServer(
  engine: Engine,
  options: {
    readonly port?: number;
    /** The built window; by default where build/window.mjs puts it. */
    readonly pageFolder?: string;
    /** Where the session is kept, so that a window left open finds a restarted engine. */
    readonly sessionPath?: string;
  } = {},
): Promise<Server> {
  const http = createHttpServer();
  // Before anything is known of a peer, and whoever takes the connection over: one that breaks ends itself alone.
  http.on('connection', (socket: Socket) => socket.on('error', () => socket.destroy()));
  const session = await openPort(http, options);
  const url = `http://127.0.0.1:${session.port}`;
  const door = createDoor(session);
  const staging = createStaging();
  const page = createPageFiles(options.pageFolder);
  http.on('request', createRoutes({ engine, door, staging, page, origin: url }));

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const welcome = door.refusal(request) === null && door.isSession(request);
    if (!welcome || request.url !== '/socket') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => serveSocket(engine, opened));
  });

  return {
    url,
    token: door.bearer,
    launchUrl: () => `${url}/launch?token=${door.freshLaunchToken()}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      staging.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
