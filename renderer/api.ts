/**
 * The window's line to the engine: typed calls with progress and cancel, events, and pixels over HTTP.
 * Owns the one WebSocket and brings it back after it was lost; knows nothing of what the calls mean.
 */
import type {
  CallInput,
  CallName,
  CallOutputs,
  ClientMessage,
  Progress,
  ServerMessage,
} from '../shared/api.ts';
import { AppError, fromWireError, WireError } from '../shared/errors.ts';
import type { EngineEvent } from '../shared/events.ts';
import { inWindow } from '../shared/controls.ts';
import { callTooLarge, MAX_CALL_BYTES } from '../shared/limits.ts';
import {
  fileUrl,
  ReceivedFile,
  OBJECTS_HEADER,
  REVISION_HEADER,
  STEP_HEADER,
  SavedLabelMap,
  saveScribblesUrl,
  saveUrl,
} from '../shared/exchange.ts';
import type { Helper } from '../shared/helpers.ts';

/** connecting: never connected yet; lost: was connected, and is being tried again. */
export type Connection = 'connecting' | 'open' | 'lost';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Who drew a label map, where it goes, and what it was made from. */
export interface LabelMapTarget {
  readonly project: string;
  readonly imageId: number;
  readonly author: 'human' | 'corrected';
  /** Run whose prediction was accepted or corrected. */
  readonly runId?: number;
  /** Helpers whose proposals were accepted or corrected. */
  readonly helpers?: readonly Helper[];
  /** Revision that was edited: the engine refuses (`conflict`) where a newer one exists. */
  readonly base?: number;
  /** Where the code of its objects begins behind its own; left out: whoever draws knows of none. */
  readonly objectsFrom?: number;
}

export interface Api {
  /** What this window calls itself: the origin of what it changes, as events tell it. */
  readonly origin: string;
  /** Errors: AppError as the engine sent it; `cancelled` after an abort; `engine-unavailable` where the line broke. */
  call<K extends CallName>(
    name: K,
    input: CallInput<K>,
    options?: CallOptions,
  ): Promise<CallOutputs[K]>;
  /** Returns how to stop listening. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Told at once of the present state, then of every change. Returns how to stop listening. */
  onConnection(listener: (connection: Connection) => void): () => void;
  /** GET of an address of shared/exchange.ts, such as pixelsUrl('image', …). Errors: AppError of the engine, not-found included. */
  fetchPixels(path: string, options?: { signal?: AbortSignal }): Promise<PixelsResponse>;
  /** Resolves when the revision is on disk. `bytes`: shared/label-map.ts code, and behind it that of its objects (SaveQuery). */
  saveLabelMap(target: LabelMapTarget, bytes: Uint8Array): Promise<{ id: number }>;
  /** Resolves when they are on disk. */
  saveScribbles(
    target: { readonly project: string; readonly imageId: number },
    bytes: Uint8Array,
  ): Promise<void>;
  /** Puts a dropped file where the engine can read it. `batch` keeps the files of one drop together. */
  uploadFile(file: {
    readonly batch: string;
    /** With folders, e.g. `images/a.png`. */
    readonly name: string;
    readonly body: Blob;
  }): Promise<ReceivedFile>;
  close(): void;
}

export interface PixelsResponse {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of label maps: the revision these bytes are. */
  readonly revision: number | null;
  /** Of what a live training sees: the step of its weights. */
  readonly step: number | null;
  /** Of label maps and objects: 'stored' or 'components' (OBJECTS_HEADER). */
  readonly objects: string | null;
}

/** First and longest wait before the next try to connect. */
const RETRY_MS = { first: 250, longest: 4000 };

interface Outgoing {
  /** Of its call. */
  readonly id: number;
  readonly text: string;
}

interface Pending {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted === true) throw new AppError('cancelled', 'Stopped.');
    throw new AppError('engine-unavailable', 'The engine does not answer. It is being restarted.', {
      cause: error,
    });
  }
  if (response.ok) return response;
  const wire = WireError.safeParse(await response.json().catch(() => null));
  if (wire.success) throw fromWireError(wire.data);
  throw new AppError('internal', `${path} answered ${response.status}.`);
}

