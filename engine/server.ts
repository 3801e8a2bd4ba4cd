/**
 * The loopback door to the engine: one page, one WebSocket, one address for calls.
 * Only this user's own processes get in: a launch token works once and is traded for a cookie;
 * Host, Origin and Sec-Fetch-Site are checked, so that no other web page can reach the engine.
 */
import { timingSafeEqual } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { ClientMessage, type ServerMessage } from '../shared/api.ts';
import { AppError, toWireError, messageOf } from '../shared/errors.ts';
import type { Engine } from './engine.ts';
import { overviewPage, plainPage, reportPage } from './pages.ts';
import { createPageFiles } from './server/page-files.ts';
import { createPixels } from './server/pixels.ts';
import { readBody, reply, replyError, replyJson } from './server/reply.ts';
import { freshSecret, keepSession, lastSession } from './server/session.ts';
import { createStaging } from './server/staging.ts';

const COOKIE = 'graft';
/** Calls carry settings, never pixels. */
const MAX_MESSAGE_BYTES = 2 ** 20;
export interface Server {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** An address that opens the page once, in one browser. */
  launchUrl(): string;
  /** Secret for this user's other processes, sent as a bearer token. */
  readonly token: string;
  close(): Promise<void>;
}

function same(a: string, b: string): boolean {
  const x = Buffer.from(a);
  const y = Buffer.from(b);
  return x.length === y.length && timingSafeEqual(x, y);
}

function cookieOf(request: IncomingMessage): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE) return value;
  }
  return undefined;
}

