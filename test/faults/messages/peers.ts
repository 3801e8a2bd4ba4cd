/**
 * Peers that know the way to the door and no manners. Each of them comes, does its worst and goes; whether the engine
 * still answers others is asked by who sent them.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Random } from '../../../shared/random.ts';
import { pick } from './calls.ts';
import type { EngineUnderTest } from './engine-under-test.ts';
import { answered, conversation, dial, frame, upgradeRequest } from './wire.ts';

/** For an answer that may not come. */
const PAUSE_MS = 20;
const MB = 2 ** 20;

type Peer = (engine: EngineUnderTest, random: Random, held: Socket[]) => Promise<void> | void;

/** Sends `bytes` and breaks the connection after a moment. */
async function sendAndReset(port: number, bytes: Uint8Array, random: Random): Promise<void> {
  const socket = dial(port);
  socket.write(bytes);
  await delay(random.below(4));
  socket.resetAndDestroy();
}

async function socketOf({ port, cookie }: EngineUnderTest): Promise<Socket> {
  const socket = dial(port);
  socket.write(upgradeRequest(port, cookie));
  await answered(socket, 2000);
  return socket;
}

export const PEERS: Readonly<Record<string, Peer>> = {
  'reset during an upgrade, let in': ({ port, cookie }, random) =>
    sendAndReset(port, upgradeRequest(port, cookie), random),
  'reset during an upgrade, refused': ({ port }, random) =>
    sendAndReset(port, upgradeRequest(port, 'none', pick(random, ['/', '/socket'])), random),
  'upgrade cut in half and held'({ port, cookie }, random, held) {
    const socket = dial(port);
    const request = upgradeRequest(port, cookie);
    socket.write(request.subarray(0, random.below(request.length)));
    held.push(socket);
  },
  'request a byte at a time'({ port }, random, held) {
    const socket = dial(port);
    const bytes = Buffer.from(`POST /call HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: `);
    for (let i = 0; i < 1 + random.below(bytes.length); i++) socket.write(bytes.subarray(i, i + 1));
    held.push(socket);
  },
  'body that never comes'({ port, token }, random, held) {
    const socket = dial(port);
    const length = pick(random, ['100', '99999999999', '-1', 'x', '1e3']);
    socket.write(
      `POST /call HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n{`,
    );
    held.push(socket);
  },
  async 'asks and never reads'(engine, random, held) {
    const socket = await socketOf(engine);
    socket.pause();
    const text = JSON.stringify({ type: 'call', id: 1, name: 'system.tasks', input: {} });
    const asked = frame(Buffer.from(text));
    for (let i = 0; i < 200 + random.below(400); i++) socket.write(asked);
    held.push(socket);
  },
  async 'pings and never reads'(engine, random, held) {
    const socket = await socketOf(engine);
    socket.pause();
    const pings = Buffer.concat(
      Array.from({ length: 500 }, () => frame(Buffer.alloc(125), { opcode: 9 })),
    );
    for (let i = 0; i < 10 + random.below(40); i++) socket.write(pings);
    held.push(socket);
  },
  async 'frame that says it is giant'(engine, random, held) {
    const socket = await socketOf(engine);
    const head = Buffer.alloc(10);
    head[0] = 0x81;
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(pick(random, [2 ** 24, 2 ** 27, 2 ** 32, 2 ** 53 - 1])), 2);
    socket.write(head);
    await answered(socket, PAUSE_MS);
    held.push(socket);
  },
  async 'call of many megabytes, by socket'({ port, cookie }, random) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { cookie } });
    await new Promise<void>((resolve) => {
      socket.on('open', () =>
        socket.send('x'.repeat(pick(random, [MB, 17 * MB, 40 * MB])), () => undefined),
      );
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      setTimeout(resolve, 2000);
    });
    socket.terminate();
  },
  async 'call of many megabytes, by HTTP'(engine, random) {
    const size = pick(random, [MB, 17 * MB, 40 * MB]);
    await engine.post('x'.repeat(size)).catch(() => undefined);
  },
  async 'frames and a reset'(engine, random) {
    const socket = await socketOf(engine);
    const bytes = conversation();
    socket.write(bytes.subarray(0, random.below(bytes.length)));
    await delay(random.below(3));
    socket.resetAndDestroy();
  },
};