/** `location` of the page that talks: its origin is the engine's. */
export function createApi(location: { readonly host: string }): Api {
  const listeners = new Set<(event: EngineEvent) => void>();
  const watchers = new Set<(connection: Connection) => void>();
  const pending = new Map<number, Pending>();
  /** Calls made while there is no line wait here. */
  let outbox: Outgoing[] = [];
  const origin = crypto.randomUUID();
  let connection: Connection = 'connecting';
  let socket: WebSocket | null = null;
  let retryMs = RETRY_MS.first;
  let nextId = 1;
  let closed = false;

  function setConnection(next: Connection): void {
    connection = next;
    for (const watcher of watchers) watcher(next);
  }

  /** Errors: invalid-input, where the engine would not take it for its size. */
  function post(message: ClientMessage): void {
    const text = JSON.stringify(message);
    if (new Blob([text]).size > MAX_CALL_BYTES) throw callTooLarge();
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    else outbox.push({ id: message.id, text });
  }

  function receive(message: ServerMessage): void {
    if (message.type === 'event') {
      for (const listener of listeners) listener(message.event);
      return;
    }
    const waiting = pending.get(message.id);
    if (waiting === undefined) return;
    if (message.type === 'progress') {
      waiting.onProgress?.(message.progress);
      return;
    }
    pending.delete(message.id);
    if (message.type === 'result') waiting.resolve(message.output);
    else {
      const { error } = message;
      waiting.reject(fromWireError({ ...error, message: inWindow(error.message) }));
    }
  }

  function connect(): void {
    const opened = new WebSocket(`ws://${location.host}/socket`);
    socket = opened;
    opened.addEventListener('open', () => {
      retryMs = RETRY_MS.first;
      for (const { text } of outbox) opened.send(text);
      outbox = [];
      setConnection('open');
    });
    opened.addEventListener('message', (event: MessageEvent) => {
      const data: unknown = event.data;
      // The other end is the engine of the same build, reached with this session's cookie: its types are ours.
      if (typeof data === 'string') receive(JSON.parse(data) as ServerMessage);
    });
    opened.addEventListener('close', () => {
      // What was under way is lost with the line; what waits in the outbox is not.
      for (const [id, { reject }] of pending) {
        if (outbox.some((message) => message.id === id)) continue;
        pending.delete(id);
        reject(
          new AppError(
            'engine-unavailable',
            'The connection to the engine broke. Try again when it is back.',
          ),
        );
      }
      if (closed) return;
      setConnection(connection === 'connecting' ? 'connecting' : 'lost');
      setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS.longest);
    });
  }

  connect();

  return {
    origin,
    call<K extends CallName>(
      name: K,
      input: CallInput<K>,
      { signal, onProgress }: CallOptions = {},
    ): Promise<CallOutputs[K]> {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(new AppError('cancelled', 'Stopped.'));
          return;
        }
        post({ type: 'call', id, name, input, origin });
        pending.set(id, {
          // The engine types the output of every call by its name (CallOutputs).
          resolve: (output) => resolve(output as CallOutputs[K]),
          reject,
          onProgress,
        });
        signal?.addEventListener('abort', () => post({ type: 'cancel', id }), { once: true });
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onConnection(listener) {
      watchers.add(listener);
      listener(connection);
      return () => watchers.delete(listener);
    },
    async fetchPixels(path, { signal } = {}) {
      const response = await request(path, signal === undefined ? {} : { signal });
      const numberIn = (header: string) => {
        const value = response.headers.get(header);
        return value === null ? null : Number(value);
      };
      return {
        bytes: new Uint8Array(await response.arrayBuffer()),
        revision: numberIn(REVISION_HEADER),
        step: numberIn(STEP_HEADER),
        objects: response.headers.get(OBJECTS_HEADER),
      };
    },
    async saveLabelMap({ project, imageId, author, runId, ...more }, bytes) {
      const query = { project, image: imageId, author, run: runId, ...more, origin };
      const path = saveUrl(query);
      const response = await request(path, { method: 'PUT', body: new Blob([bytes.slice()]) });
      return SavedLabelMap.parse(await response.json());
    },
    async saveScribbles({ project, imageId }, bytes) {
      const path = saveScribblesUrl({ project, image: imageId, origin });
      await request(path, { method: 'PUT', body: new Blob([bytes.slice()]) });
    },
    async uploadFile({ batch, name, body }) {
      const response = await request(fileUrl({ batch, name }), { method: 'POST', body });
      return ReceivedFile.parse(await response.json());
    },
    close() {
      closed = true;
      socket?.close();
    },
  };
}
