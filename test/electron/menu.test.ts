import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { menuTemplate } from '../../electron/menu.ts';
import { projectFilesIn } from '../../electron/project-files.ts';
import { WINDOW_KEYS } from '../../shared/window-keys.ts';

function commandsOf(platform: NodeJS.Platform): string[] {
  const started: string[] = [];
  const visit = (item: MenuItemConstructorOptions): void => {
    // Items that are commands take no arguments of Electron's.
    (item.click as (() => void) | undefined)?.();
    if (Array.isArray(item.submenu)) item.submenu.forEach(visit);
  };
  menuTemplate(platform, (command) => started.push(command)).forEach(visit);
  return started;
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

  it('lists recent projects only where the system fills the list', () => {
    const rolesOn = (platform: NodeJS.Platform) =>
      JSON.stringify(menuTemplate(platform, () => undefined)).includes('recentDocuments');
    expect(rolesOn('darwin')).toBe(true);
    expect(rolesOn('linux')).toBe(false);
    expect(rolesOn('win32')).toBe(false);
  });

  it('shows the keys that the page listens to', () => {
    const keys: Record<string, unknown> = {};
    const visit = ({ accelerator, click, submenu }: MenuItemConstructorOptions): void => {
      if (accelerator !== undefined) {
        (click as (() => void) | undefined)?.();
        keys[started.at(-1) ?? ''] = accelerator;
      }
      if (Array.isArray(submenu)) submenu.forEach(visit);
    };
    const started: string[] = [];
    menuTemplate('linux', (command) => started.push(command)).forEach(visit);
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
});
