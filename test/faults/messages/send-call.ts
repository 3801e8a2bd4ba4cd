/** Sends the text of a call in one of the two ways, and waits for its answer. */
import { WebSocket } from 'ws';
import { ANSWER_MS, type EngineUnderTest } from './engine-under-test.ts';

function isLast(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    (message.type === 'result' || message.type === 'error')
  );
}

function bySocket({ port, cookie }: EngineUnderTest, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { cookie } });
    const timer = setTimeout(() => {
      socket.terminate();
      reject(new Error(`nothing within ${ANSWER_MS / 1000} s`));
    }, ANSWER_MS);
    socket.on('open', () => socket.send(text));
    socket.on('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString('utf8'));
      if (!isLast(message)) return;
      resolve(message);
      socket.close();
    });
    socket.on('error', reject);
    socket.on('close', (code) => {
      clearTimeout(timer);
      if (code === 1007) resolve('closed');
      else reject(new Error(`the connection was closed (${code})`));
    });
  });
}

/** The result or error; 'closed' where the engine hung up with the words that this is no message of Graft. */
export async function sendCall(
  engine: EngineUnderTest,
  way: 'socket' | 'http',
  text: string,
): Promise<unknown> {
  if (way === 'socket') return bySocket(engine, text);
  const { status, body } = await engine.post(text);
  if (status === 500) throw new Error(`status 500: ${body.slice(0, 300)}`);
  const last = body.trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(last);
}
