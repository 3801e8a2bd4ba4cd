import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineFolder } from '../../build/engine.mjs';
import { projectRoot } from '../../build/locations.mjs';
import { partFile, PARTS } from '../../engine/parts.ts';

describe('the state of the sources', () => {
  let root = '';
  const source = () => join(root, 'engine', 'db', 'cells.ts');
  const write = (text: string, seconds: number) => {
    writeFileSync(source(), text);
    utimesSync(source(), seconds, seconds);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'graft-engine-'));
    for (const folder of ['engine/db', 'shared', 'build'])
      mkdirSync(join(root, folder), { recursive: true });
    for (const file of ['build/vite.engine.mjs', 'package-lock.json', 'shared/a.ts']) {
      writeFileSync(join(root, file), '');
    }
    write('one', 1000);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it.each<[string, () => void]>([
    ['is written again in another size', () => write('three', 1000)],
    ['is written again at another time', () => write('two', 1001)],
    ['goes back to an older date', () => write('one', 999)],
    ['is added', () => writeFileSync(join(root, 'engine', 'more.ts'), '')],
    ['is taken away', () => rmSync(source())],
  ])('is another one where a file %s', (_, change) => {
    const before = engineFolder(root);
    expect(engineFolder(root)).toBe(before);
    change();
    expect(engineFolder(root)).not.toBe(before);
  });

  it('has nothing to do with what the engine reads while it runs', () => {
    const before = engineFolder(root);
    writeFileSync(join(root, 'engine', 'db', '001.sql'), '');
    expect(engineFolder(root)).toBe(before);
  });
});

describe('the built engine', () => {
  it('is what tests start, made of the sources as they are, with every part in it', () => {
    expect(partFile('cli')).toBe(join(engineFolder(projectRoot), 'cli.mjs'));
    expect(PARTS.filter((part) => !existsSync(partFile(part)))).toEqual([]);
  });

  it('loads no package before it has looked at its Node', () => {
    const script = `Object.defineProperty(process.versions, 'napi', { value: '9' }); import(process.argv[1])`;
    const ended = () =>
      execFileSync(process.execPath, ['--eval', script, partFile('cli')], { stdio: 'pipe' });
    expect(ended).toThrow(/needs Node 24/);
  });
});
