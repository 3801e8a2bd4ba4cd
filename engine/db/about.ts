/** SQL of what a project says about itself as a whole. */
import type { Sqlite } from './open.ts';

const KEY = 'about';

export function aboutTable(db: Sqlite) {
  const read = db.prepare<[string], { value: string }>('SELECT value FROM project WHERE key = ?');
  const write = db.prepare<[string, string]>(
    'INSERT OR REPLACE INTO project (key, value) VALUES (?, ?)',
  );
  return {
    /** What it is and where it comes from, for people; null where nothing was said. */
    read: (): string | null => read.get(KEY)?.value ?? null,
    write: (text: string) => void write.run(KEY, text),
  };
}
