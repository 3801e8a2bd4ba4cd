import {
  cpSync,
  existsSync,
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
import {
  installedByHand,
  installPackages,
  packagesReady,
  stampPackages,
} from '../../build/packages.mjs';
import { linkPackages } from '../../build/linked-packages.mjs';
import { projectRoot } from '../../build/locations.mjs';
import { npmCi, withoutScriptVariables } from '../../build/npm.mjs';

let root = '';
const inModules = (name: string) => path.join(root, 'node_modules', name);

function writeLock(version: string) {
  const packages = {
    '': { name: 'project' },
    'node_modules/left': { version, integrity: `sha512-${version}` },
    'node_modules/only-on-mars': { version, integrity: 'sha512-m', optional: true },
  };
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify({ packages }, null, 2));
}

/** What npm leaves behind when it has finished. */
function writeInstalled(version: string) {
  const packages = { 'node_modules/left': { version, integrity: `sha512-${version}` } };
  writeFileSync(inModules('.package-lock.json'), JSON.stringify({ packages }));
}

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'graft-packages-'));
  mkdirSync(path.join(root, 'node_modules'));
  writeLock('1.0.0');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('node_modules', () => {
  it('is not ready without a stamp', () => {
    expect(packagesReady(root)).toBe(false);
  });

  it('is ready with the stamp of this lock file, in either line ending', () => {
    stampPackages(root);
    expect(packagesReady(root)).toBe(true);
    const lock = path.join(root, 'package-lock.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll('\n', '\r\n'));
    expect(packagesReady(root)).toBe(true);
  });

  it('is not ready once the lock file has changed', () => {
    stampPackages(root);
    writeLock('1.0.1');
    expect(packagesReady(root)).toBe(false);
  });

  it('is not ready when the stamp was cut short', () => {
    writeFileSync(inModules('.graft-ready.json'), '{"lock":"ab');
    expect(packagesReady(root)).toBe(false);
  });

  it('is taken over from an npm ci by hand only when that installed this very lock file', () => {
    expect(installedByHand(root)).toBe(false);
    writeInstalled('1.0.0');
    expect(installedByHand(root)).toBe(true);
    writeLock('1.0.1');
    expect(installedByHand(root)).toBe(false);
  });

  it('is not taken over where builds for this platform are missing', () => {
    writeInstalled('1.0.0');
    const lock = path.join(root, 'package-lock.json');
    const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { packages: object };
    const write = (entry: object) =>
      writeFileSync(lock, JSON.stringify({ packages: { ...packages, 'node_modules/b': entry } }));
    const build = { version: '1.0.0', optional: true, os: [process.platform] };
    write({ ...build, cpu: [process.arch] });
    expect(installedByHand(root)).toBe(false);
    write({ ...build, cpu: ['mips'] });
    expect(installedByHand(root)).toBe(true);
  });
});

describe('installing packages', () => {
  const options = () => ({
    node: process.execPath,
    update: () => undefined,
    logs: path.join(root, 'logs'),
  });

  it('stamps after success', async () => {
    const install = () => Promise.resolve({ ok: true, stdout: '', output: '' });
    await installPackages(root, { ...options(), install });
    expect(packagesReady(root)).toBe(true);
  });

  it('leaves neither stamp nor npm note while it runs, so that an interruption is redone', async () => {
    stampPackages(root);
    writeInstalled('1.0.0');
    const seen: boolean[] = [];
    const install = () => {
      seen.push(packagesReady(root), installedByHand(root));
      return Promise.resolve({ ok: true, stdout: '', output: '' });
    };
    await installPackages(root, { ...options(), install });
    expect(seen).toEqual([false, false]);
  });

  it('keeps the output of a failed npm and does not stamp', async () => {
    const output = 'npm error code ENOTFOUND';
    const install = () => Promise.resolve({ ok: false, stdout: '', output });
    await expect(installPackages(root, { ...options(), install })).rejects.toThrow(
      /network could not be reached.*npm-ci\.log/,
    );
    expect(packagesReady(root)).toBe(false);
    expect(readFileSync(path.join(root, 'logs', 'npm-ci.log'), 'utf8')).toBe(output);
    expect(existsSync(inModules('.graft-ready.json'))).toBe(false);
  });
});

describe('npm', () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { name: 'graft' },
      'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/left/node_modules/@scope/right': { version: '2.0.0', integrity: 'sha512-b' },
      'node_modules/alias': { name: '@scope/real', version: '3.0.0', integrity: 'sha512-c' },
      'node_modules/left/node_modules/inside': { version: '1.0.0', inBundle: true },
    },
  };
  const calls = () => readFileSync(path.join(root, 'calls'), 'utf8').trim().split('\n');

  /** An npm that notes the lock file it goes by, and fails with the given words where that names addresses. */
  function standIn({ registry = 'https://mirror.example/npm/', refusal = '' } = {}) {
    const cli = path.join(root, 'npm-cli.js');
    writeFileSync(
      cli,
      `const { appendFileSync, existsSync, readFileSync } = require('node:fs');
      if (process.argv[2] === 'config') console.log(${JSON.stringify(registry)});
      else {
        const told = existsSync('npm-shrinkwrap.json');
        const text = readFileSync(told ? 'npm-shrinkwrap.json' : 'package-lock.json', 'utf8');
        appendFileSync('calls', JSON.stringify(JSON.parse(text)) + '\\n');
        if (told && ${JSON.stringify(refusal)} !== '') {
          console.error(${JSON.stringify(refusal)});
          process.exit(1);
        }
      }`,
    );
    vi.stubEnv('npm_execpath', cli);
    writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(lock));
  }
  afterEach(() => vi.unstubAllEnvs());

  it('is told where packages lie without a trace in the lock file or beside it', async () => {
    standIn();
    expect(await npmCi(root)).toMatchObject({ ok: true });
    const [seen = ''] = calls();
    const { packages } = JSON.parse(seen) as { packages: Record<string, { resolved?: string }> };
    expect(Object.values(packages).map(({ resolved }) => resolved)).toEqual([
      undefined,
      'https://mirror.example/npm/left/-/left-1.0.0.tgz',
      'https://mirror.example/npm/@scope/right/-/right-2.0.0.tgz',
      'https://mirror.example/npm/@scope/real/-/real-3.0.0.tgz',
      undefined,
    ]);
    expect(JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))).toEqual(lock);
    expect(existsSync(path.join(root, 'npm-shrinkwrap.json'))).toBe(false);
  });

  it.each([
    ['where the registry has them elsewhere', { refusal: 'npm error code E404' }, 2],
    ['where something else lies there', { refusal: 'npm error code EINTEGRITY' }, 2],
    ['where no registry is known', { registry: 'undefined' }, 1],
  ])('asks for each package itself %s', async (_when, how, count) => {
    standIn(how);
    expect(await npmCi(root)).toMatchObject({ ok: true });
    expect(calls()).toHaveLength(count);
    expect(JSON.parse(calls().at(-1) ?? '')).toEqual(lock);
  });

  it('is not run again for what has nothing to do with addresses', async () => {
    standIn({ refusal: 'npm error code ENOTFOUND' });
    expect(await npmCi(root)).toMatchObject({ ok: false });
    expect(calls()).toHaveLength(1);
    expect(existsSync(path.join(root, 'npm-shrinkwrap.json'))).toBe(false);
  });
});

