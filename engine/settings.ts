/** The settings file of this user. Where there is none, or it is damaged, the defaults hold. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Settings, type SettingsPatch } from '../shared/settings.ts';

const MAX_RECENT = 12;

export interface SettingsStore {
  read(): Settings;
  update(patch: SettingsPatch): Settings;
  /** Puts a project first among the recent ones. */
  opened(projectPath: string): void;
  /** Takes a project off the list of recent ones; the file itself stays. */
  forget(projectPath: string): void;
}

/** GRAFT_CONFIG names another folder. */
export function settingsPath(env: NodeJS.ProcessEnv = process.env): string {
  const folder =
    env['GRAFT_CONFIG'] ??
    (process.platform === 'win32'
      ? join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Graft')
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Application Support', 'Graft')
        : join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'graft'));
  return join(folder, 'settings.json');
}

function load(path: string): Settings {
  if (!existsSync(path)) return Settings.parse({});
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    json = null;
  }
  const parsed = Settings.safeParse(json);
  if (parsed.success) return parsed.data;
  // Kept for whoever edited it by hand.
  renameSync(path, `${path}.damaged`);
  return Settings.parse({});
}

/** `path` null: kept in memory only, for commands and tests. */
export function createSettings(path: string | null): SettingsStore {
  let settings = path === null ? Settings.parse({}) : load(path);

  function write(next: Settings): Settings {
    settings = next;
    if (path !== null) {
      mkdirSync(dirname(path), { recursive: true });
      // Replaced in one step: a crash leaves the old file or the new one.
      writeFileSync(`${path}.new`, `${JSON.stringify(next, null, 2)}\n`);
      renameSync(`${path}.new`, path);
    }
    return next;
  }

  const without = (projectPath: string) =>
    settings.recentProjects.filter((recent) => recent.path !== projectPath);

  return {
    read: () => settings,
    update: ({ theme, keys }) =>
      write({ ...settings, theme: theme ?? settings.theme, keys: keys ?? settings.keys }),
    opened(projectPath) {
      const first = { path: projectPath, openedAt: new Date().toISOString() };
      const recentProjects = [first, ...without(projectPath)].slice(0, MAX_RECENT);
      write({ ...settings, recentProjects });
    },
    forget: (projectPath) => void write({ ...settings, recentProjects: without(projectPath) }),
  };
}
