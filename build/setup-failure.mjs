/**
 * The expected ways in which setting up can fail, each said in one line with the remedy. Anything that is not a
 * SetupFailure is a bug and keeps its stack trace.
 */

/** An expected failure. The message is one line: what went wrong and what to do next. */
export class SetupFailure extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'SetupFailure';
  }
}

const LONGEST_QUOTE = 300;

/** pip tells of a lost connection with what its objects are called in memory. @param {string} line */
const withoutTheirOwn = (line) =>
  line
    .replace(/^WARNING: Retrying .*connection broken by '/, '')
    .replaceAll(/<[^<>]* object at 0x[0-9a-f]+>:? ?/g, '');

/**
 * What the output of npm, pip, a compiler or the file system says about the cause. The first match wins, so the
 * specific comes before the general.
 *
 * @type {readonly { pattern: RegExp, message: string }[]}
 */
const causes = [
  {
    pattern: /ENOSPC|No space left on device|not enough space on the disk/i,
    message: 'The disk is full. Free about 4 GB, then try again.',
  },
  {
    pattern: /EINTEGRITY|DO NOT MATCH THE HASHES/i,
    message:
      'A downloaded package does not have the expected hash, so it was refused. Run `npm cache clean --force`, then the command again; if it stays, the mirror in use serves altered files.',
  },
  {
    pattern: /EUSAGE|can only install packages when your package\.json and package-lock\.json/,
    message:
      'package.json and package-lock.json disagree. Restore both with git, or run `npm install` after editing package.json.',
  },
  {
    pattern: /SELF_SIGNED_CERT|UNABLE_TO_(?:GET|VERIFY)|CERTIFICATE_VERIFY_FAILED|CERT_HAS_EXPIRED/,
    message:
      "The network's certificate is not trusted. Behind a company proxy set NODE_EXTRA_CA_CERTS (and PIP_CERT) to its certificate file, then try again.",
  },
  {
    pattern: /Proxy response|proxy authentication|establish tunnel/i,
    message:
      'The proxy refused. Set HTTPS_PROXY to its address with name and password (http://name:password@proxy:port), then try again.',
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|UND_ERR_|other side closed|fetch failed|NewConnectionError|Name or service not known|Temporary failure in name resolution|Max retries exceeded|Read timed out/i,
    message:
      'The network could not be reached. Check the connection (behind a proxy, set HTTPS_PROXY), then try again; what was already fetched is kept.',
  },
  {
    pattern: /\bE(?:40[134])\b|No matching distribution found/,
    message:
      'The package registry does not offer a pinned version. Check `npm config get registry` and `pip config list`: a private mirror may lack it.',
  },
  {
    pattern: /EACCES|EPERM|EROFS|ENOTDIR|Permission denied|Read-only file system/i,
    message:
      'A file or folder is not writable. Give yourself write permission on the project folder and the cache (or set GRAFT_CACHE to another folder), and close programs that use them.',
  },
];

/**
 * One line about a failed command or file operation.
 *
 * @param {string} doing what was being done, as the start of a sentence: `Installing packages`
 * @param {string} output what the command printed, or the error's message
 * @param {string | null} [logFile] where the full output was kept
 * @returns {SetupFailure}
 */
export function explainFailure(doing, output, logFile = null) {
  const see = logFile === null ? '' : ` Full output: ${logFile}`;
  const lines = output.split(/\r?\n/).map((line) => line.trim().slice(0, LONGEST_QUOTE));
  for (const { pattern, message } of causes) {
    const said = lines.find((line) => pattern.test(line));
    if (said !== undefined) {
      return new SetupFailure(`${doing} failed. ${message} (${withoutTheirOwn(said)})${see}`);
    }
  }
  const telling = lines.find((line) => /error|fatal|cannot|failed/i.test(line));
  const said = telling ?? lines.filter(Boolean).at(-1) ?? 'no output';
  return new SetupFailure(`${doing} failed: ${said}.${see}`);
}

/**
 * Turns an expected failure of the file system or a spawned program into a SetupFailure; hands anything else back.
 *
 * @param {string} doing
 * @param {unknown} error
 * @returns {unknown}
 */
export function asSetupFailure(doing, error) {
  if (error instanceof SetupFailure) return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const { code, message } = error;
    return explainFailure(doing, message.includes(code) ? message : `${code}: ${message}`);
  }
  return error;
}