/** null where the text is not JSON: no message of Graft is null, so the schema refuses it. */
function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
  const launchTokens = new Set<string>();
  const last = options.sessionPath === undefined ? null : lastSession(options.sessionPath);
  let session = last?.secret ?? freshSecret();
  const bearer = freshSecret();
  let port = 0;
  const pixels = createPixels(engine);
  const staging = createStaging();
  const page = createPageFiles(options.pageFolder);

  /** null: welcome; else the status and why not. */
  function refusal(request: IncomingMessage): { status: number; why: string } | null {
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    if (!hosts.includes(request.headers.host ?? '')) return { status: 421, why: 'wrong host' };
    const { origin } = request.headers;
    if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
      return { status: 403, why: 'foreign origin' };
    }
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      return { status: 403, why: 'cross-site request' };
    }
    return null;
  }

  function isBearer(request: IncomingMessage): boolean {
    const { authorization = '' } = request.headers;
    return authorization.startsWith('Bearer ') && same(authorization.slice(7), bearer);
  }

  function isSession(request: IncomingMessage): boolean {
    return same(cookieOf(request) ?? '', session);
  }

  const html = (response: ServerResponse, status: number, body: string) =>
    reply(response, status, 'text/html; charset=utf-8', body);

  function launch(url: URL, response: ServerResponse): void {
    if (!launchTokens.delete(url.searchParams.get('token') ?? '')) {
      html(
        response,
        403,
        plainPage('This address has been used', 'Start Graft again to get a fresh one.'),
      );
      return;
    }
    response.writeHead(303, {
      location: '/',
      'set-cookie': `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=/`,
      'cache-control': 'no-store',
    });
    response.end();
  }

  /** One JSON message a line: progress while it lasts, then the result or the error. */
  async function answerCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
      const output = await engine.callUntrusted(message.name, message.input, {
        signal: abort.signal,
        onProgress: (progress) => write({ type: 'progress', id: message.id, progress }),
      });
      write({ type: 'result', id: message.id, output });
    } catch (error) {
      write({ type: 'error', id: 0, error: toWireError(error) });
    }
    response.end();
  }

  /** Pixels and files: what is too large for calls. Errors go out as JSON, as those of calls do. */
  async function exchange(
    request: IncomingMessage,
    url: URL,
    response: ServerResponse,
  ): Promise<void> {
    try {
      if (url.pathname === '/files') {
        const { searchParams } = url;
        const [batch, name] = [searchParams.get('batch') ?? '', searchParams.get('name') ?? ''];
        replyJson(response, 200, await staging.receive(request, { batch, name }));
      } else if (!(await pixels.answer(request, url, response))) {
        throw new AppError('not-found', `There is nothing at ${url.pathname}.`);
      }
    } catch (error) {
      if (response.headersSent) response.destroy();
      else replyError(response, toWireError(error));
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = refusal(request);
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`);
    const route = `${request.method ?? ''} ${url.pathname}`;
    if (refused !== null) {
      reply(response, refused.status, 'text/plain', refused.why);
    } else if (route === 'GET /launch') {
      launch(url, response);
    } else if (route === 'POST /call' && (isBearer(request) || isSession(request))) {
      await answerCall(request, response);
    } else if (!isSession(request)) {
      const advice = 'Open the address that Graft printed when it started.';
      html(response, 401, plainPage('Not from here', advice));
    } else if (url.pathname.startsWith('/pixels/') || route === 'POST /files') {
      await exchange(request, url, response);
    } else if (route === 'GET /report') {
      const project = url.searchParams.get('project') ?? '';
      const studyId = Number(url.searchParams.get('study'));
      html(response, 200, await reportPage(engine, project, studyId));
    } else if (request.method === 'GET' && (await page.answer(url.pathname, response))) {
      return;
    } else if (route === 'GET /') {
      // A clone whose window was never built still shows what is going on.
      html(response, 200, await overviewPage(engine));
    } else {
      html(response, 404, plainPage('Nothing here', 'Go back to the start page.'));
    }
  }

  function serveSocket(socket: WebSocket): void {
    const running = new Map<number, AbortController>();
    const write = (message: ServerMessage) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    };
    const unsubscribe = engine.subscribe((event) => write({ type: 'event', event }));
    const handle = async (message: ClientMessage): Promise<void> => {
      const { id } = message;
      if (message.type === 'cancel') {
        running.get(id)?.abort();
        return;
      }
      const abort = new AbortController();
      running.set(id, abort);
      const output = await engine.callUntrusted(message.name, message.input, {
        signal: abort.signal,
        onProgress: (progress) => write({ type: 'progress', id, progress }),
      });
      write({ type: 'result', id, output });
    };
    socket.on('message', (data: Buffer) => {
      const parsed = ClientMessage.safeParse(jsonOrNull(data.toString('utf8')));
      if (!parsed.success) {
        socket.close(1007, 'not a message of Graft');
        return;
      }
      const { id } = parsed.data;
      handle(parsed.data)
        .catch((error: unknown) => write({ type: 'error', id, error: toWireError(error) }))
        .finally(() => running.delete(id));
    });
    socket.on('close', () => {
      unsubscribe();
      for (const abort of running.values()) abort.abort();
    });
  }

  const http = createHttpServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      const { code, message } = toWireError(error);
      if (!response.headersSent) html(response, 500, plainPage(`That failed (${code})`, message));
      else response.end();
    });
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (refusal(request) !== null || !isSession(request) || request.url !== '/socket') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, serveSocket);
  });

  const listen = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(wanted, '127.0.0.1', () => {
        http.off('error', reject);
        resolve();
      });
    });
  const wanted = options.port ?? last?.port ?? 0;
  try {
    await listen(wanted);
  } catch (error) {
    if (options.port !== undefined || last === null) {
      const why = messageOf(error);
      throw new AppError('conflict', `Port ${wanted} cannot be used: ${why}.`, { cause: error });
    }
    await listen(0);
  }
  port = (http.address() as AddressInfo).port;
  if (port !== last?.port) session = freshSecret();
  if (options.sessionPath !== undefined)
    keepSession(options.sessionPath, { port, secret: session });

  return {
    url: `http://127.0.0.1:${port}`,
    token: bearer,
    launchUrl() {
      const token = freshSecret();
      launchTokens.add(token);
      return `http://127.0.0.1:${port}/launch?token=${token}`;
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      staging.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
