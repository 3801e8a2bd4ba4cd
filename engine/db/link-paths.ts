/** Paths of linked originals, as seen from the folder of the project. */
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';

/** With forward slashes, on every system; null on another drive. */
export function pathFromProject(projectPath: string, linkPath: string): string | null {
  const path = relative(dirname(projectPath), linkPath);
  return isAbsolute(path) ? null : path.split(sep).join('/');
}

/** Where such a path leads from where the project is now. */
export const pathBesideProject = (projectPath: string, linkRelative: string): string =>
  resolve(dirname(projectPath), linkRelative);
