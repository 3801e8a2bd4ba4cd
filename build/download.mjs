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
    `${path.basename(file)} does not have the expected hash, so it was removed. Run the command again; if it stays, the mirror in use serves an altered file.`,
  );
}

/**
 * @param {string} url
 * @param {{ file: string, sha256: string, update: import('./progress.mjs').Update }} options
 */
export async function download(url, { file, sha256: expected, update }) {
  mkdirSync(path.dirname(file), { recursive: true });
  const part = `${file}.part`;
  const before = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const response = await get(url, before > 0 ? { range: `bytes=${before}-` } : {});
  const resumed = response.status === 206;
  let received = resumed ? before : 0;
  const total = received + Number(response.headers.get('content-length') ?? 0);
  if (response.body !== null) {
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (/** @type {AsyncIterable<Buffer>} */ chunks) {
        for await (const chunk of chunks) {
          received += chunk.length;
          update(`${megabytes(received)} of ${megabytes(total)} MB`);
          yield chunk;
        }
      },
      createWriteStream(part, { flags: resumed ? 'a' : 'w' }),
    );
  }
  await requireHash(part, expected);
  renameSync(part, file);
}

/** @param {string} url @returns {Promise<string>} */
export async function fetchText(url) {
  return (await get(url, {})).text();
}

/** @param {string} url @param {Record<string, string>} headers */
async function get(url, headers) {
  const response = await fetch(url, { headers }).catch((/** @type {unknown} */ error) => {
    // fetch hides the reason (ENOTFOUND, a certificate) in the cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw cause instanceof Error ? cause : new Error('fetch failed');
  });
  if (!response.ok) throw new SetupFailure(`${url} answered ${response.status}.`);
  return response;
}
