/** WebSocket as bytes (RFC 6455), to be said wrongly: the request of an upgrade, and frames of a client. */
import { connect, type Socket } from 'node:net';

/** Of a client's first bytes. */
export function upgradeRequest(port: number, cookie: string, path = '/socket'): Buffer {
  return Buffer.from(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      `Cookie: ${cookie}`,
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
}

/** One masked frame. `opcode`: 1 text, 2 bytes, 8 close, 9 ping, 10 pong. */
export function frame(payload: Uint8Array, { opcode = 1, final = true } = {}): Buffer {
  const mask = Buffer.from([0x11, 0x22, 0x33, 0x44]);
  const { length } = payload;
  const sized =
    length < 126
      ? Buffer.from([0x80 | length])
      : length < 65_536
        ? Buffer.from([0x80 | 126, length >> 8, length & 255])
        : Buffer.alloc(9);
  if (sized.length === 9) {
    sized[0] = 0x80 | 127;
    sized.writeBigUInt64BE(BigInt(length), 1);
  }
  const masked = Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode]), sized, mask, masked]);
}

/** Frames of every kind in a row, each of them legal. */
export function conversation(): Buffer {
  const call = JSON.stringify({ type: 'call', id: 7, name: 'system.generators', input: {} });
  const text = Buffer.from(call);
  return Buffer.concat([
    frame(text),
    frame(Buffer.from('hello'), { opcode: 9 }),
    frame(text.subarray(0, 20), { final: false }),
    frame(text.subarray(20), { opcode: 0 }),
    frame(Buffer.from('x'.repeat(130)), { opcode: 10 }),
    frame(Buffer.from([0x03, 0xe8]), { opcode: 8 }),
  ]);
}

/** A connection that breaks without a word: how it ends is the engine's affair. */
export function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Settles after the first bytes of an answer, or at the end of the connection; after `ms` whatever comes. */
export function answered(socket: Socket, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.once('data', done);
    socket.once('close', done);
  });
}
