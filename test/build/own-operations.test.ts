import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileAhead, operationsReady, setUpOperations } from '../../build/own-operations.mjs';
import { SetupFailure } from '../../build/setup-failure.mjs';
import { ADDON, tfjsNode } from '../../build/tensorflow.mjs';

let root = '';
let cache = '';
let sources = '';
beforeEach(() => {
  const parent = mkdtempSync(path.join(tmpdir(), 'graft-operations-'));
  root = path.join(parent, 'project');
  cache = path.join(parent, 'cache');
  sources = path.join(root, 'engine', 'training', 'tensorflow', 'operations');
  mkdirSync(sources, { recursive: true });
  writeFileSync(path.join(sources, 'loops.cc'), 'int one = 1;');
  const addon = path.join(tfjsNode(root), ADDON);
  mkdirSync(path.dirname(addon), { recursive: true });
  writeFileSync(addon, 'addon');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(path.dirname(root), { recursive: true });
});

const library = () => path.join(tfjsNode(root), 'lib', 'graft-operations.node');

/** A compiler that writes what it was asked for into every file that it makes; `broken` fails. */
function compiler(broken = false): string {
  const script = path.join(cache, '..', 'compiler.sh');
  writeFileSync(
    script,
    `asked="$*"
    if ${String(broken)} && [ $# -gt 1 ]; then echo 'error: no such thing' >&2; exit 1; fi
    while [ $# -gt 1 ]; do
      if [ "$1" = -o ]; then printf %s "$asked" > "$2"; fi
      shift
    done`,
  );
  return `sh ${script}`;
}

const setUp = (options: { platform?: NodeJS.Platform } = {}) => {
  const checked: string[] = [];
  const reason = setUpOperations({
    ...{ root, cache, platform: options.platform ?? 'linux', arch: 'x64' },
    check: (_addon, file) => {
      checked.push(file);
      return Promise.resolve('2.21.0');
    },
    update: () => undefined,
  });
  return reason.then((why) => ({ why, checked }));
};

// They are compiled on Linux only; the compiler that stands in here is a shell's script.
describe.skipIf(process.platform === 'win32')('Graft’s own operations', () => {
  it('are compiled once for the sources, tried, and laid beside the addon', async () => {
    vi.stubEnv('CXX', compiler());
    expect(operationsReady(root, { arch: 'x64' })).toBe(false);
    const { why, checked } = await setUp();
    expect(why).toBe(null);
    expect(checked).toHaveLength(1);
    expect(readFileSync(library(), 'utf8')).toContain('-l:libtensorflow_framework.so.2');
    expect(operationsReady(root, { arch: 'x64' })).toBe(true);

    // Another checkout that has the same files by links keeps its own.
    const record = path.join(path.dirname(library()), 'graft-operations.json');
    const lent = path.join(cache, 'lent.json');
    linkSync(record, lent);
    const before = readFileSync(lent, 'utf8');
    writeFileSync(path.join(sources, 'adam.h'), '');
    await setUp();
    expect(readFileSync(lent, 'utf8')).toBe(before);

    // Another checkout finds them in the cache, without a compiler.
    rmSync(library());
    expect(operationsReady(root, { arch: 'x64' })).toBe(false);
    vi.stubEnv('CXX', 'no-such-compiler');
    expect((await setUp()).why).toBe(null);
    expect(existsSync(library())).toBe(true);
  });

  it('are compiled anew when a source changes, and an old library never stays', async () => {
    vi.stubEnv('CXX', compiler());
    await setUp();
    writeFileSync(path.join(sources, 'loops.cc'), 'int one = 2;');
    expect(operationsReady(root, { arch: 'x64' })).toBe(false);
    vi.stubEnv('CXX', compiler(true));
    expect((await setUp()).why).toMatch(/Compiling Graft's own operations/);
    expect(existsSync(library())).toBe(false);
  });

  it('are compiled ahead without a TensorFlow, linked once there is one, and never compiled twice', async () => {
    const ahead = () => compileAhead({ root, cache, platform: 'linux', arch: 'x64' });
    const kept = () =>
      existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('operations-')) : [];
    // What goes wrong is told by whoever needs them.
    vi.stubEnv('CXX', compiler(true));
    await ahead();
    expect(kept()).toEqual([]);
    rmSync(tfjsNode(root), { recursive: true });
    vi.stubEnv('CXX', compiler());
    await ahead();
    const [folder = ''] = kept();
    const objects = path.join(cache, folder);
    expect(readdirSync(objects)).toContain('winograd-avx512.o');
    for (const name of readdirSync(objects)) writeFileSync(path.join(objects, name), 'as it was');
    await ahead();
    const addon = path.join(tfjsNode(root), ADDON);
    mkdirSync(path.dirname(addon), { recursive: true });
    writeFileSync(addon, 'addon');
    expect((await setUp()).why).toBe(null);
    expect(readFileSync(library(), 'utf8')).toContain(path.join(objects, 'winograd-avx512.o'));
    // They go once they are linked, and nothing more is compiled ahead.
    expect(kept()).toHaveLength(1);
    await ahead();
    expect(kept()).toHaveLength(1);
    expect(existsSync(objects)).toBe(false);
  });

  it('are made again by setting up where what lies in the cache, or beside the addon, was damaged', async () => {
    vi.stubEnv('CXX', compiler());
    const whole = () =>
      setUpOperations({
        ...{ root, cache, platform: 'linux', arch: 'x64' },
        check: (_addon, file) =>
          readFileSync(file, 'utf8') === 'damaged'
            ? Promise.reject(new SetupFailure('invalid ELF header'))
            : Promise.resolve('2.21.0'),
        update: () => undefined,
      });
    expect(await whole()).toBe(null);
    const [folder = ''] = readdirSync(cache).filter((name) => name.startsWith('operations-'));
    const kept = path.join(cache, folder, path.basename(library()));
    writeFileSync(kept, 'damaged');
    writeFileSync(library(), 'damaged');
    expect(operationsReady(root, { arch: 'x64', again: true })).toBe(false);
    expect(await whole()).toBe(null);
    expect(readFileSync(library(), 'utf8')).not.toBe('damaged');
    expect(operationsReady(root, { arch: 'x64', again: true })).toBe(true);

    // Without a compiler nothing that was damaged stays in use.
    writeFileSync(kept, 'damaged');
    vi.stubEnv('CXX', 'no-such-compiler');
    expect(await whole()).toMatch(/No C\+\+ compiler/);
    expect(existsSync(library())).toBe(false);
  });

  it('say how to try again, whatever was in the way', async () => {
    vi.stubEnv('CXX', compiler(true));
    expect((await setUp()).why).toMatch(/To try again: npm run setup$/);
  });

  it.each([
    ['linux', 'no-such-compiler', /Install one \(Debian, Ubuntu: apt install g\+\+\)/],
    ['darwin', undefined, /on Linux only/],
  ] as const)(
    'that cannot be had on %s are done without, and not tried at every start',
    async (platform, cxx, words) => {
      vi.stubEnv('CXX', cxx ?? compiler());
      expect((await setUp({ platform })).why).toMatch(words);
      expect(operationsReady(root, { arch: 'x64' })).toBe(true);
      expect(operationsReady(root, { arch: 'x64', again: true })).toBe(false);
    },
  );

  it('are not asked for where the portable engine computes', () => {
    rmSync(path.join(tfjsNode(root), ADDON));
    expect(operationsReady(root, { arch: 'x64' })).toBe(true);
  });
});
