/** Electron as setting up fetches it, from a mirror on loopback that serves a stand-in with matching checksums. */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureElectron, findElectron } from '../../build/electron-binary.mjs';
import { temporaryFolder } from '../fixtures/projects.ts';

const VERSION = '99.1.2';
const NAME = `electron-v${VERSION}-linux-x64.zip`;
const DAY_MS = 24 * 3600_000;

/** A program that says which Electron it is. */
const archiveWith = (mode: number) => {
  const program = new TextEncoder().encode(`#!/bin/sh\necho ${VERSION}\n`);
  return Buffer.from(
    zipSync({
      electron: [program, { os: 3, attrs: (0o100000 | mode) << 16 }],
      version: new TextEncoder().encode(VERSION),
      // Does not shrink, so that the archive comes in several pieces.
      'resources.pak': [randomBytes(300_000), { level: 0 }],
    }),
  );
};
const ARCHIVE = archiveWith(0o755);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
async function serving(answer: Answer): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.range ?? 'whole'}`);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked };
}
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** As a mirror does, ranges included. */
const whole =
  (archive: Buffer): Answer =>
  ({ headers }, response) => {
    const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    const body = archive.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length }).end(body);
  };

/** Breaks a connection when so much of what it brought is on the disk. */
function breakOnceKept(
  part: string,
  { bytes, response }: { readonly bytes: number; readonly response: ServerResponse },
): void {
  const timer = setInterval(() => {
    if ((statSync(part, { throwIfNoEntry: false })?.size ?? 0) < bytes) return;
    clearInterval(timer);
    response.destroy();
  }, 20).unref();
}

/** An address where nobody listens. */
async function nobody(): Promise<string> {
  const { url } = await serving(() => undefined);
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  return url;
}

function clone(archive: Buffer = ARCHIVE) {
  const root = temporaryFolder();
  const packageFolder = join(root, 'node_modules', 'electron');
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(join(packageFolder, 'package.json'), JSON.stringify({ version: VERSION }));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  writeFileSync(join(packageFolder, 'checksums.json'), JSON.stringify({ [NAME]: sha256 }));
  const notes: string[] = [];
  const updates: string[] = [];
  const cache = join(root, 'cache');
  const ours = {
    root,
    cache,
    env: {
      PATH: process.env['PATH'],
      HOME: join(root, 'home'),
      DISPLAY: ':99',
      electron_config_cache: join(root, 'archives'),
    } as NodeJS.ProcessEnv,
    platform: 'linux',
    arch: 'x64',
  };
  const ensure = (env: NodeJS.ProcessEnv, again = false) =>
    ensureElectron({
      ...ours,
      env: { ...ours.env, ...env },
      node: process.execPath,
      again,
      progress: {
        step: (_name, work) => work((detail) => updates.push(detail)),
        note: (text) => void notes.push(text),
      },
    });
  const folder = join(cache, `electron-${VERSION}-linux-x64`);
  return { ...ours, ensure, notes, updates, folder, part: `${folder}.zip.part`, packageFolder };
}

/** Nothing under its final name, and nothing on its way but what the next attempt goes on from. */
function expectNothingHalf({ cache, part }: { cache: string; part: string }) {
  const left = existsSync(cache) ? readdirSync(cache).map((name) => join(cache, name)) : [];
  expect(left.filter((file) => file !== part)).toEqual([]);
}

describe.runIf(process.platform === 'linux')('Electron’s binary', () => {
  it('is fetched whole, unpacked, tried, and found again without the network', async () => {
    const made = clone();
    const { url, asked } = await serving(whole(ARCHIVE));
    const record = await made.ensure({ ELECTRON_MIRROR: url });
    expect(record).toMatchObject({
      electron: join(made.folder, 'electron'),
      version: VERSION,
      reason: null,
    });
    expect(asked).toEqual([`/v${VERSION}/${NAME} whole`]);
    expect(made.updates.some((text) => /^\d+ of \d+ MB$/.test(text))).toBe(true);
    expect(readFileSync(join(made.folder, 'version'), 'utf8')).toBe(VERSION);
    expect(statSync(join(made.folder, 'electron')).mode & 0o111).not.toBe(0);
    expect(readdirSync(made.cache)).toEqual([`electron-${VERSION}-linux-x64`]);
    expect(made.notes).toEqual([]);
    expect((await made.ensure({ ELECTRON_MIRROR: url })).electron).toBe(record.electron);
    expect(asked).toHaveLength(1);
    // The archive stays in the cache of @electron/get, where another clone finds it.
    const other = clone();
    const shared = { electron_config_cache: made.env['electron_config_cache'] };
    expect((await other.ensure({ ELECTRON_MIRROR: url, ...shared })).reason).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it('takes the mirror of npm’s settings', async () => {
    const made = clone();
    const { url, asked } = await serving(whole(ARCHIVE));
    // Without the slash that others want at its end.
    const record = await made.ensure({ npm_config_electron_mirror: url.slice(0, -1) });
    expect(record.reason).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it('goes on where a broken connection or an ended process left it', async () => {
    const made = clone();
    let times = 0;
    const { url, asked } = await serving((request, response) => {
      times += 1;
      if (times > 2) {
        whole(ARCHIVE)(request, response);
        return;
      }
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': ARCHIVE.length - from });
      response.write(ARCHIVE.subarray(from, from + 100_000));
      breakOnceKept(made.part, { bytes: from + 100_000, response });
    });
    // As an earlier start left it.
    mkdirSync(made.cache);
    writeFileSync(made.part, ARCHIVE.subarray(0, 1000));
    expect((await made.ensure({ ELECTRON_MIRROR: url })).reason).toBeNull();
    expect(asked).toHaveLength(3);
    expect(asked.map((line) => line.split(' ')[1])).toEqual([
      'bytes=1000-',
      'bytes=101000-',
      'bytes=201000-',
    ]);
  });

  it('is fetched anew where what was left is of another file', async () => {
    const made = clone();
    const { url, asked } = await serving(whole(ARCHIVE));
    mkdirSync(made.cache);
    writeFileSync(made.part, 'something else');
    expect((await made.ensure({ ELECTRON_MIRROR: url })).reason).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('keeps what had come of a connection that does not come back, says so, and asks no more that day', async () => {
    const made = clone();
    let broken = true;
    const { url, asked } = await serving((request, response) => {
      if (!broken) {
        whole(ARCHIVE)(request, response);
        return;
      }
      if (request.headers.range !== undefined) {
        response.destroy();
        return;
      }
      response.writeHead(200, { 'content-length': ARCHIVE.length });
      response.write(ARCHIVE.subarray(0, 100_000));
      breakOnceKept(made.part, { bytes: 100_000, response });
    });
    const record = await made.ensure({ ELECTRON_MIRROR: url });
    expect(record.electron).toBeNull();
    expect(record.reason).toMatch(/network could not be reached.*try again.*kept/);
    expect(made.notes).toHaveLength(1);
    expect(made.notes[0]).toMatch(/^Electron 99\.1\.2 could not be had.*npm run setup/);
    expect(made.notes[0]).not.toContain('\n');
    expect(statSync(made.part).size).toBe(100_000);
    expectNothingHalf(made);

    const before = asked.length;
    broken = false;
    expect(await made.ensure({ ELECTRON_MIRROR: url })).toEqual(record);
    expect(asked).toHaveLength(before);
    expect(made.notes.at(-1)).toMatch(/^Not in Electron, as before: .*npm run setup$/);
    // npm run setup asks again.
    expect((await made.ensure({ ELECTRON_MIRROR: url }, true)).reason).toBeNull();
    expect(asked.at(-1)).toContain('bytes=100000-');
  });

  it('is asked for again when a day has passed, and when another version is wanted', async () => {
    const made = clone();
    const { url } = await serving(whole(ARCHIVE));
    const file = join(made.root, 'node_modules', '.graft-shell.json');
    const failed = { electron: null, version: VERSION, reason: 'no network' };
    for (const before of [
      { ...failed, at: new Date(Date.now() - DAY_MS - 1).toISOString() },
      { ...failed, version: '99.1.1', at: new Date().toISOString() },
    ]) {
      writeFileSync(file, JSON.stringify({ ...before }));
      expect((await made.ensure({ ELECTRON_MIRROR: url })).electron).not.toBeNull();
    }
  });

  it('is refused where the mirror serves something else', async () => {
    const made = clone();
    for (const body of [
      Buffer.from('<html>Log in to the hotel’s network</html>'),
      archiveWith(0o755),
    ]) {
      const { url } = await serving((_request, response) => void response.end(body));
      const { reason } = await made.ensure({ ELECTRON_MIRROR: url }, true);
      expect(reason).toMatch(/expected hash/);
      expect(reason).toContain(`The mirror in use is ${url}`);
      expect(existsSync(made.part)).toBe(false);
      expectNothingHalf(made);
    }
    const { url } = await serving((_request, response) => void response.writeHead(404).end());
    const { reason } = await made.ensure({ ELECTRON_MIRROR: url }, true);
    expect(reason).toMatch(/answered 404\. The mirror in use is/);
  });

  it('is fetched from a simple mirror, which ends each connection behind what it sent', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${ARCHIVE.length}\r\n\r\n`);
        socket.end(ARCHIVE);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { reason } = await clone().ensure({ ELECTRON_MIRROR: `http://127.0.0.1:${port}/` });
    server.close();
    expect(reason).toBeNull();
  });

  it('does not take a damaged archive of the cache', async () => {
    const made = clone();
    const { url, asked } = await serving(whole(ARCHIVE));
    await made.ensure({ ELECTRON_MIRROR: url });
    const archives = made.env['electron_config_cache'] ?? '';
    for (const name of readdirSync(archives, { recursive: true }).map(String)) {
      if (name.endsWith('.zip')) writeFileSync(join(archives, name), 'old');
    }
    const other = clone();
    const shared = { electron_config_cache: archives };
    expect((await other.ensure({ ELECTRON_MIRROR: url, ...shared })).reason).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('says what to do without a network, and where a proxy refuses', async () => {
    const made = clone();
    const offline = await made.ensure({ ELECTRON_MIRROR: await nobody() });
    expect(offline.reason).toMatch(/network could not be reached/);
    const { url, asked } = await serving(whole(ARCHIVE));
    const viaNobody = { ELECTRON_MIRROR: url, HTTP_PROXY: await nobody() };
    expect((await made.ensure(viaNobody, true)).reason).toMatch(/network could not be reached/);
    const proxy = await serving((_request, response) => void response.writeHead(407).end());
    const server = servers.at(-1);
    server?.on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const refused = await made.ensure({ ELECTRON_MIRROR: url, npm_config_proxy: proxy.url }, true);
    expect(refused.reason).toMatch(/The proxy refused.*407/);
    expect(asked).toEqual([]);
    expectNothingHalf(made);
  });

  it('says so on a full disk, and leaves nothing', async () => {
    const made = clone();
    mkdirSync(made.cache);
    symlinkSync('/dev/full', made.part);
    const { url } = await serving(whole(ARCHIVE));
    expect((await made.ensure({ ELECTRON_MIRROR: url })).reason).toMatch(/disk is full/);
    expectNothingHalf(made);
  });

  it('says so where programs may not be run from the cache, and needs no temporary folder', async () => {
    const archive = archiveWith(0o644);
    const made = clone(archive);
    const { url } = await serving(whole(archive));
    const nowhere = join(made.root, 'nowhere');
    const locked = { ELECTRON_MIRROR: url, TMPDIR: nowhere, TMP: nowhere, TEMP: nowhere };
    expect((await made.ensure(locked)).reason).toMatch(/may not be run.*noexec.*GRAFT_CACHE/);
    expectNothingHalf(made);
    const usual = clone();
    const good = await serving(whole(ARCHIVE));
    expect((await usual.ensure({ ...locked, ELECTRON_MIRROR: good.url })).reason).toBeNull();
  });

  it('is not fetched where nobody could see it, or wants it; that is looked at anew each time', async () => {
    const made = clone();
    const { url, asked } = await serving(whole(ARCHIVE));
    expect((await made.ensure({ ELECTRON_MIRROR: url, DISPLAY: '' })).reason).toMatch(/no display/);
    const skip = { ELECTRON_MIRROR: url, ELECTRON_SKIP_BINARY_DOWNLOAD: '1' };
    expect((await made.ensure(skip)).reason).toMatch(/ELECTRON_SKIP_BINARY_DOWNLOAD/);
    expect(asked).toEqual([]);
    // npm run setup is for those as well who carry it elsewhere.
    expect((await made.ensure({ ELECTRON_MIRROR: url, DISPLAY: '' }, true)).reason).toBeNull();
  });

  it('is the one that was named or fetched by hand, if that is of the wanted version', () => {
    const made = clone();
    expect(findElectron(made)).toBeNull();
    const byHand = join(made.packageFolder, 'dist');
    mkdirSync(byHand);
    writeFileSync(join(byHand, 'electron'), '');
    chmodSync(join(byHand, 'electron'), 0o755);
    writeFileSync(join(byHand, 'version'), '98.0.0');
    expect(findElectron(made)).toBeNull();
    writeFileSync(join(byHand, 'version'), VERSION);
    expect(findElectron(made)).toBe(join(byHand, 'electron'));
    const named = temporaryFolder();
    const env = { ...made.env, ELECTRON_OVERRIDE_DIST_PATH: named };
    expect(findElectron({ ...made, env })).toBeNull();
    writeFileSync(join(named, 'electron'), '');
    expect(findElectron({ ...made, env })).toBe(join(named, 'electron'));
  });
});
