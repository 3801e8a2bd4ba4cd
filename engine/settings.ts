/** The settings file of this user. Where there is none, or it is damaged, the defaults hold. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../shared/errors.ts';
import { Settings, type SettingsPatch } from '../shared/settings.ts';
import { writeWholeSync } from './data/write-file.ts';

const MAX_RECENT = 12;

export interface SettingsStore {
  read(): Settings;
  update(patch: SettingsPatch): Settings;
  /** null: the network for clicks and boxes that comes with Graft. */
  choosePromptNetwork(files: Settings['promptNetwork']): Settings;
  /** Puts a project first among the recent ones. */
  opened(projectPath: string): void;
  /** Keeps where in a project a window is; nothing, where it is not among the recent ones. */
  rememberPlace(projectPath: string, place: string): void;
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
  try {
    // Kept for whoever edited it by hand.
    renameSync(path, `${path}.damaged`);
  } catch {
    // A folder that cannot be written: the first change says so.
  }
  return Settings.parse({});
}

/**
 * `path` null: kept in memory only, for commands and tests. `onUnkept` is told when the file cannot be written, and why;
 * settings then last as long as this process.
 */
export function createSettings(
  path: string | null,
  onUnkept: (why: string) => void = () => undefined,
): SettingsStore {
  let settings = path === null ? Settings.parse({}) : load(path);
  let unkept: string | null = null;

  function write(next: Settings): Settings {
    settings = next;
    try {
      // A crash leaves the old file or the new one.
      if (path !== null) writeWholeSync(path, `${JSON.stringify(next, null, 2)}\n`);
      unkept = null;
    } catch (error) {
      const why = messageOf(error);
      // Once, not at every change.
      if (why !== unkept) onUnkept(why);
      unkept = why;
    }
    return next;
  }

  const without = (projectPath: string) =>
    settings.recentProjects.filter((recent) => recent.path !== projectPath);

  return {
    read: () => settings,
    update(patch) {
      // Whatever a patch may have: fields that are named one by one are forgotten one day.
      const given = Object.entries(patch).filter(([, value]) => value !== undefined);
      return write(Settings.parse({ ...settings, ...Object.fromEntries(given) }));
    },
    choosePromptNetwork: (promptNetwork) => write({ ...settings, promptNetwork }),
    opened(projectPath) {
      const place = settings.recentProjects.find(({ path: one }) => one === projectPath)?.place;
      const openedAt = new Date().toISOString();
      const first = { path: projectPath, openedAt, place: place ?? null };
      const recentProjects = [first, ...without(projectPath)].slice(0, MAX_RECENT);
      write({ ...settings, recentProjects });
    },
    rememberPlace(projectPath, place) {
      const recentProjects = settings.recentProjects.map((one) =>
        one.path === projectPath ? { ...one, place } : one,
      );
      write({ ...settings, recentProjects });
    },
    forget: (projectPath) => void write({ ...settings, recentProjects: without(projectPath) }),
  };
}
