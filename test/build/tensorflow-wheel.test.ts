import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  compileAddon,
  fetchWheel,
  fetchWheelAhead,
  unpackWheel,
  wheelSource,
} from '../../build/tensorflow-wheel.mjs';
import { SetupFailure } from '../../build/setup-failure.mjs';
import { readZip } from '../../build/zip.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-wheel-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const quiet = () => undefined;

/** A zip archive by the book (APPNOTE 6.3), every second entry stored instead of deflated. */
function zipOf(files: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [index, [name, text]] of Object.entries(files).entries()) {
    const method = index % 2 === 0 ? 8 : 0;
    const bytes = Buffer.from(text);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(bytes.length, 22);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(4, 28); // an extra field that the directory does not have
    const extra = Buffer.from([0xfe, 0xca, 0, 0]);
    locals.push(local, nameBytes, extra, packed);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(nameBytes.length, 28);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, nameBytes);
    offset += local.length + nameBytes.length + extra.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(7, 20);
  return Buffer.concat([...locals, listing, end, Buffer.from('comment')]);
}

const library = 'machine code '.repeat(20_000);
const contents = {
  'tensorflow/__init__.py': 'import os',
  'tensorflow/libtensorflow_cc.so.2': library,
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// c',
  'tensorflow/include/tensorflow/c/eager/c_api.h': '// eager',
  'tensorflow/include/tsl/platform/ctstring_internal.h': '// string',
  'tensorflow/include/tensorflow/core/graph/graph.h': '// not needed',
  'tensorflow/include/LICENSE': 'Apache',
  'tensorflow/include/external/png/LICENSE': 'not this one',
  'tensorflow/THIRD_PARTY_NOTICES.txt': 'others',
  'other/libtensorflow_cc.so.2': 'not this one',
};

function wheelFor(archive: Buffer) {
  return {
    file: 'tiny-1-py3.whl',
    requirement: 'tiny==1',
    pipPlatform: 'any',
    sha256: createHash('sha256').update(archive).digest('hex'),
    bytes: archive.length,
  };
}

describe('a wheel', () => {
  it('gives its two libraries, the C headers and the licence texts, byte for byte, and nothing else', async () => {
    const file = path.join(folder, 'tiny.whl');
    writeFileSync(file, zipOf(contents));
    const target = path.join(folder, 'out');
    await unpackWheel(file, target, quiet);
    const deps = path.join(target, 'deps');
    expect(readFileSync(path.join(deps, 'lib/libtensorflow_cc.so.2'), 'utf8')).toBe(library);
    expect(readdirSync(deps, { recursive: true }).sort()).toEqual(
      [
        'LICENSE',
        'THIRD_PARTY_NOTICES.txt',
        'include',
        'include/tensorflow',
        'include/tensorflow/c',
        'include/tensorflow/c/c_api.h',
        'include/tensorflow/c/eager',
        'include/tensorflow/c/eager/c_api.h',
        'include/tsl',
        'include/tsl/platform',
        'include/tsl/platform/ctstring_internal.h',
        'lib',
        'lib/libtensorflow_cc.so.2',
        'lib/libtensorflow_framework.so.2',
      ].map((name) => path.normalize(name)),
    );
  });

  it('that is cut short is refused', async () => {
    const file = path.join(folder, 'tiny.whl');
    writeFileSync(file, zipOf(contents).subarray(0, 500));
    await expect(readZip(file)).rejects.toThrow(/not a readable archive/);
  });
});

// A compiler keeps a source's name as it was given it, in what it makes: in packages, for everybody.
describe.skipIf(process.platform === 'win32')('compiling the addon', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('tells the compiler of no place on this computer but where its parts lie', async () => {
    const sources = path.join(folder, 'tfjs-node', 'binding');
    mkdirSync(sources, { recursive: true });
    const compiler = path.join(folder, 'compiler');
    const told = path.join(folder, 'told');
    writeFileSync(compiler, `#!/bin/sh\necho "$PWD" "$@" >'${told}'\n`, { mode: 0o755 });
    vi.stubEnv('CXX', compiler);
    const made = path.join(folder, 'made');
    await compileAddon(made, { addonSources: sources, headers: '/headers', cache: folder });
    const [at, ...words] = readFileSync(told, 'utf8').trim().split(' ');
    expect(at).toBe(realpathSync(path.dirname(sources)));
    expect(words).toEqual(expect.arrayContaining(['-I.', 'binding/tfjs_backend.cc']));
    expect(words.filter((word) => word.includes('tfjs-node'))).toEqual([]);
    // Linked against names alone, which goes wherever the libraries lie afterwards.
    expect(words).toEqual(
      expect.arrayContaining(['-Wl,--no-as-needed', '-l:libtensorflow_cc.so.2']),
    );
    expect(words).not.toContain(`-L${path.join(made, 'deps', 'lib')}`);
    expect(existsSync(path.join(made, 'deps', 'names'))).toBe(false);
  });
});

