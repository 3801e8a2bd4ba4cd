/** The small project of squares.ts, for a test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { squaresIn } from './squares.ts';

export { SIZE_PX } from './squares.ts';

/** Lasts until the end of the test file. */
export function squaresProject() {
  const folder = mkdtempSync(join(tmpdir(), 'graft-training-test-'));
  const squares = squaresIn(folder);
  afterAll(() => {
    squares.project.close();
    rmSync(folder, { recursive: true });
  });
  return squares;
}
