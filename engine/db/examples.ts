/** SQL of the pictures that a pretraining leaves of its input, target and output. */
import type { Sqlite } from './open.ts';

/** What was asked of a network about one image, and what it answered: pictures from left to right. */
export interface Example {
  readonly imageId: number;
  readonly caption: string;
  readonly panels: readonly { readonly title: string; readonly png: Uint8Array }[];
}

interface ExampleRow {
  example: number;
  imageId: number;
  caption: string;
  title: string;
  png: Buffer;
}

export function examplesTable(db: Sqlite) {
  const put = db.prepare<[number, number, number, number, string, string, Uint8Array]>(
    `INSERT OR REPLACE INTO examples (run_id, example, panel, image_id, caption, title, png)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const ofRun = db.prepare<[number], ExampleRow>(
    `SELECT example, image_id AS imageId, caption, title, png FROM examples
     WHERE run_id = ? ORDER BY example, panel`,
  );
  return {
    /** Replaces the pictures of the same index. */
    add(runId: number, index: number, { imageId, caption, panels }: Example): void {
      panels.forEach(({ title, png }, panel) => {
        put.run(runId, index, panel, imageId, caption, title, png);
      });
    },
    ofRun(runId: number): Example[] {
      const rows = Map.groupBy(ofRun.all(runId), (row) => row.example);
      return [...rows.values()].flatMap((panels) => {
        const [first] = panels;
        if (first === undefined) return [];
        const { imageId, caption } = first;
        return [{ imageId, caption, panels: panels.map(({ title, png }) => ({ title, png })) }];
      });
    },
  };
}
