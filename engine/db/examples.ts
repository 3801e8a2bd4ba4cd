/** SQL of the pictures that a pretraining leaves of its input, target and output. */
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { storedBytes } from './stored.ts';

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
  bytes: Buffer;
  sha256: string;
}

export function examplesTable(db: Sqlite) {
  const put = db.prepare<[number, number, number, number, string, string, Uint8Array, string]>(
    `INSERT OR REPLACE INTO examples (run_id, example, panel, image_id, caption, title, png, png_sha256)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ofRun = db.prepare<[number], ExampleRow>(
    `SELECT example, image_id AS imageId, caption, title, png AS bytes, png_sha256 AS sha256 FROM examples
     WHERE run_id = ? ORDER BY example, panel`,
  );
  return {
    /** Replaces the pictures of the same index. */
    add(runId: number, index: number, { imageId, caption, panels }: Example): void {
      panels.forEach(({ title, png }, panel) => {
        put.run(runId, index, panel, imageId, caption, title, png, sha256(png));
      });
    },
    /** Errors: corrupt. */
    ofRun(runId: number): Example[] {
      const rows = Map.groupBy(ofRun.all(runId), (row) => row.example);
      return [...rows.values()].flatMap((panels) => {
        const [first] = panels;
        if (first === undefined) return [];
        const { imageId, caption } = first;
        return [
          {
            imageId,
            caption,
            panels: panels.map((row) => ({
              title: row.title,
              png: storedBytes(db, `a picture of run ${runId}`, row),
            })),
          },
        ];
      });
    },
  };
}
