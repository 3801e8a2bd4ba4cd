import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APPLICATION_ID } from '../../engine/db/schema.ts';

const LINUX = join(import.meta.dirname, '..', '..', 'build', 'linux');
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'graft home '));
});
afterEach(() => rmSync(home, { recursive: true }));

describe('what Linux is told of project files', () => {
  it('is the application id that Graft writes into them', () => {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(APPLICATION_ID);
    const text = readFileSync(join(LINUX, 'graft-project.xml'), 'utf8');
    expect(text).toContain(`offset="68" value="${id.toString('latin1')}"`);
  });
});

describe.runIf(process.platform === 'linux')('registering an unpacked archive', () => {
  const folder = 'My "Graft" 100% $1 \\';
  const run = (...args: string[]) =>
    execFileSync(join(home, folder, 'resources/graft/register'), args, {
      env: { PATH: process.env['PATH'], HOME: home },
    });
  const entry = () => join(home, '.local/share/applications/graft-desktop.desktop');

  beforeEach(() => {
    const graft = join(home, folder, 'resources/graft');
    mkdirSync(join(graft, 'share'), { recursive: true });
    cpSync(join(LINUX, 'register.sh'), join(graft, 'register'));
    cpSync(join(LINUX, 'graft-project.xml'), join(graft, 'share', 'graft-project.xml'));
    for (const name of ['graft-desktop.png', 'graft-project.svg']) {
      writeFileSync(join(graft, 'share', name), '');
    }
  });

  it('writes a menu entry that starts it from where it lies, and takes it back', () => {
    run();
    const program = String.raw`${home}/My \\"Graft\\" 100%% \\$1 \\\\/graft-desktop`;
    expect(readFileSync(entry(), 'utf8')).toContain(`Exec="${program}" %U\n`);
    expect(existsSync(join(home, '.local/share/mime/packages/graft.xml'))).toBe(true);
    run('remove');
    expect(existsSync(entry())).toBe(false);
    expect(existsSync(join(home, '.local/share/mime/packages/graft.xml'))).toBe(false);
  });
});
