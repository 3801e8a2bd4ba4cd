import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MenuItem } from '../../electron/electron-api.ts';
import { type MenuActions, menuTemplate } from '../../electron/menu.ts';
import { projectFilesIn } from '../../electron/project-files.ts';
import { WINDOW_KEYS } from '../../shared/window-keys.ts';

const doing = (actions: Partial<MenuActions>): MenuActions => ({
  run: () => undefined,
  openProject: () => undefined,
  showCrashLog: () => undefined,
  ...actions,
});

function commandsOf(platform: NodeJS.Platform): string[] {
  const started: string[] = [];
  const visit = ({ click, submenu }: MenuItem): void => {
    click?.();
    submenu?.forEach(visit);
  };
  const actions = doing({ run: (command) => started.push(command) });
  menuTemplate(platform, [], actions).forEach(visit);
  return started;
}

/** The items of File, Open Recent. */
function recentOf(paths: readonly string[], actions: Partial<MenuActions> = {}) {
  const [file] = menuTemplate('linux', paths, doing(actions));
  return file?.submenu?.find(({ label }) => label === 'Open Recent');
}

describe('the menu', () => {
  it('offers only commands that the page has', () => {
    const renderer = join(import.meta.dirname, '..', '..', 'renderer');
    const sources = globSync('{App.svelte,views/**/*.svelte,keys/actions.ts}', {
      cwd: renderer,
    }).map((file) => readFileSync(join(renderer, file), 'utf8'));
    const commands = commandsOf('linux');
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands.filter((name) => !name.startsWith('go-'))) {
      expect(
        sources.some((source) => new RegExp(`(id|command): '${command}'`).test(source)),
        command,
      ).toBe(true);
    }
  });

  it('lists the projects that were open lately, and opens them', () => {
    const opened: string[] = [];
    const paths = ['/data/a/cells.graft', '/data/b/cells.graft', '/x/R&D.graft'];
    const item = recentOf(paths, { openProject: (path) => opened.push(path) });
    expect(item?.enabled).toBe(true);
    expect(item?.submenu?.map(({ label }) => label)).toEqual([
      'cells.graft (/data/a)',
      'cells.graft (/data/b)',
      'R&&D.graft',
    ]);
    item?.submenu?.at(1)?.click?.();
    expect(opened).toEqual(['/data/b/cells.graft']);
    expect(recentOf([])?.enabled).toBe(false);
  });

  it('shows the keys that the page listens to', () => {
    const keys: Record<string, unknown> = {};
    const visit = ({ accelerator, click, submenu }: MenuItem): void => {
      if (accelerator !== undefined) {
        click?.();
        keys[started.at(-1) ?? ''] = accelerator;
      }
      submenu?.forEach(visit);
    };
    const started: string[] = [];
    menuTemplate('linux', [], doing({ run: (command) => started.push(command) })).forEach(visit);
    const { undo, redo, ...others } = keys;
    expect([undo, redo]).toEqual(['CmdOrCtrl+Z', 'CmdOrCtrl+Shift+Z']);
    const ofPage = Object.entries(WINDOW_KEYS).map(([id, chord]) => [
      id,
      chord.replace('Mod', 'CmdOrCtrl'),
    ]);
    expect(others).toEqual(Object.fromEntries(ofPage));
  });

  it('has the same commands on every system', () => {
    expect(commandsOf('darwin')).toEqual(commandsOf('win32'));
  });
});

describe('project files among arguments', () => {
  it('are found relative to the folder of the process that got them', () => {
    const args = ['/usr/bin/graft', '--smoke', 'a.graft', '/data/b.graft', '--x.graft', 'c.txt'];
    expect(projectFilesIn(args, '/home/someone')).toEqual([
      '/home/someone/a.graft',
      '/data/b.graft',
    ]);
  });

  it('are found as addresses, as some desktops give them, and however their ending is written', () => {
    const args = [
      'file:///data/my%20%C3%BC%20%231.graft',
      'CELLS.GRAFT',
      'file://elsewhere/c.graft',
    ];
    expect(projectFilesIn(args, '/data')).toEqual([
      '/data/my ü #1.graft',
      '/data/CELLS.GRAFT',
      '/data/file:/elsewhere/c.graft',
    ]);
  });
});
