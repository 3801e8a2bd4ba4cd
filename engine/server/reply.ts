/** What every answer of the loopback server carries, and reading what is sent to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppError, ErrorCode, WireError } from '../../shared/errors.ts';
import { pageStyles } from '../pages.ts';
import { styleSource } from '../style-source.ts';
import { reportStyles } from '../study/report/style.ts';

/**
 * Nothing in line and nothing from elsewhere: the page is ours, the data is the user's. The style sheets of the plain
 * pages and of the report, which stand in them, are let in by their hashes. Pictures of a report, and charts that are
 * saved as PNG, are data: and blob: addresses.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${styleSource(pageStyles)} ${styleSource(reportStyles)}`,
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  'invalid-input': 400,
  'not-found': 404,
  conflict: 409,
  locked: 423,
  unreadable: 422,
  unsupported: 415,
  corrupt: 422,
  'newer-version': 422,
  'no-space': 507,
  'engine-unavailable': 503,
  cancelled: 499,
  internal: 500,
};

export const statusOf = (code: ErrorCode): number => STATUS_OF[code];

export function reply(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}

export function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, 'application/json', JSON.stringify(value));
}

/** An error as the window reads it: the wire form, under the status that fits its code. */
export function replyError(response: ServerResponse, error: WireError): void {
  replyJson(response, statusOf(error.code), error);
}

/**
 * The whole body. Errors: `tooLarge`, as soon as its length is said to be, or turns out to be, above `limitBytes`; the
 * rest of it is then received and thrown away, so that whoever sends it reads the answer.
 */
export async function readBody(
  request: IncomingMessage,
  { limitBytes, tooLarge }: { readonly limitBytes: number; readonly tooLarge: () => AppError },
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
