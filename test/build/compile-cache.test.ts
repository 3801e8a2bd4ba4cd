import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removeOldCompiled } from '../../build/compile-cache.mjs';

it('compiled code that nobody has run for a month goes, with folders of versions that are gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'graft-compiled-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (version: string, file: string, days: number) => {
    mkdirSync(join(folder, version), { recursive: true });
    writeFileSync(join(folder, version, file), '');
    const at = Date.now() / 1000 - days * 24 * 60 * 60;
    utimesSync(join(folder, version, file), at, at);
  };
  write('v22', 'a', 31);
  write('v22', 'b', 300);
  write('v24', 'c', 31);
  write('v24', 'd', 29);
  removeOldCompiled(folder);
  expect(readdirSync(folder)).toEqual(['v24']);
  expect(readdirSync(join(folder, 'v24'))).toEqual(['d']);
  removeOldCompiled(join(folder, 'none'));
});
