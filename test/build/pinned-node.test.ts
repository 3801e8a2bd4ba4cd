import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download } from '../../build/download.mjs';
import { findNode, installNode, nodeInCache } from '../../build/pinned-node.mjs';

let folder = '';
let server: Server;
let served: Map<string, Buffer>;
let ranges: (string | undefined)[];
let address = '';

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-node-'));
  served = new Map();
  ranges = [];
  server = createServer((request, response) => {
    const body = served.get(request.url ?? '');
    ranges.push(request.headers.range);
    if (body === undefined) return void response.writeHead(404).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = body.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length }).end(rest);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const update = () => undefined;

describe('a download', () => {
  const body = Buffer.from('0123456789'.repeat(1000));

  it('goes on where an interrupted one stopped', async () => {
    served.set('/file', body);
    const file = path.join(folder, 'file');
    writeFileSync(`${file}.part`, body.subarray(0, 4000));
    await download(`${address}/file`, { file, sha256: sha256(body), update });
    expect(ranges).toEqual(['bytes=4000-']);
    expect(readFileSync(file).equals(body)).toBe(true);
  });

  it('with another hash is refused and removed, so that the next one starts anew', async () => {
    served.set('/file', body);
    const file = path.join(folder, 'file');
    writeFileSync(`${file}.part`, 'of another version');
    const options = { file, sha256: sha256(body), update };
    await expect(download(`${address}/file`, options)).rejects.toThrow(/expected hash/);
    await download(`${address}/file`, options);
    expect(readFileSync(file).equals(body)).toBe(true);
  });
});

describe('the pinned Node', () => {
  const wanted = () => ({ version: '99.0.0', cache: folder, platform: 'linux', arch: 'riscv64' });

  it('is the running one when that is the pinned version', () => {
    const running = { version: 'v99.0.0', execPath: '/usr/bin/node' };
    expect(findNode(wanted(), running)).toBe('/usr/bin/node');
    expect(findNode(wanted(), { ...running, version: 'v99.0.1' })).toBe(null);
  });

  /** Serves an archive laid out like those of nodejs.org, with a shell script as its node. */
  function serveArchive(script: string) {
    const name = 'node-v99.0.0-linux-riscv64';
    const bin = path.join(folder, 'made', name, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, 'node'), script, { mode: 0o755 });
    const archive = path.join(folder, 'archive.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', path.join(folder, 'made'), name]);
    const bytes = readFileSync(archive);
    served.set(`/v99.0.0/${name}.tar.gz`, bytes);
    served.set('/v99.0.0/SHASUMS256.txt', Buffer.from(`${sha256(bytes)}  ${name}.tar.gz\n`));
    vi.stubEnv('NODEJS_ORG_MIRROR', address);
  }

  it('comes from nodejs.org where npm has no package of it', async () => {
    serveArchive('#!/bin/sh\necho v99.0.0\n');
    const node = await installNode(wanted(), { update });
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toBe('v99.0.0\n');
    expect(findNode(wanted())).toBe(node);
  });

  it('is refused when it does not run here', async () => {
    serveArchive('#!/bin/sh\necho "libc too old"; exit 1\n');
    await expect(installNode(wanted(), { update })).rejects.toThrow(
      /does not run on this system \(libc too old\)/,
    );
    expect(findNode(wanted())).toBe(null);
  });

  it('says so when there is none for the platform', async () => {
    served.set('/v99.0.0/SHASUMS256.txt', Buffer.from('00  node-v99.0.0-linux-x64.tar.gz\n'));
    vi.stubEnv('NODEJS_ORG_MIRROR', address);
    await expect(installNode(wanted(), { update })).rejects.toThrow(
      /There is no Node 99\.0\.0 for linux-riscv64/,
    );
  });
});

it('to be carried elsewhere, the one in the cache is wanted, whichever runs', () => {
  const wanted = { version: '24.0.0', cache: folder, platform: 'linux', arch: 'x64' };
  const running = { version: 'v24.0.0', execPath: '/usr/bin/node' };
  expect([findNode(wanted, running), nodeInCache(wanted)]).toEqual(['/usr/bin/node', null]);
  const file = path.join(folder, 'node-24.0.0-linux-x64', 'node', 'bin', 'node');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  expect(nodeInCache(wanted)).toBe(file);
});
