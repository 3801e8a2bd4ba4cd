import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../../renderer/api.ts';
import { pixelsUrl } from '../../shared/exchange.ts';

/** Stands in for the browser's socket; the test is the engine at its other end. */
class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readonly url: string;
  readyState = 0;
  readonly sent: { type: string; id: number; name?: string; input?: unknown }[] = [];

  constructor(url: string) {
    super();
    this.url = url;
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as (typeof this.sent)[number]);
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  tell(message: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
  close(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }
}

function connected() {
  const api = createApi({ host: '127.0.0.1:4000' });
  const socket = FakeSocket.all.at(-1);
  if (socket === undefined) throw new Error('no socket was opened');
  return { api, socket };
}

beforeEach(() => {
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the window’s line to the engine', () => {
  it('answers each call with its own result, in whatever order they come', async () => {
    const { api, socket } = connected();
    socket.open();
    const first = api.call('project.list', {});
    const second = api.call('system.tasks', {});
    expect(socket.url).toBe('ws://127.0.0.1:4000/socket');
    const [a, b] = socket.sent.map((message) => message.id);
    socket.tell({ type: 'result', id: b, output: ['tasks'] });
    socket.tell({ type: 'result', id: a, output: ['projects'] });
    expect(await first).toEqual(['projects']);
    expect(await second).toEqual(['tasks']);
  });

  it('throws the engine’s error with its code', async () => {
    const { api, socket } = connected();
    socket.open();
    const call = api.call('project.open', { path: '/a.graft' });
    const error = { code: 'locked', message: 'Another process owns it.' };
    socket.tell({ type: 'error', id: socket.sent[0]?.id, error });
    await expect(call).rejects.toMatchObject(error);
  });

  it('refuses a call with words that the engine would hang up on, and keeps the line', async () => {
    const { api, socket } = connected();
    const path = 'x'.repeat(2 ** 24);
    await expect(api.call('project.open', { path })).rejects.toThrow('larger than 16 MiB');
    socket.open();
    expect(socket.sent).toEqual([]);
  });

  it('hands on progress, and cancels', async () => {
    const { api, socket } = connected();
    socket.open();
    const abort = new AbortController();
    const seen: number[] = [];
    const call = api.call(
      'project.check',
      { project: '/a.graft' },
      { signal: abort.signal, onProgress: ({ done }) => seen.push(done) },
    );
    const id = socket.sent[0]?.id;
    socket.tell({ type: 'progress', id, progress: { done: 3, total: 9, message: '' } });
    expect(seen).toEqual([3]);
    abort.abort();
    expect(socket.sent.at(-1)).toEqual({ type: 'cancel', id });
    socket.tell({ type: 'error', id, error: { code: 'cancelled', message: 'Stopped.' } });
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    const late = api.call('project.check', { project: '/a.graft' }, { signal: abort.signal });
    await expect(late).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('keeps calls that were made before there was a line', async () => {
    const { api, socket } = connected();
    const call = api.call('project.list', {});
    expect(socket.sent).toEqual([]);
    socket.open();
    socket.tell({ type: 'result', id: socket.sent[0]?.id, output: [] });
    expect(await call).toEqual([]);
  });

  it('fails what was under way when the line breaks, says so, and comes back', async () => {
    const { api, socket } = connected();
    const states: string[] = [];
    api.onConnection((state) => states.push(state));
    socket.open();
    const lost = api.call('project.list', {});
    socket.close();
    await expect(lost).rejects.toMatchObject({ code: 'engine-unavailable' });
    const waiting = api.call('system.tasks', {});
    await vi.advanceTimersByTimeAsync(300);
    FakeSocket.all[1]?.close();
    await vi.advanceTimersByTimeAsync(600);
    const back = FakeSocket.all[2];
    back?.open();
    back?.tell({ type: 'result', id: back.sent[0]?.id, output: ['tasks'] });
    expect(await waiting).toEqual(['tasks']);
    expect(states).toEqual(['connecting', 'open', 'lost', 'lost', 'open']);
  });

  it('tells events to who listens, for as long as they listen', () => {
    const { api, socket } = connected();
    const seen: string[] = [];
    const stop = api.subscribe((event) => seen.push(event.type));
    socket.tell({ type: 'event', event: { type: 'notice', message: 'hello' } });
    stop();
    socket.tell({ type: 'event', event: { type: 'notice', message: 'again' } });
    expect(seen).toEqual(['notice']);
  });

  it('reads errors of pixels as those of calls', async () => {
    const { api } = connected();
    const answer = (status: number, body: string) =>
      vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
    answer(404, JSON.stringify({ code: 'not-found', message: 'No labels yet.' }));
    await expect(api.fetchPixels('/pixels/label-map')).rejects.toMatchObject({
      code: 'not-found',
      message: 'No labels yet.',
    });
    answer(500, '<html>');
    await expect(api.fetchPixels('/pixels/image')).rejects.toMatchObject({ code: 'internal' });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed to fetch')));
    await expect(api.fetchPixels('/pixels/image')).rejects.toMatchObject({
      code: 'engine-unavailable',
    });
  });

  it('saves label maps under their image, author, run and base', async () => {
    const { api } = connected();
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      asked.push(`${init.method ?? 'GET'} ${path}`);
      return Promise.resolve(new Response('{"id":7}'));
    });
    const target = { project: '/a b.graft', imageId: 3, author: 'corrected', runId: 5, base: 6 };
    const saved = await api.saveLabelMap({ ...target, author: 'corrected' }, new Uint8Array(4));
    expect(saved).toEqual({ id: 7 });
    expect(asked).toEqual([
      `PUT /pixels/label-map?project=%2Fa+b.graft&image=3&author=corrected&run=5&base=6&origin=${api.origin}`,
    ]);
    expect(pixelsUrl('image', { project: '/ä.graft', image: 1 })).toBe(
      '/pixels/image?project=%2F%C3%A4.graft&image=1',
    );
  });
});
