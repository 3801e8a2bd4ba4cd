/** The loopback port that the server listens on, and the session that goes with it. */
import type { Server as HttpServer } from 'node:http';
import { AppError, messageOf } from '../../shared/errors.ts';
import { freshSecret, keepSession, lastSession, type Session } from './session.ts';

function listen(http: HttpServer, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(wanted, '127.0.0.1', () => {
      http.off('error', reject);
      const address = http.address();
      resolve(typeof address === 'object' && address !== null ? address.port : wanted);
    });
  });
}

/** The session of this port, and why it could not be kept for the next engine; null where it was, or need not be. */
interface OpenedPort extends Session {
  readonly unkept: string | null;
}

/**
 * Listens on `port`, else on that of the last session, else on any that is free; and keeps the session where
 * `sessionPath` says. Errors: conflict, where `port` is asked for and taken.
 */
export async function openPort(
  http: HttpServer,
  options: { readonly port?: number; readonly sessionPath?: string },
): Promise<OpenedPort> {
  const { sessionPath } = options;
  const last = sessionPath === undefined ? null : lastSession(sessionPath);
  const wanted = options.port ?? last?.port ?? 0;
  let port: number;
  try {
    port = await listen(http, wanted);
  } catch (error) {
    if (options.port !== undefined || last === null) {
      const why = messageOf(error);
      throw new AppError('conflict', `Port ${wanted} cannot be used: ${why}.`, { cause: error });
    }
    port = await listen(http, 0);
  }
  // At another port somebody else may be listening for the cookie of the last one.
  const secret = last !== null && last.port === port ? last.secret : freshSecret();
  const session = { port, secret };
  try {
    if (sessionPath !== undefined) keepSession(sessionPath, session);
    return { ...session, unkept: null };
  } catch (error) {
    return { ...session, unkept: messageOf(error) };
  }
}
