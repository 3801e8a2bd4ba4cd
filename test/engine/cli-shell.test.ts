import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { electronCommand, runElectron, shellHere, whyNotElectron } from '../../engine/cli/shell.ts';
import { checkOf } from '../../engine/handlers/system.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const machine = (env: Record<string, string>, platform: NodeJS.Platform = 'linux') => ({
  platform,
  env: { DISPLAY: ':99', ...env },
  isRoot: false,
});

/** A project's folder with what setting up has left there. */
function project(record: { electron: string | null; reason: string | null } | string | null) {
  const root = temporaryFolder();
  mkdirSync(join(root, 'node_modules'));
  mkdirSync(join(root, 'dist', 'electron'), { recursive: true });
  const main = join(root, 'dist', 'electron', 'main.mjs');
  writeFileSync(main, '');
  const file = join(root, 'node_modules', '.graft-shell.json');
  if (typeof record === 'string') writeFileSync(file, record);
  else if (record !== null) writeFileSync(file, JSON.stringify({ ...record, version: '45.0.0' }));
  return { root, main };
}

function fetched() {
  const electron = join(temporaryFolder(), 'electron');
  writeFileSync(electron, '');
  return { electron, ...project({ electron, reason: null }) };
}

describe('what the window is shown in', () => {
  it('is Electron where it was fetched and our shell is built', () => {
    const { root, main, electron } = fetched();
    expect(electronCommand(root, machine({}))).toEqual({ executable: electron, main });
    expect(shellHere(root, machine({}))).toEqual({
      name: 'electron',
      detail: 'Electron 45.0.0',
      reason: null,
    });
    const gone = project({ electron: join(root, 'gone'), reason: null });
    expect(electronCommand(gone.root, machine({}))).toBeNull();
    expect(whyNotElectron(gone.root, machine({}))).toMatch(/npm run setup fetches it/);
  });

  it('is the Electron of a folder that was named, and nothing else then', () => {
    const { root } = fetched();
    const folder = temporaryFolder();
    const named = machine({ ELECTRON_OVERRIDE_DIST_PATH: folder });
    expect(electronCommand(root, named)).toBeNull();
    expect(whyNotElectron(root, named)).toContain(`names ${folder}, where there is no Electron`);
    writeFileSync(join(folder, 'electron'), '');
    expect(electronCommand(root, named)?.executable).toBe(join(folder, 'electron'));
  });

  it('is something else with the reason, and with how to try again', () => {
    const { root } = project({ electron: null, reason: 'The network could not be reached.' });
    const reason = 'The network could not be reached. To try again: npm run setup';
    const bin = temporaryFolder();
    expect(shellHere(root, machine({ PATH: bin }))).toMatchObject({ name: 'browser', reason });
    writeFileSync(join(bin, 'chromium'), '');
    chmodSync(join(bin, 'chromium'), 0o755);
    expect(shellHere(root, machine({ PATH: bin }))).toEqual({
      name: 'chromium',
      detail: `an app window of ${join(bin, 'chromium')}`,
      reason,
    });
    const blind = { ...machine({ PATH: bin }), env: { PATH: bin } };
    expect(shellHere(root, blind)).toMatchObject({
      name: 'none',
      reason: 'There is no display to show a window on.',
    });
    // Before setting up, and where it was cut short.
    for (const record of [null, '{"electron":']) {
      expect(whyNotElectron(project(record).root, machine({}))).toMatch(/npm start/);
    }
  });

  it('says so where Electron is there and did not start', () => {
    const { root } = fetched();
    const info = shellHere(root, machine({ PATH: '' }), 'Electron did not start: no sandbox');
    expect(info).toMatchObject({ name: 'browser', reason: 'Electron did not start: no sandbox' });
  });

  it('is known to the engine that the Electron shell starts', () => {
    const env = { GRAFT_SHELL: 'Electron 45.4.1' };
    const shell = shellHere(project(null).root, machine(env));
    expect(shell).toEqual({ name: 'electron', detail: 'Electron 45.4.1', reason: null });
  });

  it('is among what the doctor says', () => {
    const check = { name: 'window', ok: true };
    expect(checkOf({ name: 'electron', detail: 'Electron 45', reason: null })).toEqual({
      ...check,
      detail: 'Electron 45',
      remedy: null,
    });
    expect(checkOf({ name: 'browser', detail: 'a browser', reason: 'no network' })).toEqual({
      ...check,
      detail: 'a browser',
      remedy: 'Not in Electron: no network',
    });
  });
});

describe('the Electron shell, run', () => {
  const run = (script: string, isRoot = false) => {
    const main = join(temporaryFolder(), 'main.mjs');
    writeFileSync(main, script);
    return runElectron({ executable: process.execPath, main }, ['--smoke'], {
      ...machine({}),
      isRoot,
    });
  };

  it('ends with its code once it has had a window', async () => {
    expect(await run(`process.send('opened', () => process.exit(3));`)).toBe(3);
    // Another one is open, and shows what this one was to open.
    expect(await run('process.exit(0);')).toBe(0);
    const argumentsTold = 'process.exit(process.argv.includes("--no-sandbox") ? 0 : 1);';
    expect(await run(argumentsTold, true)).toBe(0);
    expect(await run(argumentsTold)).toMatch(/code 1/);
  });

  it('says why where it ends before', async () => {
    const said =
      '[1:FATAL] The SUID sandbox helper is not configured: make sure that it has mode 4755.';
    expect(
      await run(
        `console.error(${JSON.stringify(said)}); console.error('[1:ERR] x'); process.abort();`,
      ),
    ).toBe('The SUID sandbox helper is not configured: make sure that it has mode 4755.');
    const missing = runElectron({ executable: '/nowhere/electron', main: '' }, [], machine({}));
    expect(await missing).toMatch(/ENOENT/);
  });
});
