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
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SetupFailure } from './setup-failure.mjs';
import { megabytes } from './progress.mjs';

const PARTIAL = 206;
const BEYOND_ITS_END = 416;

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
  const resumed = response.status === PARTIAL;
  // All of it had come when the earlier attempt ended.
  if (response.status === BEYOND_ITS_END) return true;
  let received = resumed ? before : 0;
  const length = Number(response.headers.get('content-length') ?? 0);
  const total = length === 0 ? 0 : received + length;
  if (response.body !== null) {
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (/** @type {AsyncIterable<Buffer>} */ chunks) {
        for await (const chunk of chunks) {
          received += chunk.length;
          onBytes(received, total);
          yield chunk;
        }
      },
      createWriteStream(part, { flags: resumed ? 'a' : 'w' }),
    ).catch((/** @type {unknown} */ error) => {
      throw causeOf(error);
    });
  }
  return resumed;
}

/** @param {string} url @returns {Promise<string>} */
export async function fetchText(url) {
  return (await get(url, {})).text();
}

/** @param {string} url @param {Record<string, string>} headers */
async function get(url, headers) {
  const response = await fetch(url, { headers }).catch((/** @type {unknown} */ error) => {
    throw causeOf(error);
  });
  if (!response.ok && response.status !== BEYOND_ITS_END) {
    await response.body?.cancel();
    throw new SetupFailure(`${url} answered ${response.status}.`);
  }
  return response;
}

/** fetch hides the reason (ENOTFOUND, a certificate, a proxy's answer) in the cause of a cause. @param {unknown} error */
function causeOf(error) {
  let cause = error instanceof Error ? error : new Error('fetch failed');
  while (cause.cause instanceof Error) cause = cause.cause;
  return cause;
}
