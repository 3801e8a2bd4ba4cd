/**
 * Who is let in: this user's own processes and no web page of anybody else. A launch token works once and is traded for
 * a cookie; other processes know a bearer token; Host, Origin and Sec-Fetch-Site are checked before either.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { freshSecret } from './session.ts';

/** Of one port: a browser sends the cookies of every port of this machine, and each engine looks for its own. */
const cookieName = (port: number) => `graft-${port}`;

export interface Door {
  /** null: welcome, as far as the address goes; else the status and why not. */
  refusal(request: IncomingMessage): { readonly status: number; readonly why: string } | null;
  /** The window, by its cookie. */
  isSession(request: IncomingMessage): boolean;
  /** Another process of this user, by its token. */
  isBearer(request: IncomingMessage): boolean;
  readonly bearer: string;
  freshLaunchToken(): string;
  /** The cookie that a launch token is traded for; null for one that is unknown or used. */
  trade(launchToken: string): string | null;
}

function same(a: string, b: string): boolean {
  const x = Buffer.from(a);
  const y = Buffer.from(b);
  return x.length === y.length && timingSafeEqual(x, y);
}

/** All of this name: any page of this machine may set another one beside ours, and cannot take ours away. */
function cookiesOf(request: IncomingMessage, wanted: string): string[] {
  return (request.headers.cookie ?? '').split(';').flatMap((part) => {
    const [name, value = ''] = part.trim().split('=');
    return name === wanted ? [value] : [];
  });
}

/** `secret`: what the window's cookie holds. */
export function createDoor({
  port,
  secret,
}: {
  readonly port: number;
  readonly secret: string;
}): Door {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const cookie = cookieName(port);
  const launchTokens = new Set<string>();
  const bearer = freshSecret();

  return {
    bearer,
    refusal({ headers }) {
      if (!hosts.includes(headers.host ?? '')) return { status: 421, why: 'wrong host' };
      const { origin } = headers;
      if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
        return { status: 403, why: 'foreign origin' };
      }
      const site = headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin' && site !== 'none') {
        return { status: 403, why: 'cross-site request' };
      }
      return null;
    },
    isSession: (request) => cookiesOf(request, cookie).some((value) => same(value, secret)),
    isBearer({ headers: { authorization = '' } }) {
      return authorization.startsWith('Bearer ') && same(authorization.slice(7), bearer);
    },
    freshLaunchToken() {
      const token = freshSecret();
      launchTokens.add(token);
      return token;
    },
    trade: (token) =>
      launchTokens.delete(token) ? `${cookie}=${secret}; HttpOnly; SameSite=Strict; Path=/` : null,
  };
}
