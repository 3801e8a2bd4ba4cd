import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPortableEngine } from '../../../../engine/training/portable/start.ts';
import { loadWasmModule } from '../../../../engine/training/portable/wasm-module.ts';

const require = createRequire(import.meta.url);

const processWide = () => ({
  cpus: os.cpus().length,
  exceptions: process.listeners('uncaughtException'),
  rejections: process.listeners('unhandledRejection'),
  globals: Object.getOwnPropertyNames(globalThis).filter((name) => /worker|wasm/i.test(name)),
});

describe('the portable engine', () => {
  let before: ReturnType<typeof processWide>;

  beforeAll(async () => {
    before = processWide();
    tf.env().set('WASM_HAS_SIMD_SUPPORT', false);
    await expect(startPortableEngine({ threads: 2 })).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('SIMD') as string,
    });
    tf.env().set('WASM_HAS_SIMD_SUPPORT', true);
    await startPortableEngine({ threads: 2 });
  });

  it('says what runs', async () => {
    const { version } = require('@tensorflow/tfjs-backend-wasm/package.json') as {
      version: string;
    };
    expect(await startPortableEngine({ threads: 2 })).toEqual({ threads: 2, version });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('has one thread count a process', async () => {
    await expect(startPortableEngine({ threads: 1 })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('leaves handlers, processors and globals of the process alone', () => {
    expect(processWide()).toEqual(before);
  });

  it('shares one tfjs-core between imports and requires', () => {
    const required = require('@tensorflow/tfjs-core') as typeof tf;
    expect(required.engine()).toBe(tf.engine());
    expect(required.tidy).toBe(tf.tidy);
  });

  it('never loads tfjs-node', () => {
    const loaded = Object.keys(require.cache);
    expect(loaded.filter((path) => path.includes('tfjs-backend-wasm'))).not.toEqual([]);
    expect(loaded.filter((path) => path.includes('tfjs-node'))).toEqual([]);
  });

  it('turns the end of its memory into advice, and goes on', () => {
    const backend = tf.backend();
    if (!(backend instanceof BackendWasm)) throw new Error('another backend runs');
    const gigabyte = [2 ** 28];
    const taken: tf.TensorInfo[] = [];
    try {
      expect(() => {
        for (let i = 0; i < 5; i++) taken.push(backend.makeOutput(gigabyte, 'float32'));
      }).toThrow(
        expect.objectContaining({
          code: 'invalid-input',
          message: expect.stringMatching(/4 GB.*smaller batch/) as string,
        }),
      );
    } finally {
      for (const info of taken) backend.disposeData(info.dataId);
    }
    expect(taken).toHaveLength(3);
    expect(tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).arraySync())).toEqual([2, 3]);
  });

  it('turns it into advice inside a kernel, too', () => {
    const backend = tf.backend();
    if (!(backend instanceof BackendWasm)) throw new Error('another backend runs');
    const taken: tf.TensorInfo[] = [];
    const fillWith = (size: number) => {
      for (;;) taken.push(backend.makeOutput([size], 'float32'));
    };
    const x = tf.ones<tf.Rank.R4>([1, 64, 64, 256]);
    const filter = tf.ones<tf.Rank.R4>([3, 3, 256, 512]);
    try {
      for (const size of [2 ** 28, 2 ** 24, 2 ** 20, 2 ** 16, 2 ** 12]) {
        expect(() => fillWith(size)).toThrow('4 GB');
      }
      // Room for the output, 8 MB, not for the 4.5 MB of weights that XNNPACK transposes and packs.
      for (let free = 0; free < 12 * 2 ** 20;) {
        const info = taken.pop();
        if (info === undefined) throw new Error('nothing was allocated');
        free += 4 * tf.util.sizeFromShape(info.shape);
        backend.disposeData(info.dataId);
      }
      expect(() => tf.tidy(() => tf.conv2d(x, filter, 1, 'same'))).toThrow('inside a kernel');
    } finally {
      for (const info of taken) backend.disposeData(info.dataId);
    }
    const sum = tf.tidy(() => tf.mean(tf.conv2d(x, filter, 1, 'valid')).arraySync());
    expect(sum).toBeCloseTo(9 * 256);
    tf.dispose([x, filter]);
  });

  it('throws where a kernel only prints that it failed', () => {
    tf.tidy(() => {
      const truths = tf.tensor1d([1, 0], 'bool');
      expect(() => {
        tf.engine().runKernel('Sum', { x: truths }, { axis: [0], keepDims: false });
      }).toThrow('A wasm kernel failed: Sum failed. Unknown dtype');
    });
  });
});

describe('a broken installation', () => {
  let folder: string;
  const shipped = join(
    dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')),
    'wasm-out',
  );

  beforeAll(async () => {
    folder = await mkdtemp(join(os.tmpdir(), 'graft-wasm-'));
    for (const name of await readdir(shipped)) {
      if (name.endsWith('.js')) await copyFile(join(shipped, name), join(folder, name));
    }
    await writeFile(join(folder, 'tfjs-backend-wasm-threaded-simd.wasm'), 'not wasm');
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('is named file by file', async () => {
    await expect(loadWasmModule({ threads: 1, folder })).rejects.toMatchObject({
      code: 'engine-unavailable',
      subject: join(folder, 'tfjs-backend-wasm-simd.wasm'),
      message: expect.stringContaining('Delete node_modules and run npm start again') as string,
    });
  });

  it('is found where a file is damaged', async () => {
    await expect(loadWasmModule({ threads: 2, folder })).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('does not start') as string,
    });
  });

  it('does not keep the process alive', async () => {
    const module = new URL('../../../../engine/training/portable/wasm-module.ts', import.meta.url);
    const script = `
      import { loadWasmModule } from ${JSON.stringify(module.href)};
      await loadWasmModule({ threads: 2, folder: ${JSON.stringify(folder)} }).catch((error) => {
        console.log(error.code);
      });`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { timeout: 20_000 },
    );
    expect(stdout.trim()).toBe('engine-unavailable');
  });
});
