/** Reads the small JSON files that decide what is ready. */
import { readFileSync } from 'node:fs';

/**
 * @param {string} file
 * @returns {unknown} the parsed file; undefined when it is absent or not JSON (a write that was cut short)
 */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
