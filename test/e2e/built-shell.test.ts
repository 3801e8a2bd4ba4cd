/** The built shell from its start to its end, in an Electron without Chromium: what is left to Electron is its window. */
import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureShell } from '../../build/electron-shell.mjs';
import { temporaryFolder } from '../fixtures/projects.ts';
import { partFile } from '../../engine/parts.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in-electron.mjs');

/** A folder with an `electron` to run. */
function electronDist(script: string): string {
  const folder = temporaryFolder();
  const file = join(folder, 'electron');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return folder;
}

/** `npm start -- --smoke`, when all is set up. */
async function smoke(dist: string) {
  await ensureShell(process.execPath);
  const home = temporaryFolder();
  const child = spawn(process.execPath, [partFile('cli'), 'serve', '--open', '--smoke'], {
    env: {
      ...process.env,
      ...{ HOME: home, GRAFT_CONFIG: home, STAND_IN_FOLDER: home },
      ...{ DISPLAY: ':nowhere', ELECTRON_OVERRIDE_DIST_PATH: dist, GRAFT_BROWSER: '/nowhere' },
      PATH: '/nowhere',
    },
  });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, output, complaints };
}

it.runIf(process.platform !== 'win32')('opens its window, and ends with its engine', async () => {
  const dist = electronDist(`exec "${process.execPath}" --import "${STAND_IN}" "$@"`);
  const { code, output, complaints } = await smoke(dist);
  expect(complaints.replace(/^Running as root.*\n/, '')).toBe('');
  expect(code).toBe(0);
  expect(JSON.parse(output)).toEqual({
    ready_ms: expect.any(Number) as number,
    shell: 'electron',
    reason: null,
  });
});

it.runIf(process.platform !== 'win32')(
  'gives way to another window where Electron does not start, and says why',
  async () => {
    const line = 'electron: error while loading shared libraries: libnss3.so: cannot open';
    const dist = electronDist(`echo "${line}" >&2; exit 127`);
    const { code, output, complaints } = await smoke(dist);
    expect(complaints).toContain(`Electron did not start: ${line} (Another window opens instead.)`);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      shell: 'none',
      reason: `Electron did not start: ${line}`,
    });
  },
);
