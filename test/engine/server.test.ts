import { request as httpRequest } from 'node:http';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createEngine } from '../../engine/engine.ts';
import { startServer } from '../../engine/server.ts';
import { lastSession } from '../../engine/server/session.ts';
import { addDataset, smallStudy, temporaryFolder } from '../fixtures/projects.ts';

async function serving() {
  const engine = createEngine({ engine: 'wasm' });
  // Without a built window: the plain page answers.
  const server = await startServer(engine, { pageFolder: temporaryFolder() });
  onTestFinished(async () => {
    await engine.close();
    await server.close();
  });
  return { engine, server };
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** A request with exactly these headers, which fetch would not allow. */
function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      // A connection of its own: one that is kept alive may lead to a server that is gone.
      { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

async function session(server: { launchUrl(): string }): Promise<string> {
  const reply = await ask(server.launchUrl());
  return reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

describe('the door of the engine', () => {
  it('trades a launch token once for a cookie that opens the page', async () => {
    const { server } = await serving();
    const url = server.launchUrl();
    const first = await ask(url);
    expect(first.status).toBe(303);
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    expect((await ask(url)).status).toBe(403);
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    const page = await ask(`${server.url}/`, { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(page.body).toContain('No project is open');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('refuses who has no cookie, another host name, a foreign origin or a cross-site request', async () => {
    const { server } = await serving();
    const cookie = await session(server);
    const status = async (headers: Record<string, string>) =>
      (await ask(`${server.url}/`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ cookie: 'graft=wrong' })).toBe(401);
    expect(await status({ cookie, host: 'evil.example' })).toBe(421);
    expect(await status({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await status({ cookie, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ cookie, origin: server.url, 'sec-fetch-site': 'same-origin' })).toBe(200);
  });

  it('answers calls of other processes that know the token, and no others', async () => {
    const { server } = await serving();
    const path = `${temporaryFolder()}/a.graft`;
    const call = (token: string, body: string) =>
      ask(`${server.url}/call`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body,
      });
    const message = (name: string, input: unknown) =>
      JSON.stringify({ type: 'call', id: 1, name, input });
    const created = await call(server.token, message('project.create', { path }));
    expect(JSON.parse(created.body)).toMatchObject({ type: 'result', output: { name: 'a' } });
    expect((await call('wrong', message('project.list', {}))).status).toBe(401);
    for (const [body, reason] of [
      [message('no.such', {}), /no call named/],
      [message('project.create', { path: 3 }), /path/],
      ['not json', /not a call/],
      [JSON.stringify(null), /not a call/],
      [message('project.create', { path: 'x'.repeat(2 ** 24) }), /larger than 16 MiB/],
    ] as const) {
      const reply: unknown = JSON.parse((await call(server.token, body)).body);
      expect(reply).toMatchObject({ type: 'error' });
      expect(JSON.stringify(reply)).toMatch(reason);
    }
  });

  it('shows the report of a project that is open, and opens none for it', async () => {
    const { engine, server } = await serving();
    const cookie = await session(server);
    const path = `${temporaryFolder()}/a.graft`;
    await engine.call('project.create', { path });
    const { db } = engine.project(path);
    const datasets = {
      source: addDataset(db, 's', { count: 4 }),
      target: addDataset(db, 't', { count: 20 }),
    };
    const { id } = await engine.call('studies.create', {
      project: path,
      config: smallStudy(datasets),
    });
    const report = (query: { project: string; study: number | string }) =>
      ask(
        `${server.url}/report?${new URLSearchParams({ ...query, study: String(query.study) }).toString()}`,
        { headers: { cookie } },
      );
    // Nothing of it has run, so that there is nothing to report: it is said as a page, under the status of its code.
    const early = await report({ project: path, study: id });
    expect([early.status, early.headers['content-type']]).toEqual([
      409,
      'text/html; charset=utf-8',
    ]);
    expect(early.body).toContain('small');
    expect((await report({ project: path, study: 99 })).status).toBe(404);
    expect((await report({ project: path, study: 'x' })).status).toBe(400);
    await engine.call('project.close', { project: path });
    const closed = await report({ project: path, study: id });
    expect([closed.status, closed.body.includes('is not open')]).toEqual([404, true]);
    expect(engine.projects.list()).toEqual([]);
  });

  it('speaks over a WebSocket only to its own page, and closes on nonsense', async () => {
    const { server } = await serving();
    const cookie = await session(server);
    const open = (headers: Record<string, string>) =>
      new Promise<WebSocket | null>((resolve) => {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket`, { headers });
        socket.on('open', () => resolve(socket));
        socket.on('error', () => resolve(null));
      });
    expect(await open({})).toBeNull();
    expect(await open({ cookie, origin: 'http://evil.example' })).toBeNull();
    const socket = await open({ cookie, origin: server.url });
    const answer = new Promise<string>((resolve) =>
      socket?.once('message', (data: Buffer) => resolve(data.toString())),
    );
    socket?.send(JSON.stringify({ type: 'call', id: 5, name: 'project.list', input: {} }));
    expect(JSON.parse(await answer)).toEqual({ type: 'result', id: 5, output: [] });
    const closed = new Promise<number>((resolve) => socket?.once('close', resolve));
    socket?.send('nonsense');
    expect(await closed).toBe(1007);
  });
});

describe('a window that outlives its engine', () => {
  async function starting(sessionPath: string) {
    const engine = createEngine({ engine: 'wasm' });
    const server = await startServer(engine, { pageFolder: temporaryFolder(), sessionPath });
    let open = true;
    const close = async () => {
      if (!open) return;
      open = false;
      await engine.close();
      await server.close();
    };
    onTestFinished(close);
    return { server, close };
  }

  it('finds the next one at the same address, with the cookie it has', async () => {
    const sessionPath = join(temporaryFolder(), 'config', 'session.json');
    const first = await starting(sessionPath);
    const cookie = await session(first.server);
    await first.close();
    const second = await starting(sessionPath);
    expect(second.server.url).toBe(first.server.url);
    expect((await ask(`${second.server.url}/`, { headers: { cookie } })).status).toBe(200);
    expect(second.server.token).not.toBe(first.server.token);
    if (process.platform !== 'win32') expect(statSync(sessionPath).mode & 0o077).toBe(0);
  });

  it('is served all the same where nothing can be kept for it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in-the-way'), '');
    const { server } = await starting(join(folder, 'in-the-way', 'session.json'));
    expect(server.unkept).toContain('cannot be written');
    const cookie = await session(server);
    expect((await ask(`${server.url}/`, { headers: { cookie } })).status).toBe(200);
  });

  it('is not let in where another took the port meanwhile', async () => {
    const sessionPath = join(temporaryFolder(), 'session.json');
    const first = await starting(sessionPath);
    const cookie = await session(first.server);
    const second = await starting(sessionPath);
    expect(second.server.url).not.toBe(first.server.url);
    expect((await ask(`${second.server.url}/`, { headers: { cookie } })).status).toBe(401);
    expect((await ask(`${first.server.url}/`, { headers: { cookie } })).status).toBe(200);
  });

  it('starts a new session where the file is damaged', async () => {
    const sessionPath = join(temporaryFolder(), 'session.json');
    writeFileSync(sessionPath, '{"port": 1');
    expect(lastSession(sessionPath)).toBeNull();
    const { server } = await starting(sessionPath);
    expect(lastSession(sessionPath)?.port).toBe(Number(new URL(server.url).port));
  });
});
