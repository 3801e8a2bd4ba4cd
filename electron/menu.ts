/** The menu bar. Its items are commands of the page, which also owns their keys: the menu only shows them. */
import type { MenuItemConstructorOptions } from 'electron';

/** `run` gets the id of a command of the page (renderer/state/commands.svelte.ts). */
export function menuTemplate(
  platform: NodeJS.Platform,
  run: (command: string) => void,
): MenuItemConstructorOptions[] {
  const item = (
    label: string,
    command: string,
    accelerator?: string,
  ): MenuItemConstructorOptions => ({
    label,
    click: () => run(command),
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: 'File',
      submenu: [
        item('New Project …', 'project-new', 'CmdOrCtrl+Shift+N'),
        item('Open Project …', 'project-open', 'CmdOrCtrl+O'),
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
        item('Import Images …', 'import', 'CmdOrCtrl+I'),
        item('New Study', 'new-study'),
        item('Pretrain a Network', 'pretrain'),
        separator,
        item('Close Project', 'close-project'),
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: 'Go',
      submenu: [
        item('Library', 'go-library', 'CmdOrCtrl+1'),
        item('Annotate', 'go-annotate', 'CmdOrCtrl+2'),
        item('Encoders', 'go-encoders', 'CmdOrCtrl+3'),
        item('Studies', 'go-studies', 'CmdOrCtrl+4'),
        item('Compare', 'go-compare', 'CmdOrCtrl+5'),
        separator,
        item('Search or Run …', 'palette', 'CmdOrCtrl+K'),
      ],
    },
    {
      label: 'View',
      submenu: [
        item('Light or Dark', 'theme', 'CmdOrCtrl+Shift+L'),
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
      submenu: [item('Keys and Words', 'help', '?'), item('About This Computer', 'system')],
    },
  ];
}