describe('fetching the wheel', () => {
  const archive = zipOf(contents);
  const wheel = wheelFor(archive);
  const final = () => path.join(folder, 'downloads', wheel.file);
  const serve =
    (bytes: Buffer, calls = { count: 0 }) =>
    (_wheel: unknown, { incoming }: { incoming: string }) => {
      calls.count += 1;
      writeFileSync(path.join(incoming, wheel.file), bytes);
      return Promise.resolve();
    };

  it('keeps a file with the right hash and does not fetch it twice', async () => {
    const calls = { count: 0 };
    const options = { cache: folder, update: quiet, fetch: serve(archive, calls) };
    expect(await fetchWheel(wheel, options)).toBe(final());
    await fetchWheel(wheel, options);
    expect(calls.count).toBe(1);
  });

  it('refuses a file with another hash and removes it', async () => {
    const altered = Buffer.from(archive);
    altered[40] = (altered[40] ?? 0) ^ 1;
    const options = { cache: folder, update: quiet, fetch: serve(altered) };
    await expect(fetchWheel(wheel, options)).rejects.toThrow(/does not have the expected hash/);
    expect(readdirSync(path.join(folder, 'downloads'))).toEqual([]);
  });

  it('does not trust what an interrupted download left', async () => {
    mkdirSync(path.join(folder, 'downloads', 'incoming'), { recursive: true });
    writeFileSync(path.join(folder, 'downloads', 'incoming', wheel.file), archive.subarray(0, 99));
    writeFileSync(final(), archive.subarray(0, 99));
    await fetchWheel(wheel, { cache: folder, update: quiet, fetch: serve(archive) });
    expect(readFileSync(final()).equals(archive)).toBe(true);
    expect(existsSync(path.join(folder, 'downloads', 'incoming'))).toBe(false);
  });
});

it('is fetched ahead where something can be made of it; what goes wrong is told by whoever needs it', async () => {
  const fetch = vi.fn(() => Promise.reject(new SetupFailure('The network could not be reached.')));
  const ahead = (changes: object = {}) =>
    fetchWheelAhead({
      ...{ version: '2.21.0', platform: 'linux', arch: 'x64', cache: folder, fetch },
      ...changes,
    });
  vi.stubEnv('CXX', process.execPath);
  await ahead();
  expect(fetch).toHaveBeenCalledTimes(1);
  await ahead({ platform: 'darwin' });
  mkdirSync(path.join(folder, 'tensorflow-2.21.0-linux-x64-napi8-0123456789ab'));
  await ahead();
  expect(fetch).toHaveBeenCalledTimes(1);
  const bug = () => Promise.reject(new TypeError('a bug'));
  await expect(ahead({ cache: path.join(folder, 'new'), fetch: bug })).rejects.toThrow('a bug');
});

describe('the wheel as a source', () => {
  const options = (platform: string, arch: string) => ({
    ...{ version: '2.21.0', platform, arch, cache: folder },
    addonSources: path.join(folder, 'binding'),
    headers: () => Promise.resolve(folder),
  });

  it('is passed over, with the reason, where no hash is known', async () => {
    mkdirSync(path.join(folder, 'binding'));
    const source = wheelSource(options('darwin', 'arm64'));
    expect(await source.obstacle()).toMatch(/no wheel with a known hash for darwin-arm64/);
  });

  it('has a folder of its own for other addon sources', () => {
    mkdirSync(path.join(folder, 'binding'));
    writeFileSync(path.join(folder, 'binding', 'a.cc'), 'int a;');
    const before = wheelSource(options('linux', 'x64')).folder;
    writeFileSync(path.join(folder, 'binding', 'a.cc'), 'int b;');
    expect(wheelSource(options('linux', 'x64')).folder).not.toBe(before);
    expect(before).toMatch(/^tensorflow-2\.21\.0-linux-x64-napi8-[0-9a-f]{12}$/);
  });
});
