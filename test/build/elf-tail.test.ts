import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyWithoutTail } from '../../build/elf-tail.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'graft-elf-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.runIf(process.platform === 'linux')(
  'leaves a program that runs, without its symbol table',
  () => {
    const to = join(folder, 'node');
    const cut = copyWithoutTail(process.execPath, to);
    expect(cut).toBeGreaterThan(0);
    expect(statSync(to).size).toBe(statSync(process.execPath).size - cut);
    expect(execFileSync(to, ['--print', '6 * 7'], { encoding: 'utf8' }).trim()).toBe('42');
    // A second time there is nothing left to cut.
    expect(copyWithoutTail(to, join(folder, 'again'))).toBe(0);
  },
);

it('copies what is no such file as it is', () => {
  const from = join(folder, 'text');
  writeFileSync(from, 'no program\n'.repeat(20));
  expect(copyWithoutTail(from, join(folder, 'copy'))).toBe(0);
  expect(readFileSync(join(folder, 'copy'))).toEqual(readFileSync(from));
});
