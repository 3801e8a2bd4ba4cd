/** Fetches one file over HTTP into place, resuming what an interrupted attempt left, and hashes files. */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { SetupFailure } from './setup-failure.mjs';
import { megabytes } from './progress.mjs';

const PARTIAL = 206;
const WANTS_A_NAME = 407;
const BEYOND_ITS_END = 416;
const MOST_REDIRECTS = 10;
const SILENCE_MS = 5 * 60_000;

/** @param {string} file @returns {Promise<string>} hex */
export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Checks a file against its hash and removes it when it differs: a wrong file must not be found again.
 *
 * @param {string} file
 * @param {string} expected sha256, hex
 */
export async function requireHash(file, expected) {
  if ((await sha256(file)) === expected) return;
  rmSync(file, { force: true });
  throw new SetupFailure(
    `${path.basename(file)} does not have the expected hash, so it was removed. Try again; if it stays, the mirror in use serves an altered file.`,
  );
}

/**
 * @param {string} url
 * @param {{ file: string, sha256: string, update: import('./progress.mjs').Update }} options
 */
export async function download(url, { file, sha256: expected, update }) {
  const part = `${file}.part`;
  await receive(url, part, (received, total) =>
    update(`${megabytes(received)} of ${megabytes(total)} MB`),
  );
  await requireHash(part, expected);
  renameSync(part, file);
}

/**
 * Fetches into a file, going on after the bytes that are in it. A connection that breaks leaves what has come.
 *
 * @param {string} url
 * @param {string} part
 * @param {(received: number, total: number) => void} onBytes total: 0 where the server does not say
 * @returns {Promise<boolean>} whether it went on from an earlier attempt
 */
export async function receive(url, part, onBytes) {
  mkdirSync(path.dirname(part), { recursive: true });
  const before = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const response = await get(url, before > 0 ? { range: `bytes=${before}-` } : {});
  const resumed = response.statusCode === PARTIAL;
  // All of it had come when the earlier attempt ended.
  if (response.statusCode === BEYOND_ITS_END) {
    response.resume();
    return true;
  }
  let received = resumed ? before : 0;
  const length = Number(response.headers['content-length'] ?? 0);
  const total = length === 0 ? 0 : received + length;
  await pipeline(
    response,
    async function* (/** @type {AsyncIterable<Buffer>} */ chunks) {
      for await (const chunk of chunks) {
        received += chunk.length;
        onBytes(received, total);
        yield chunk;
      }
    },
    createWriteStream(part, { flags: resumed ? 'a' : 'w' }),
  ).catch((/** @type {unknown} */ error) => {
    throw told(error);
  });
  return resumed;
}

/** @param {string} url @returns {Promise<string>} */
export const fetchText = async (url) => text(await get(url, {}));

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {number} [redirects] that are still followed
 * @returns {Promise<http.IncomingMessage>}
 */
async function get(url, headers, redirects = MOST_REDIRECTS) {
  const response = await ask(url, headers).catch((/** @type {unknown} */ error) => {
    throw told(error);
  });
  const { statusCode: status = 0 } = response;
  const { location } = response.headers;
  if ((status >= 200 && status < 300) || status === BEYOND_ITS_END) return response;
  response.resume();
  if (status >= 300 && status < 400 && location !== undefined && redirects > 0) {
    return get(new URL(location, url).href, headers, redirects - 1);
  }
  if (status === WANTS_A_NAME) throw new Error(`Proxy response: ${status}`);
  throw new SetupFailure(`${url} answered ${status}.`);
}

/**
 * Not by fetch: that of Node 24 ends the process by an assertion where a server closes the connection while the end of
 * what it sent waits to be written, as a simple mirror (HTTP/1.0) does each time.
 *
 * @param {string} url
 * @param {Record<string, string>} headers
 * @returns {Promise<http.IncomingMessage>}
 */
function ask(url, headers) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.get(url, { headers }, resolve);
    request.on('error', reject);
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error('ETIMEDOUT: nothing came')));
  });
}

/** The first of several failures, with its code (ENOTFOUND, ECONNRESET) in its message. @param {unknown} error */
function told(error) {
  /** @type {unknown} */
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return error;
  const code = 'code' in first ? String(first.code) : '';
  if (!first.message.includes(code)) first.message = `${code}: ${first.message}`;
  return first;
}