describe('packages lent to another checkout', () => {
  let other = '';
  const decisive = ['package.json', '.npmrc', 'build/packages.mjs', 'build/npm.mjs'];

  beforeEach(async () => {
    other = mkdtempSync(path.join(tmpdir(), 'graft-clone-'));
    for (const name of ['package.json', '.npmrc', 'build']) {
      cpSync(path.join(projectRoot, name), path.join(other, name), { recursive: true });
    }
    cpSync(path.join(root, 'package-lock.json'), path.join(other, 'package-lock.json'));
    for (const name of ['left', 'stray']) {
      mkdirSync(inModules(path.join(name, 'lib')), { recursive: true });
      writeFileSync(inModules(path.join(name, 'lib', 'index.js')), 'export {};');
    }
    const install = () => {
      writeInstalled('1.0.0');
      return Promise.resolve({ ok: true, stdout: '', output: '' });
    };
    await installPackages(root, {
      ...{ node: process.execPath, update: () => undefined, logs: path.join(root, 'logs') },
      install,
    });
  });
  afterEach(() => rmSync(other, { recursive: true }));

  it('are those of its lock file alone, and leave it to find out whether they are ready', () => {
    expect(linkPackages(root, other)).toBe(true);
    expect(readdirSync(path.join(other, 'node_modules')).sort()).toEqual([
      '.package-lock.json',
      'left',
    ]);
    expect(existsSync(path.join(other, 'node_modules/left/lib/index.js'))).toBe(true);
    expect(packagesReady(other)).toBe(false);
    expect(installedByHand(other)).toBe(true);
  });

  it('are refused where its lock file, its scripts, its pins or its npm settings are others', () => {
    const refused = [...decisive, 'package-lock.json'].filter((name) => {
      const file = path.join(other, name);
      const before = readFileSync(file, 'utf8');
      writeFileSync(file, `${before} `);
      const lent = linkPackages(root, other);
      writeFileSync(file, before);
      return !lent;
    });
    expect(refused).toEqual([...decisive, 'package-lock.json']);
  });

  it('are refused where someone else installed them', () => {
    stampPackages(root);
    expect(linkPackages(root, other)).toBe(false);
    expect(existsSync(path.join(other, 'node_modules'))).toBe(false);
  });
});

describe('the environment of a nested npm', () => {
  it("loses the running script's variables and keeps the user's settings", () => {
    expect(
      withoutScriptVariables({
        PATH: '/bin',
        npm_lifecycle_event: 'test',
        npm_package_json: '/p/package.json',
        npm_config_local_prefix: '/p',
        INIT_CWD: '/p',
        npm_config_registry: 'https://mirror.example',
        HTTPS_PROXY: 'http://proxy.example',
      }),
    ).toEqual({
      PATH: '/bin',
      npm_config_registry: 'https://mirror.example',
      HTTPS_PROXY: 'http://proxy.example',
    });
  });
});
