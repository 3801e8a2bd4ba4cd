/** What the server answers at which address, and to whom. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, toWireError } from '../../shared/errors.ts';
import {
  FILES_PATH,
  FileQuery,
  PIXELS_PATH,
  REPORT_PATH,
  ReportQuery,
} from '../../shared/exchange.ts';
import type { Engine } from '../engine.ts';
import { overviewPage, plainPage } from '../pages.ts';
import { answerCall } from './calls.ts';
import type { Door } from './door.ts';
import type { PageFiles } from './page-files.ts';
import { createPixels } from './pixels.ts';
import { parseQuery } from './query.ts';
import { reply, replyError, replyJson, statusOf } from './reply.ts';
import type { Staging } from './staging.ts';

const html = (response: ServerResponse, status: number, body: string) =>
  reply(response, status, 'text/html; charset=utf-8', body);

function launch(door: Door, url: URL, response: ServerResponse): void {
  const cookie = door.trade(url.searchParams.get('token') ?? '');
  if (cookie === null) {
    const advice = 'Start Graft again to get a fresh one.';
    html(response, 403, plainPage('This address has been used', advice));
    return;
  }
  response.writeHead(303, { location: '/', 'set-cookie': cookie, 'cache-control': 'no-store' });
  response.end();
}

/** Answers every request, whatever goes wrong. */
export function createRoutes({
  engine,
  door,
  staging,
  page,
  origin,
}: {
  readonly engine: Engine;
  readonly door: Door;
  readonly staging: Staging;
  readonly page: PageFiles;
  /** Of the server: http://127.0.0.1:port */
  readonly origin: string;
}): (request: IncomingMessage, response: ServerResponse) => void {
  const pixels = createPixels(engine);

  /** Pixels and files: what is too large for calls. Errors go out as JSON, as those of calls do. */
  async function exchange(
    request: IncomingMessage,
    url: URL,
    response: ServerResponse,
  ): Promise<void> {
    try {
      if (url.pathname === FILES_PATH) {
        const file = parseQuery(FileQuery, url);
        replyJson(response, 200, await staging.receive(request, file));
      } else if (!(await pixels.answer(request, url, response))) {
        throw new AppError('not-found', `There is nothing at ${url.pathname}.`);
      }
    } catch (error) {
      if (response.headersSent) response.destroy();
      else replyError(response, toWireError(error));
    }
  }

  async function report(url: URL, response: ServerResponse): Promise<void> {
    const { project, study } = parseQuery(ReportQuery, url);
    html(response, 200, await engine.call('studies.reportPage', { project, studyId: study }));
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = door.refusal(request);
    // Before the address is read, which may be none.
    if (refused !== null) {
      reply(response, refused.status, 'text/plain', refused.why);
      return;
    }
    const url = URL.parse(request.url ?? '/', origin);
    if (url === null) {
      html(response, 400, plainPage('No address', 'Go back to the start page.'));
      return;
    }
    const route = `${request.method ?? ''} ${url.pathname}`;
    if (route === 'GET /launch') {
      launch(door, url, response);
    } else if (route === 'POST /call' && (door.isBearer(request) || door.isSession(request))) {
      await answerCall(engine, request, response);
    } else if (!door.isSession(request)) {
      const advice = 'Open the address that Graft printed when it started.';
      html(response, 401, plainPage('Not from here', advice));
    } else if (url.pathname.startsWith(PIXELS_PATH) || route === `POST ${FILES_PATH}`) {
      await exchange(request, url, response);
    } else if (route === `GET ${REPORT_PATH}`) {
      await report(url, response);
    } else if (request.method === 'GET' && (await page.answer(url.pathname, response))) {
      return;
    } else if (route === 'GET /') {
      // A clone whose window was never built still shows what is going on.
      html(response, 200, await overviewPage(engine));
    } else {
      html(response, 404, plainPage('Nothing here', 'Go back to the start page.'));
    }
  }

  return (request, response) => {
    respond(request, response).catch((error: unknown) => {
      const { code, message } = toWireError(error);
      if (response.headersSent) response.end();
      else html(response, statusOf(code), plainPage(`That failed (${code})`, message));
    });
  };
}
