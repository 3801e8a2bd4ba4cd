/** The menu bar. Its items are commands of the page, which also listens to their keys: the menu only shows them. */
import type { MenuItemConstructorOptions } from 'electron';
import { WINDOW_KEYS } from '../shared/window-keys.ts';

const KEYS: Readonly<Record<string, string>> = {
  ...WINDOW_KEYS,
  // Those of every text field; Annotate has them as well.
  undo: 'Mod+Z',
  redo: 'Mod+Shift+Z',
};

/** `run` gets the id of a command of the page (renderer/state/commands.svelte.ts). */
export function menuTemplate(
  platform: NodeJS.Platform,
  run: (command: string) => void,
): MenuItemConstructorOptions[] {
  const item = (label: string, command: string): MenuItemConstructorOptions => {
    const accelerator = KEYS[command]?.replace('Mod', 'CmdOrCtrl');
    return {
      label,
      click: () => run(command),
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    };
  };
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: 'File',
      submenu: [
        item('New Project …', 'project-new'),
        item('Open Project …', 'project-open'),
        // Filled by macOS alone; elsewhere the first page lists them.
        ...(mac
          ? [
              {
                role: 'recentDocuments',
                submenu: [{ role: 'clearRecentDocuments' }],
              } satisfies MenuItemConstructorOptions,
            ]
          : []),
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
      submenu: [item('Keys and Words', 'help'), item('About This Computer', 'system')],
    },
  ];
}
