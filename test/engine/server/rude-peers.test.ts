import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isGone } from '../../../engine/caller-gone.ts';
import { createEngine, type Engine } from '../../../engine/engine.ts';
import { type Server, startServer } from '../../../engine/server.ts';
import { imageRecord } from '../../fixtures/image-records.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

const NO_IMAGE = new Uint8Array(1);

interface Served {
  readonly engine: Engine;
  readonly server: Server;
  readonly cookie: string;
  readonly port: number;
}

/** An unhandled error of a connection would end this process, as it would `graft serve`. */
async function served(as: (engine: Engine) => Engine = (engine) => engine): Promise<Served> {
  const engine = as(createEngine({ engine: 'wasm' }));
  const server = await startServer(engine, { pageFolder: temporaryFolder() });
  onTestFinished(async () => {
    await engine.close();
    await server.close();
  });
  const launched = await fetch(server.launchUrl(), { redirect: 'manual' });
  const cookie = launched.headers.get('set-cookie')?.split(';')[0] ?? '';
  return { engine, server, cookie, port: Number(new URL(server.url).port) };
}

async function projectWith(engine: Engine, images: number): Promise<string> {
  const path = join(temporaryFolder(), 'a.graft');
  await engine.call('project.create', { path });
  const { db } = engine.project(path);
  db.transaction(() => {
    const datasetId = db.datasets.create({ name: 'many', origin: {}, classes: [] });
    for (let id = 1; id <= images; id++) {
      // Nobody looks at them: what would be an image takes ten times as long to make.
      db.datasets.addImage({ ...imageRecord(id, { datasetId }), source: { bytes: NO_IMAGE } });
    }
  });
  return path;
}

function dial(port: number, text = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

function openSocket({ server, cookie }: Served): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket`, {
      headers: { cookie },
    });
    onTestFinished(() => socket.terminate());
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

const closed = (socket: WebSocket) =>
  new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );

/** The last line of the answer. */
async function post({ server }: Served, name: string, input: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}/call`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ type: 'call', id: 1, name, input }),
  });
  expect(response.status).toBe(200);
  return JSON.parse((await response.text()).trimEnd().split('\n').at(-1) ?? '');
}

async function ask(socket: WebSocket, name: string, input: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString());
      if (typeof message === 'object' && message !== null && 'id' in message) resolve(message);
    });
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    socket.send(JSON.stringify({ type: 'call', id: 1, name, input }));
  });
}

const isAlive = async (peer: Served) =>
  expect(await post(peer, 'project.list', {})).toMatchObject({ type: 'result' });

const upgrade = (port: number, cookie: string) =>
  `GET /socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: ${cookie}\r\n\r\n`;

describe('a rude peer ends itself alone', () => {
  it('by a connection that it resets during an upgrade, let in or not', async () => {
    const peer = await served();
    for (const cookie of ['none', peer.cookie]) {
      for (let i = 0; i < 40; i++) {
        const socket = dial(peer.port, upgrade(peer.port, cookie));
        await delay(i % 4);
        socket.resetAndDestroy();
      }
    }
    await delay(50);
    await isAlive(peer);
  });

  it('by frames that are none, and is told why', async () => {
    const peer = await served();
    for (const bytes of [
      [0xf1, 0x80, 0, 0, 0, 0],
      [0x89, 0xfe, 0, 200],
      [0x81, 0x81, 0, 0, 0, 0, 0xff],
      [0x01, 0x01, 0x41],
    ]) {
      const socket = dial(peer.port, upgrade(peer.port, peer.cookie));
      const text = await new Promise<string>((resolve) => {
        let received = '';
        socket.setEncoding('latin1');
        socket.once('data', () => socket.write(Buffer.from(bytes)));
        socket.on('data', (chunk: string) => (received += chunk));
        socket.on('end', () => resolve(received));
      });
      expect(text).toMatch(/not (a frame of a WebSocket|text)$/);
    }
    await isAlive(peer);
  });

  it('by connections that it opens and says nothing on: others still get in', async () => {
    const peer = await served();
    const silent = Array.from({ length: 300 }, () => dial(peer.port, 'GET / HT'));
    await expect.poll(() => silent.filter((socket) => socket.closed).length).toBeGreaterThan(100);
    await isAlive(peer);
  });

  it('by answers that it never reads', async () => {
    const peer = await served();
    const chords = Array.from({ length: 20 }, () => 'x'.repeat(200));
    const rebound = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`${i}`, chords]));
    await peer.engine.call('settings.update', { keys: { preset: 'graft', rebound } });
    const socket = await openSocket(peer);
    const end = closed(socket);
    socket.pause();
    let answers = 0;
    socket.on('message', () => answers++);
    const asked = 100;
    for (let id = 1; id <= asked; id++) {
      socket.send(JSON.stringify({ type: 'call', id, name: 'settings.read', input: {} }));
    }
    await delay(1000);
    socket.resume();
    expect((await end).code).toBe(1006);
    expect(answers).toBeLessThan(asked);
    await isAlive(peer);
  });

  it('by pings whose answers it never reads; others are answered', async () => {
    const peer = await served();
    const friendly = await openSocket(peer);
    const pong = new Promise<string>((resolve) =>
      friendly.once('pong', (data) => resolve(data.toString())),
    );
    friendly.ping('hello');
    expect(await pong).toBe('hello');
    const rude = dial(peer.port, upgrade(peer.port, peer.cookie));
    const ended = new Promise((resolve) => rude.once('close', resolve));
    await new Promise((resolve) => rude.once('data', resolve));
    rude.pause();
    // Masked by nothing: 125 bytes each.
    const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125, 'x')]);
    const pings = Buffer.concat(Array.from({ length: 20_000 }, () => ping));
    for (let i = 0; i < 40 && !rude.closed; i++) {
      rude.write(pings);
      await delay(1);
    }
    rude.resume();
    await ended;
    await isAlive(peer);
  });

  it('by an address that is none, which is answered with words', async () => {
    const peer = await served();
    const socket = dial(peer.port, `GET // HTTP/1.1\r\nHost: 127.0.0.1:${peer.port}\r\n\r\n`);
    const [line] = await new Promise<string[]>((resolve) =>
      socket.once('data', (data) => resolve(data.toString().split('\r\n'))),
    );
    expect(line).toBe('HTTP/1.1 400 Bad Request');
  });
});

