/**
 * Keys of the window's own commands, by the id of the command. The page listens to them, palette and `?` show them, and
 * so does the menu of the Electron shell. Keys of Annotate are renderer/keys/actions.ts: those can be changed.
 */
export const WINDOW_KEYS = {
  'project-new': 'Mod+Shift+N',
  'project-open': 'Mod+O',
  import: 'Mod+I',
  palette: 'Mod+K',
  theme: 'Mod+Shift+L',
  help: '?',
  'go-library': 'Mod+1',
  'go-annotate': 'Mod+2',
  'go-models': 'Mod+3',
  'go-encoders': 'Mod+4',
  'go-studies': 'Mod+5',
  'go-compare': 'Mod+6',
  train: 'Mod+Enter',
} as const satisfies Record<string, string>;
