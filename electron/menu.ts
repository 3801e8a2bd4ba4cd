/** The menu bar. Its items are commands of the page, which also listens to their keys: the menu only shows them. */
import { WINDOW_KEYS } from '../shared/window-keys.ts';
import type { MenuItem } from './electron-api.ts';

const KEYS: Readonly<Record<string, string>> = {
  ...WINDOW_KEYS,
  // Those of every text field; Annotate has them as well.
  undo: 'Mod+Z',
  redo: 'Mod+Shift+Z',
};

export interface MenuActions {
  /** A command of the page, by its id (renderer/state/commands.svelte.ts). */
  readonly run: (command: string) => void;
  readonly openProject: (path: string) => void;
  readonly showCrashLog: () => void;
}

/** `recent`: paths of projects, latest first. */
export function menuTemplate(
  platform: NodeJS.Platform,
  recent: readonly string[],
  { run, openProject, showCrashLog }: MenuActions,
): MenuItem[] {
  const item = (label: string, command: string): MenuItem => {
    const accelerator = KEYS[command]?.replace('Mod', 'CmdOrCtrl');
    return {
      label,
      click: () => run(command),
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    };
  };
  const separator: MenuItem = { type: 'separator' };
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' } satisfies MenuItem] : []),
    {
      label: 'File',
      submenu: [
        item('New Project …', 'project-new'),
        item('Open Project …', 'project-open'),
        {
          label: 'Open Recent',
          enabled: recent.length > 0,
          submenu: recent.map((path) => ({
            label: labelOf(path, recent),
            click: () => openProject(path),
          })),
        },
        separator,
        item('Import Images …', 'import'),
        item('Train …', 'train'),
        item('New Study', 'new-study'),
        item('Pretrain a Network', 'pretrain'),
        separator,
        item('Close Project', 'close-project'),
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: 'Edit',
      submenu: [
        item('Undo', 'undo'),
        item('Redo', 'redo'),
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: 'Go',
      submenu: [
        item('Library', 'go-library'),
        item('Annotate', 'go-annotate'),
        item('Models', 'go-models'),
        item('Encoders', 'go-encoders'),
        item('Studies', 'go-studies'),
        item('Compare', 'go-compare'),
        separator,
        item('Search or Run …', 'palette'),
      ],
    },
    {
      label: 'View',
      submenu: [
        item('Light or Dark', 'theme'),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        item('Keys and Words', 'help'),
        separator,
        { label: 'Show Crash Log', click: showCrashLog },
        item('About Graft', 'system'),
      ],
    },
  ];
}

/** The name of a file, with its folder where another has that name. An & would mark a key on Windows and Linux. */
function labelOf(path: string, all: readonly string[]): string {
  const name = (one: string) => one.split(/[\\/]/).at(-1) ?? one;
  const isAlone = all.every((other) => other === path || name(other) !== name(path));
  const label = isAlone ? name(path) : `${name(path)} (${path.slice(0, -name(path).length - 1)})`;
  return label.replaceAll('&', '&&');
}
