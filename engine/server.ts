/**
 * The loopback door to the engine: one page, one WebSocket, one address for calls. Who is let in is server/door.ts, what
 * is answered where is server/routes.ts.
 */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Engine } from './engine.ts';
import { HEADERS_TIMEOUT_MS, watchConnections } from './server/connections.ts';
import { createDoor } from './server/door.ts';
import { createPageFiles } from './server/page-files.ts';
import { openPort } from './server/port.ts';
import { createRoutes } from './server/routes.ts';
import { createStaging } from './server/staging.ts';
import { createWindowSockets } from './server/window-socket.ts';

export interface Server {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** An address that opens the page once, in one browser. */
  launchUrl(): string;
  /** Secret for this user's other processes, sent as a bearer token. */
  readonly token: string;
  /** Why a window that is left open will not find the next engine; null where it will. */
  readonly unkept: string | null;
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
  const http = createHttpServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 4,
  });
  const connections = watchConnections(http);
  const session = await openPort(http, options);
  const url = `http://127.0.0.1:${session.port}`;
  const door = createDoor(session);
  const staging = createStaging();
  const page = createPageFiles(options.pageFolder);
  const isOfThisUser = (request: IncomingMessage) =>
    door.refusal(request) === null && (door.isSession(request) || door.isBearer(request));
  http.on('request', (request: IncomingMessage) => {
    if (isOfThisUser(request)) connections.admit(request.socket);
  });
  http.on('request', createRoutes({ engine, door, staging, page, origin: url }));

  const windows = createWindowSockets(engine);
  http.on('upgrade', (request: IncomingMessage, connection: Socket, head: Buffer) => {
    const welcome = door.refusal(request) === null && door.isSession(request);
    if (!welcome || request.url !== '/socket') {
      connection.write('HTTP/1.1 403 Forbidden\r\n\r\n');
      connection.destroySoon();
      return;
    }
    connections.admit(connection);
    windows.open(request, connection, head);
  });

  return {
    url,
    token: door.bearer,
    unkept: session.unkept,
    launchUrl: () => `${url}/launch?token=${door.freshLaunchToken()}`,
    async close() {
      windows.close();
      http.closeAllConnections();
      staging.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
