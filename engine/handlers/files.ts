/** A look into folders, where the window has no file dialog of the system. Reads names only. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { Handlers } from './context.ts';

/** Following a link; files that cannot be looked at are left out. */
function kindOf(path: string): 'folder' | 'file' | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    return stat.isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export const fileHandlers: Handlers<'files.list'> = {
  'files.list'({ dir }) {
    const folder = resolve(dir ?? homedir());
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      throw new AppError('unreadable', `${folder} is not a folder that can be read.`, {
        subject: folder,
        cause: error,
      });
    }
    const entries = names
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) => {
        const path = join(folder, name);
        const kind = kindOf(path);
        return kind === null ? [] : [{ name, path, kind }];
      })
      .sort((a, b) =>
        a.kind === b.kind ? byName.compare(a.name, b.name) : a.kind === 'folder' ? -1 : 1,
      );
    const parent = dirname(folder);
    return { dir: folder, parent: parent === folder ? null : parent, entries };
  },
};
