/** Entry of an isolated process that does what files do to their decoders. */
import { AppError } from '../../../shared/errors.ts';
import { serveIsolated } from '../../../engine/isolated/serve.ts';

const held: Uint8Array[] = [];

serveIsolated(
  async (request) => {
    switch (request) {
      case 'loop':
        for (;;);
      case 'memory':
        for (;;) held.push(new Uint8Array(2 ** 22).fill(1));
      case 'heap': {
        const texts: string[][] = [];
        for (;;) texts.push(Array.from({ length: 10_000 }, (_, i) => `${i} ${texts.length}`));
      }
      case 'crash':
        process.kill(process.pid, 'SIGSEGV');
        return new Promise(() => undefined);
      case 'exit':
        return process.exit(0);
      case 'stumble':
        throw new RangeError('Invalid array length');
      case 'abort': {
        // As a library of WebAssembly ends.
        const cause = Object.assign(new Error('Aborted()'), { name: 'RuntimeError' });
        throw new AppError('corrupt', 'a.h5 is damaged.', { cause });
      }
      case 'refuse':
        throw new AppError('unsupported', 'a.tif is too large.', { subject: 'a.tif' });
      default:
        return Promise.resolve({ pid: process.pid, request });
    }
  },
  (request, error) => new AppError('unreadable', `${String(request)}: ${String(error)}`),
);