describe('large calls', () => {
  it('are answered by HTTP and by socket alike', async () => {
    const peer = await served();
    const images = 40_000;
    const project = await projectWith(peer.engine, images);
    const items = Array.from({ length: images }, (_, i) => ({ imageId: i + 1, part: 'train' }));
    const split = { project, datasetId: 1, name: 'x', items };
    expect(JSON.stringify(split).length).toBeGreaterThan(2 ** 20);
    const byHttp = await post(peer, 'splits.save', split);
    expect(byHttp).toMatchObject({ type: 'result', output: { counts: { train: images } } });
    const bySocket = await ask(await openSocket(peer), 'splits.save', { ...split, name: 'y' });
    expect(bySocket).toMatchObject({ type: 'result', output: { counts: { train: images } } });
    const paths = Array.from({ length: 12_000 }, (_, i) => `/nowhere/${'x'.repeat(90)}/${i}.png`);
    const files = { project, runId: 1, paths, dir: temporaryFolder() };
    for (const answer of [
      await post(peer, 'predict.files', files),
      await ask(await openSocket(peer), 'predict.files', files),
    ]) {
      expect(answer).toMatchObject({ type: 'error', error: { code: 'not-found' } });
    }
  });

  it('are refused with words above the size that is stated', async () => {
    const peer = await served();
    const input = { project: 'x'.repeat(2 ** 24) };
    const byHttp = JSON.stringify(await post(peer, 'datasets.list', input));
    expect(byHttp).toMatch(/"code":"invalid-input".*larger than 16 MiB/);
    const bySocket = await ask(await openSocket(peer), 'datasets.list', input);
    expect(JSON.stringify(bySocket)).toMatch(/"code":1009.*larger than 16 MiB/);
    await isAlive(peer);
  });
});

describe('what a call names', () => {
  it('is refused with words where it is too long, or no message', async () => {
    const peer = await served();
    const long = { path: 'x'.repeat(5000) };
    const answer = JSON.stringify(await post(peer, 'project.open', long));
    expect(answer).toMatch(/"code":"invalid-input".*4096/);
    const socket = await openSocket(peer);
    const nameless = JSON.stringify(await ask(socket, 'x'.repeat(200), {}));
    expect(nameless).toMatch(/"code":"invalid-input".*name/);
  });

  it('has a number of its own while it is under way', async () => {
    const peer = await served();
    const socket = await openSocket(peer);
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    const call = JSON.stringify({ type: 'call', id: 1, name: 'system.tasks', input: {} });
    socket.send(call);
    socket.send(call);
    await expect.poll(() => answers).toHaveLength(2);
    expect(answers.join()).toContain('under way already');
  });
});

it('lets one browser look at two engines', async () => {
  const [one, other] = [await served(), await served()];
  const cookie = `${one.cookie}; ${other.cookie}`;
  for (const { server } of [one, other]) {
    expect((await fetch(`${server.url}/`, { headers: { cookie } })).status).toBe(200);
    const also = `${cookie.replaceAll(/=[^;]*/g, '=wrong')}; ${cookie}`;
    expect((await fetch(`${server.url}/`, { headers: { cookie: also } })).status).toBe(200);
  }
});

describe('a call whose window', () => {
  /** What the engine hears of a call that never ends, once `leave` was done to its window. */
  async function heard(leaveIt: (socket: WebSocket) => void): Promise<AbortSignal> {
    const asked = Promise.withResolvers<AbortSignal>();
    const window = await served((engine) => ({
      ...engine,
      callUntrusted(_name, _input, { signal } = {}) {
        if (signal !== undefined) asked.resolve(signal);
        return new Promise(() => undefined);
      },
    }));
    const socket = await openSocket(window);
    socket.send(JSON.stringify({ type: 'call', id: 1, name: 'models.train', input: {} }));
    const signal = await asked.promise;
    const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
    leaveIt(socket);
    await ended;
    return signal;
  }

  it('is reloaded or closed knows that nobody took it back; one that is taken back knows that', async () => {
    expect(isGone(await heard((socket) => socket.terminate()))).toBe(true);
    const cancel = JSON.stringify({ type: 'cancel', id: 1 });
    expect(isGone(await heard((socket) => socket.send(cancel)))).toBe(false);
  });
});
