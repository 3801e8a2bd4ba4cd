import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SetupFailure } from '../../build/setup-failure.mjs';
import {
  ADDON,
  engineAsked,
  engineReady,
  nativeTensorflow,
  setUpTensorflow,
  type Source,
  tfjsNode,
} from '../../build/tensorflow.mjs';

let root = '';
let cache = '';
beforeEach(() => {
  const parent = mkdtempSync(path.join(tmpdir(), 'graft-tensorflow-'));
  root = path.join(parent, 'project');
  cache = path.join(parent, 'cache');
  mkdirSync(tfjsNode(root), { recursive: true });
});
afterEach(() => rmSync(path.dirname(root), { recursive: true }));

const linked = () => path.join(tfjsNode(root), ADDON);

function writeAddon(folder: string, text: string) {
  const addon = path.join(folder, ADDON);
  mkdirSync(path.dirname(addon), { recursive: true });
  writeFileSync(addon, text);
}

/** A source whose addon is a text file; `check` below reads the version from it. */
function source(name: string, options: { obstacle?: string; writes?: string; fails?: string }) {
  const calls = { installs: 0 };
  const made: Source = {
    name,
    folder: `${name}-folder`,
    obstacle: () => Promise.resolve(options.obstacle ?? null),
    install(temporary) {
      calls.installs += 1;
      if (options.fails !== undefined) return Promise.reject(new SetupFailure(options.fails));
      writeAddon(temporary, options.writes ?? '2.21.0');
      return Promise.resolve();
    },
  };
  return { ...made, calls };
}

const check = (addon: string) => {
  const version = readFileSync(addon, 'utf8');
  return version === 'broken'
    ? Promise.reject(new SetupFailure('It crashed.'))
    : Promise.resolve(version);
};

const setUp = (...sources: Source[]) =>
  setUpTensorflow({ root, cache, pin: '2.21.0', sources, check, update: () => undefined });

describe('native TensorFlow', () => {
  it('comes from the first source that works, and is linked from the cache', async () => {
    const second = source('download', {});
    const outcome = await setUp(source('wheel', {}), second);
    expect(outcome).toMatchObject({ engine: 'tensorflow', version: '2.21.0', reason: null });
    expect(second.calls.installs).toBe(0);
    expect(realpathSync(linked())).toBe(realpathSync(path.join(cache, 'wheel-folder', ADDON)));
    expect(engineReady(root, { pin: '2.21.0', required: true })).toBe(true);
  });

  it('is not installed again when the cache has it', async () => {
    writeAddon(path.join(cache, 'wheel-folder'), '2.21.0');
    const wheel = source('wheel', { obstacle: 'No network.' });
    expect(await setUp(wheel)).toMatchObject({ engine: 'tensorflow' });
    expect(wheel.calls.installs).toBe(0);
  });

  it('is installed again when the cached one no longer loads', async () => {
    writeAddon(path.join(cache, 'wheel-folder'), 'broken');
    const wheel = source('wheel', {});
    expect(await setUp(wheel)).toMatchObject({ engine: 'tensorflow' });
    expect(wheel.calls.installs).toBe(1);
  });

  it('comes from the next source when one has an obstacle or fails', async () => {
    const outcome = await setUp(
      source('wheel', { obstacle: 'No compiler.' }),
      source('mirror', { fails: 'No network.' }),
      source('download', { writes: '2.9.1' }),
    );
    expect(outcome).toMatchObject({ engine: 'tensorflow', version: '2.9.1' });
  });

  it('never takes an addon that does not compute, nor leaves it in the cache', async () => {
    const outcome = await setUp(source('wheel', { writes: 'broken' }));
    expect(outcome).toMatchObject({ engine: 'wasm', reason: 'wheel: It crashed.' });
    expect(existsSync(path.join(cache, 'wheel-folder'))).toBe(false);
    expect(existsSync(linked())).toBe(false);
  });

  it('replaces an installation inside the package only once the new one works', async () => {
    writeAddon(tfjsNode(root), 'installed by hand');
    mkdirSync(path.join(tfjsNode(root), 'deps', 'lib'), { recursive: true });
    await setUp(source('wheel', { fails: 'No network.' }));
    expect(readFileSync(linked(), 'utf8')).toBe('installed by hand');
    await setUp(source('wheel', {}));
    expect(readFileSync(linked(), 'utf8')).toBe('2.21.0');
    expect(lstatSync(path.dirname(linked())).isSymbolicLink()).toBe(true);
    expect(existsSync(path.join(tfjsNode(root), 'deps'))).toBe(false);
  });

  it('gives way to the portable engine, with every reason on record', async () => {
    await setUp(
      source('wheel', { obstacle: 'No compiler.' }),
      source('download', { fails: 'No network.' }),
    );
    const record: unknown = JSON.parse(
      readFileSync(path.join(root, 'node_modules', '.graft-engine.json'), 'utf8'),
    );
    expect(record).toMatchObject({
      engine: 'wasm',
      reason: 'wheel: No compiler. download: No network.',
      pin: '2.21.0',
    });
    expect(engineReady(root, { pin: '2.21.0', required: false })).toBe(true);
    expect(engineReady(root, { pin: '2.21.0', required: true })).toBe(false);
  });

  it('goes along in a package with its version, and not where another one was left behind', async () => {
    expect(nativeTensorflow(root)).toBeNull();
    await setUp(source('download', { writes: '2.9.1' }));
    const folder = realpathSync(path.join(cache, 'download-folder'));
    expect(nativeTensorflow(root)).toEqual({ version: '2.9.1', folder });
    await setUp(source('wheel', { fails: 'No network.' }));
    expect(existsSync(linked())).toBe(true);
    expect(nativeTensorflow(root)).toBeNull();
  });

  it('does not hide a bug behind the portable engine', async () => {
    const buggy: Source = {
      ...source('wheel', {}),
      install: () => Promise.reject(new TypeError('x is undefined')),
    };
    await expect(setUp(buggy)).rejects.toThrow(TypeError);
  });

  it('is no longer ready when the pin or the addon is another', async () => {
    await setUp(source('wheel', {}));
    expect(engineReady(root, { pin: '2.22.0', required: false })).toBe(false);
    rmSync(path.join(cache, 'wheel-folder'), { recursive: true });
    expect(engineReady(root, { pin: '2.21.0', required: false })).toBe(false);
  });
});

describe('GRAFT_ENGINE', () => {
  it('asks for an engine by either name, and is ignored when it is neither', () => {
    expect(engineAsked({ GRAFT_ENGINE: 'portable' })).toBe('wasm');
    expect(engineAsked({ GRAFT_ENGINE: 'wasm' })).toBe('wasm');
    expect(engineAsked({ GRAFT_ENGINE: 'tensorflow' })).toBe('tensorflow');
    expect(engineAsked({ GRAFT_ENGINE: 'auto' })).toBe(null);
    expect(engineAsked({})).toBe(null);
  });
});
